//! Commands that are killed at random.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// How likely a command is killed, and when at the latest.
#[derive(Clone, Copy)]
pub struct Risk {
    /// One in so many is.
    pub one_in: u32,
    /// So long after its start at the latest.
    pub within: Duration,
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// What it wrote to its standard output.
    pub output: String,
    /// What it wrote to its standard error.
    pub errors: String,
}

impl Ended {
    /// Tells whether it was killed.
    pub fn is_killed(&self) -> bool {
        self.status.signal() == Some(Signal::KILL.as_raw())
    }

    /// Tells whether it ended by itself with this status.
    pub fn is(&self, code: i32) -> bool {
        self.status.code() == Some(code)
    }
}

/// Runs a command in a process group of its own, and kills that at the risk that is taken.
///
/// What it says has to fit into a pipe.
pub fn run(mut command: Command, risk: Option<Risk>) -> Ended {
    command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().expect("it can be started");
    let group = Pid::from_child(&child);
    if let Some(risk) = risk.filter(|risk| fastrand::u32(..risk.one_in) == 0) {
        std::thread::sleep(risk.within.mul_f64(fastrand::f64()));
        // Until it is waited for, its number is nobody else's.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let output = child.wait_with_output().expect("it is a child");
    Ended {
        status: output.status,
        output: String::from_utf8_lossy(&output.stdout).into_owned(),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
