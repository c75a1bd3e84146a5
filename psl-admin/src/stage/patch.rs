//! The command that changes the copy before it is complete.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::parent_death;
use crate::signals::{Bell, Signals};
use crate::stage::route::Route;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, waitid,
};
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long the command may take to end after SIGTERM.
const STOP_DEADLINE: Duration = Duration::from_secs(5);

/// Runs a shell command in the copy, in a process group of its own; nothing that it started remains.
///
/// It reads nothing, and what it writes goes through; with `only_talk` all of that goes to standard error.
pub fn run(
    command: &OsStr,
    copy: &OwnedFd,
    route: &Route,
    only_talk: bool,
    signals: &Signals,
) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        Failure::new(
            Exit::No,
            format!("cannot run the patch {command:?}: {error}"),
        )
    };
    let bell = Bell::hang().map_err(failed)?;
    let mut shell = Command::new("/bin/sh");
    shell
        .arg("-c")
        .arg(command)
        // By its descriptor: its name may be another directory's by now.
        .current_dir(format!("/proc/self/fd/{}", copy.as_raw_fd()))
        .env("PSL_STAGE_SRC", &route.src)
        .env("PSL_STAGE_DST", &route.dst)
        .stdin(Stdio::null())
        .process_group(0);
    if only_talk {
        let stderr = io::stderr().as_fd().try_clone_to_owned().map_err(failed)?;
        shell.stdout(stderr);
    }
    parent_death::bind(&mut shell);
    let mut group = Group {
        shell: shell.spawn().map_err(failed)?,
        collected: false,
    };
    while !group.has_ended().map_err(failed)? {
        if signals.arrived().is_some() {
            group.stop(&bell).map_err(failed)?;
            break;
        }
        wait(&bell, None).map_err(failed)?;
    }
    let status = group.end().map_err(failed)?;
    signals.check()?;
    if status.success() {
        return Ok(());
    }
    let how = match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit status {code}"),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => status.to_string(),
    };
    Err(Failure::new(
        Exit::No,
        format!("the patch {command:?} {how}"),
    ))
}

/// A shell and what it has started, as far as that stays in its process group. Dropping it kills what is left.
#[derive(Debug)]
struct Group {
    shell: Child,
    /// The group's id may be somebody else's once the shell is collected.
    collected: bool,
}

impl Group {
    /// Tells whether the shell has ended; it is not collected, so that the group's id stays its own.
    fn has_ended(&self) -> io::Result<bool> {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        let found: Option<WaitIdStatus> = waitid(WaitId::Pid(self.id()), look)?;
        Ok(found.is_some())
    }

    /// Asks the group to end, and waits for the shell until the deadline.
    fn stop(&self, bell: &Bell) -> io::Result<()> {
        let _ = kill_process_group(self.id(), Signal::TERM);
        let deadline = Instant::now() + STOP_DEADLINE;
        while !self.has_ended()? {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            wait(bell, Some(left))?;
        }
        Ok(())
    }

    /// Kills what is left of the group, and collects the shell.
    fn end(&mut self) -> io::Result<ExitStatus> {
        // It fails when nothing is left.
        let _ = kill_process_group(self.id(), Signal::KILL);
        self.collected = true;
        self.shell.wait()
    }

    fn id(&self) -> Pid {
        Pid::from_child(&self.shell)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.collected {
            let _ = self.end();
        }
    }
}

fn wait(bell: &Bell, limit: Option<Duration>) -> io::Result<()> {
    bell.stream().set_read_timeout(limit)?;
    match bell.stream().read(&mut [0; 64]) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(error),
    }
}
