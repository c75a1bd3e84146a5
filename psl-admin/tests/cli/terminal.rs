//! psl-admin at a terminal.
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, ExitStatus};

/// A command with a terminal as its standard input, output and error.
pub struct Terminal {
    child: Child,
    master: File,
    /// What the command wrote, and not yet been waited for.
    shown: String,
}

/// Nothing takes as long: a command that writes nothing more is stuck.
pub const PATIENCE: Timespec = Timespec {
    tv_sec: 120,
    tv_nsec: 0,
};

impl Terminal {
    /// Starts the command.
    pub fn start(command: &mut Command) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let mut options = File::options();
        let options = options.read(true).write(true);
        let options = options.custom_flags(libc::O_NOCTTY);
        let slave = options.open(name.to_str().unwrap()).unwrap();
        let again = || slave.try_clone().unwrap();
        command.stdin(again()).stdout(again()).stderr(again());
        let child = command.spawn().unwrap();
        // The command keeps the descriptors until it is dropped; the terminal must be the child's alone.
        let null = || {
            File::options()
                .read(true)
                .write(true)
                .open("/dev/null")
                .unwrap()
        };
        command.stdin(null()).stdout(null()).stderr(null());
        Self {
            child,
            master: File::from(master),
            shown: String::new(),
        }
    }

    /// Waits until the command has written this, and returns everything up to there.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.shown.find(text) {
                let rest = self.shown.split_off(at + text.len());
                return std::mem::replace(&mut self.shown, rest);
            }
            assert!(self.read(), "expected {text:?}: {}", self.shown);
        }
    }

    /// Types a line.
    pub fn type_line(&mut self, line: &str) {
        self.master
            .write_all(format!("{line}\n").as_bytes())
            .unwrap();
    }

    /// Waits for the end, and returns what was written since.
    pub fn end(mut self) -> (ExitStatus, String) {
        while self.read() {}
        (self.child.wait().unwrap(), self.shown)
    }

    /// Reads on; false at the end.
    #[track_caller]
    fn read(&mut self) -> bool {
        let mut readable = [PollFd::new(&self.master, PollFlags::IN)];
        let count = poll(&mut readable, Some(&PATIENCE)).unwrap();
        assert!(count > 0, "the command is stuck: {}", self.shown);
        let mut bytes = [0; 4096];
        match self.master.read(&mut bytes) {
            // A terminal that nobody has open any more says EIO.
            Ok(0) | Err(_) => false,
            Ok(count) => {
                let text = String::from_utf8_lossy(&bytes[..count]);
                self.shown += &text.replace("\r\n", "\n");
                true
            }
        }
    }
}
