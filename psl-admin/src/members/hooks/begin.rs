//! The process that runs a command: psl-admin executes itself, leaves the command's trace, and holds it until the end.
//!
//! The trace is a file with a record lock, which the storage releases when this process or its host ends. It is
//! made under the member's lock: whoever dies, nobody begins the same command a second time while this one runs.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::members::detached::process::Identity;
use crate::members::detached::record::{HELD, Lock};
use crate::members::hooks::prepared;
use crate::roll::fence;
use crate::store_file;
use psl_table::store::Trust;
use rustix::fs::{FlockOperation, OFlags, fcntl_lock};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{self, Command};

/// The `argv[0]` that marks it; no file has this name.
const MARK: &str = "psl-admin: command";

/// What a shell adds to the number of the signal that a command was killed by.
const BY_SIGNAL: i32 = 128;

/// What is to be begun.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// The directory of the member's lock.
    pub directory: PathBuf,
    /// The member.
    pub member: String,
    /// Where the trace lies.
    pub trace: PathBuf,
    /// The file that says which token is the current one, and the token that must be.
    pub fence: Option<(PathBuf, u64)>,
    /// Whether anybody's files in the store are trusted.
    pub trusts_any: bool,
    /// The command and its arguments.
    pub argv: Vec<String>,
}

/// Returns what this process is to begin, if it was started for that.
pub fn requested() -> Option<Begin> {
    let mut arguments = std::env::args_os();
    if arguments.next()? != MARK {
        return None;
    }
    serde_json::from_str(arguments.next()?.to_str()?).ok()
}

impl Begin {
    /// Returns the command that begins it, and ends as it does; 128 and its number for a signal.
    pub fn command(&self) -> io::Result<Command> {
        let mut command = Command::new("/proc/self/exe");
        let text = serde_json::to_string(self).map_err(io::Error::other)?;
        command.arg0(MARK).arg(text).current_dir("/");
        Ok(command)
    }

    /// Runs the command, and ends as it does; returns only when it cannot be run.
    pub fn execute(self) -> Failure {
        let held = match self.leave_trace() {
            Ok(held) => held,
            Err(failure) => return failure,
        };
        let argv: Vec<_> = self.argv.iter().map(String::as_str).collect();
        match prepared(&argv).status() {
            Ok(status) => {
                let signal = || status.signal().map(|number| BY_SIGNAL + number);
                drop(held);
                process::exit(status.code().or_else(signal).unwrap_or(BY_SIGNAL))
            }
            Err(error) => {
                let exit = match error.kind() {
                    io::ErrorKind::NotFound => Exit::NotFound,
                    _ => Exit::NotExecutable,
                };
                Failure::new(exit, format!("{:?} cannot be run: {error}", self.argv[0]))
            }
        }
    }

    fn leave_trace(&self) -> Result<File, Failure> {
        let refused = |message: String| Failure::new(Exit::Refused, message);
        let failed = |error: io::Error| refused(format!("{:?}: {error}", self.member));
        let trust = match self.trusts_any {
            true => Trust::Any,
            false => Trust::Owner,
        };
        let _lock = Lock::take(&self.directory, &self.member, HELD, trust).map_err(failed)?;
        if let Some((owner, token)) = &self.fence {
            fence::require(owner, *token, trust)?;
        }
        let own = Identity::own()
            .ok_or_else(|| refused("cannot look at this process in /proc".to_owned()))?;
        let text = serde_json::to_string(&own).map_err(|error| failed(error.into()))?;
        store_file::write(&self.trace, &text).map_err(failed)?;
        let held = store_file::open(&self.trace, OFlags::RDWR, trust).map_err(failed)?;
        match is_free(&held).map_err(failed)? {
            true => Ok(held),
            false => Err(refused(format!("{:?} is held by another", self.trace))),
        }
    }
}

/// Locks a trace, unless the process that has left it is there.
pub fn is_free(trace: &File) -> io::Result<bool> {
    match fcntl_lock(trace, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}
