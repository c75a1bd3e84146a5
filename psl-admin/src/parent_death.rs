//! Children that do not outlive this process, however it dies.
#![allow(
    unsafe_code,
    reason = "what a child does before it executes is the caller's to promise"
)]
use rustix::process::{Pid, Signal, getpid, getppid, set_parent_process_death_signal};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Has the command's process killed when the thread that starts it ends: that has to be the main thread.
pub fn bind(command: &mut Command) {
    let parent = getpid();
    // SAFETY: the closure makes two system calls and neither allocates nor locks.
    unsafe { command.pre_exec(move || die_with(parent)) };
}

/// The parent may have died already.
fn die_with(parent: Pid) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    match getppid() {
        Some(found) if found == parent => Ok(()),
        _ => Err(io::ErrorKind::Interrupted.into()),
    }
}
