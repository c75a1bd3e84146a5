//! The engine tried in a child process: whatever was done there ends with it.
#![allow(unsafe_code, reason = "fork(2) is reached through libc")]
use super::privileges::Privileges;
use super::{enter, mark, namespace, refused};
use crate::failure::Failure;
use psl_table::pinned::{Engine, Pinned, View};
use psl_table::snapshot::Snapshot;
use rustix::io::Errno;
use rustix::process::{
    DumpableBehavior, Gid, Pid, Uid, WaitOptions, set_dumpable_behavior, waitpid,
};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use std::io::{self, PipeWriter, Read, Write};

/// The user who has no rights, by number.
const NOBODY: u32 = 65534;

/// Separates what is wrong from what to do next.
const SEPARATOR: char = '\0';

/// Tries whether this process could see a snapshot's links as mounts.
pub fn rehearse(view: &Snapshot) -> Result<(), Failure> {
    in_child(|| {
        mark::refuse_inside()?;
        let mut pinned = Pinned {
            generation: view.generation,
            member: String::new(),
            engine: Engine::Auto(None),
            view: View::Open,
        };
        enter(view, None, &mut pinned)
    })
}

/// Tries whether an ordinary user, for root, or else this one could make the namespaces.
pub fn rehearse_user_namespace() -> Result<(), Failure> {
    in_child(|| {
        if rustix::process::geteuid().is_root() {
            become_nobody().map_err(|errno| {
                refused(format!("cannot become an ordinary user to try it: {errno}"))
                    .with_help("ask as the user who runs the instances")
            })?;
        }
        namespace::make(&Privileges::of_this_process()?)
    })
}

fn become_nobody() -> Result<(), Errno> {
    let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    set_thread_groups(&[])?;
    set_thread_res_gid(group, group, group)?;
    set_thread_res_uid(user, user, user)?;
    // Who changes users is not the owner of its own /proc/self until it executes something, or says so.
    set_dumpable_behavior(DumpableBehavior::Dumpable)
}

/// Does something in a child process, and returns how it went there.
fn in_child(what: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    let failed = |error: io::Error| refused(format!("cannot try it in a child process: {error}"));
    let (mut told, tell) = io::pipe().map_err(failed)?;
    // SAFETY: psl-admin has one thread, so the child may do what its parent may; it never returns from here.
    match unsafe { libc::fork() } {
        -1 => Err(failed(io::Error::last_os_error())),
        0 => {
            drop(told);
            let status = report(what(), tell);
            // SAFETY: nothing of the parent's is to be written or undone by this process.
            unsafe { libc::_exit(status) }
        }
        child => {
            drop(tell);
            let mut text = String::new();
            told.read_to_string(&mut text).map_err(failed)?;
            let child = Pid::from_raw(child).expect("fork(2) returns positive numbers to a parent");
            ended(child, &text)
        }
    }
}

fn report(went: Result<(), Failure>, mut tell: PipeWriter) -> i32 {
    let Err(failure) = went else {
        return 0;
    };
    let (message, help) = failure.told();
    let text = format!("{message}{SEPARATOR}{}", help.unwrap_or_default());
    // Without a reader there is nobody to tell.
    let _ = tell.write_all(text.as_bytes());
    1
}

fn ended(child: Pid, text: &str) -> Result<(), Failure> {
    let status = loop {
        match waitpid(Some(child), WaitOptions::empty()) {
            Err(Errno::INTR) => {}
            Err(errno) => return Err(refused(format!("cannot wait for a child process: {errno}"))),
            Ok(waited) => break waited.map(|(_, status)| status),
        }
    };
    if let Some(signal) = status.and_then(|it| it.terminating_signal()) {
        return Err(refused(format!(
            "a process that tried it was killed by signal {signal}"
        ))
        .with_help("a seccomp filter may forbid it; start as root, or with `--engine preload`"));
    }
    match (
        status.and_then(|it| it.exit_status()),
        text.split_once(SEPARATOR),
    ) {
        (Some(0), _) => Ok(()),
        (_, Some((message, ""))) => Err(refused(message)),
        (_, Some((message, help))) => Err(refused(message).with_help(help)),
        (_, None) => Err(refused("a process that tried it ended without a word")),
    }
}
