//! The end of everything that a demo has started: instances that a roll has started are nobody's children.
use procfs::process::{Process, all_processes};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, Instant};

/// How often is looked again whether they have ended.
const LOOK: Duration = Duration::from_millis(10);

/// How long killed processes may take to be gone.
const KILLED: Duration = Duration::from_secs(10);

/// The processes that a demo has started. Dropping it kills them.
#[derive(Debug)]
pub struct Started {
    configuration: String,
}

impl Started {
    /// Means all processes that have this host configuration in their environment: everything that the demo starts
    /// has it.
    pub fn with(configuration: String) -> Self {
        Self { configuration }
    }

    /// Asks them to end, and tells whether they have within `limit`.
    pub fn end(&self, limit: Duration) -> bool {
        sweep(&self.configuration, Signal::TERM, limit)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Whoever cannot be killed is not here for long: the directory that it works in goes next.
        sweep(&self.configuration, Signal::KILL, KILLED);
    }
}

fn sweep(configuration: &str, signal: Signal, limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    let mut asked = Vec::new();
    loop {
        let found: Vec<_> = all_processes()
            .into_iter()
            .flatten()
            .filter_map(|process| started(&process.ok()?, configuration))
            .collect();
        if found.is_empty() {
            return true;
        }
        for (pid, process) in found {
            if signal == Signal::KILL || !asked.contains(&pid) {
                asked.push(pid);
                // Whoever has ended meanwhile needs no signal.
                let _ = pidfd_send_signal(process, signal);
            }
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(LOOK);
    }
}

/// Returns a process if the demo has started it, whoever has its number later.
fn started(process: &Process, configuration: &str) -> Option<(i32, OwnedFd)> {
    let has_it = || {
        let environment = process.environ().ok()?;
        let found = environment.get(OsStr::new("PSL_CONFIG"))?;
        (found == configuration).then_some(())
    };
    has_it()?;
    let pidfd = pidfd_open(Pid::from_raw(process.pid())?, PidfdFlags::empty()).ok()?;
    // procfs keeps the directory of the process open: it answers for this one only.
    has_it()?;
    Some((process.pid(), pidfd))
}
