//! What the shim says before main: to standard error, or to the file that `PSL_LOG_FILE` names.

use std::ffi::{CString, OsStr};
use std::fmt;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{CWD, Mode, OFlags};

use psl_table::visible::Line;

use crate::environment::Start;
use crate::notice::Notice;

/// The exit status of a process that must not run (`EX_CONFIG` in sysexits(3head)).
const REFUSED: i32 = 78;

/// How much a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
}

/// Where messages go, and how many of them.
pub struct Report<'a> {
    level: Level,
    file: Option<&'a OsStr>,
}

impl<'a> Report<'a> {
    /// Takes `PSL_LOG` and `PSL_LOG_FILE` from the environment; warnings and worse by default.
    pub fn of(start: &'a Start) -> Self {
        let level = match start.get("PSL_LOG").map(OsStr::as_bytes) {
            Some(b"error") => Level::Error,
            Some(b"info") => Level::Info,
            Some(b"debug") => Level::Debug,
            _ => Level::Warn,
        };
        Self {
            level,
            file: start.get("PSL_LOG_FILE"),
        }
    }

    /// Writes one message, as one line that names the process.
    pub fn say(&self, level: Level, message: impl fmt::Display) {
        if level > self.level {
            return;
        }
        let pid = rustix::process::getpid();
        let line = format!("psl[{pid}]: {}\n", Line(message));
        let flags = OFlags::WRONLY
            | OFlags::CREATE
            | OFlags::APPEND
            | OFlags::CLOEXEC
            | OFlags::NOCTTY
            | OFlags::NONBLOCK;
        let mode = Mode::from_raw_mode(0o666);
        let to_file = self.file.is_some_and(|file| {
            rustix::fs::openat(CWD, file, flags, mode)
                .is_ok_and(|file| rustix::io::write(file, line.as_bytes()).is_ok())
        });
        if !to_file {
            // There is nowhere left to say that this failed.
            let _ = rustix::io::write(rustix::stdio::stderr(), line.as_bytes());
        }
    }

    /// Returns the same for what is said after main has begun.
    pub fn notice(&self) -> Notice {
        Notice {
            level: self.level,
            file: self
                .file
                .and_then(|file| CString::new(file.as_bytes()).ok()),
        }
    }

    /// Ends the process before it can run the wrong version.
    pub fn refuse(&self, reason: impl fmt::Display) -> ! {
        self.say(
            Level::Error,
            format_args!("{reason}; this process was not started (exit status {REFUSED})"),
        );
        // SAFETY: it ends the process without running its handlers, none of which were set up.
        unsafe { libc::_exit(REFUSED) }
    }
}
