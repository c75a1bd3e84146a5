//! Calls that are made in a child process: they do not come back, or leave the process not as it was.

use std::ffi::c_int;

use rustix::process::Uid;

use crate::call::Prepared;
use crate::seen::{Shown, text};

/// Waits for the program that was spawned.
pub fn ended(shows: &str, prepared: &Prepared) -> String {
    let id: c_int = prepared.filled(0);
    let kind = if shows.contains("descriptor") {
        libc::P_PIDFD
    } else {
        libc::P_PID
    };
    // SAFETY: all zeroes are valid, and the child is ours.
    let status = unsafe {
        let mut it: libc::siginfo_t = std::mem::zeroed();
        let waited = libc::waitid(kind, id as u32, &raw mut it, libc::WEXITED);
        if waited == 0 { it.si_status() } else { -1 }
    };
    format!("ended with {status}")
}

/// Says so if a child remains of a spawn that failed.
pub fn remaining() -> &'static str {
    let waited = rustix::process::wait(rustix::process::WaitOptions::NOHANG);
    match waited {
        Err(rustix::io::Errno::CHILD) => "",
        _ => "a child remains",
    }
}

/// Lowers root's effective user: what a spawned program is started as may be the real one again.
pub fn lower() {
    const NOBODY: u32 = 65534;
    let (root, nobody) = (Uid::ROOT, Uid::from_raw(NOBODY));
    // Whoever is not root is low already.
    let _ = rustix::thread::set_thread_res_uid(root, nobody, root);
}

/// Has a child process make a call that does not come back, or leaves the process not as it was.
pub fn in_child(act: impl FnOnce() -> String) -> Shown {
    let (read, write) = rustix::pipe::pipe().expect("a pipe can be made");
    // SAFETY: this process has one thread.
    let child = unsafe { libc::fork() };
    if child == 0 {
        rustix::stdio::dup2_stdout(&write).expect("standard output can be replaced");
        rustix::stdio::dup2_stderr(&write).expect("standard error can be replaced");
        drop((read, write));
        let said = act();
        let _ = rustix::io::write(rustix::stdio::stdout(), said.as_bytes());
        // SAFETY: nothing of the parent's is flushed or undone.
        unsafe { libc::_exit(0) };
    }
    drop(write);
    let mut said = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(length @ 1..) = rustix::io::read(&read, &mut chunk) {
        said.extend_from_slice(&chunk[..length]);
    }
    let mut status = 0;
    // SAFETY: the child is ours.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    let said = text(&said);
    // What a program says comes before the answer to the call, if there is one.
    let (output, answer) = said.rsplit_once('\n').unwrap_or(("", &said));
    let (result, seen) = answer.split_once(" -> ").unwrap_or((answer, ""));
    let ended = if status == 0 {
        String::new()
    } else {
        format!(" status {status:x}")
    };
    Shown {
        result: result.to_owned() + &ended,
        seen: output.to_owned() + seen,
        allocations: 0,
    }
}
