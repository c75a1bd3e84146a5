//! What this kernel allows this process.
use super::super::finding::Finding;
use crate::mount;
use psl_table::snapshot::Snapshot;
use rustix::process::geteuid;
use std::fs;

/// The setting that forbids io_uring; kernels before 6.6 have none.
const IO_URING: &str = "/proc/sys/kernel/io_uring_disabled";

/// Says for whom all this was checked.
pub fn user() -> Finding {
    let uid = geteuid().as_raw();
    let name = if uid == 0 { "root" } else { "an ordinary user" };
    Finding::ok(
        "user",
        format!("{name}, uid {uid}: all is checked for this user"),
    )
}

/// Checks what the mount engine needs, and what goes past the preload engine.
pub fn check() -> Vec<Finding> {
    vec![procfs(), mounts(), user_namespaces(), seccomp(), io_uring()]
}

fn procfs() -> Finding {
    match mount::require_procfs() {
        Ok(()) => Finding::ok("procfs", "mounted at /proc"),
        Err(failure) => Finding::fail("procfs", &failure),
    }
}

fn mounts() -> Finding {
    const NAME: &str = "mounts";
    match mount::rehearse(&Snapshot::default()) {
        Ok(()) => Finding::ok(NAME, "the mount engine works for this user"),
        Err(failure) => Finding::limit(NAME, &failure),
    }
}

/// What an ordinary user may do is of interest to root, too: instances are run by such users.
fn user_namespaces() -> Finding {
    const NAME: &str = "user namespaces";
    let who = match geteuid().is_root() {
        true => "ordinary users",
        false => "this user",
    };
    match mount::rehearse_user_namespace() {
        Ok(()) => Finding::ok(NAME, format!("allowed to {who}")),
        Err(failure) => Finding::limit(NAME, &failure),
    }
}

fn seccomp() -> Finding {
    const NAME: &str = "seccomp";
    match mount::is_filtered() {
        false => Finding::ok(NAME, "no filter is in force for this process"),
        true => Finding::warn(
            NAME,
            "a filter is in force for this process, and for all that it starts",
            "what it forbids is seen above; container runtimes and service managers set such filters",
        ),
    }
}

/// Calls through a ring are made by the kernel itself.
fn io_uring() -> Finding {
    const NAME: &str = "io_uring";
    let advice = "start programs that use it with `psl-admin run --engine mount`, or forbid it: `sysctl kernel.io_uring_disabled=2`";
    let unseen = "the preload engine does not see path calls that are made through it";
    match fs::read_to_string(IO_URING).as_deref().map(str::trim) {
        Ok("2") => Finding::ok(NAME, "forbidden on this host"),
        Ok("1") => Finding::warn(NAME, format!("allowed to some; {unseen}"), advice),
        Ok(_) => Finding::warn(NAME, format!("allowed; {unseen}"), advice),
        Err(_) => Finding::warn(
            NAME,
            format!("cannot be forbidden on this kernel; {unseen}"),
            "start programs that use it with `psl-admin run --engine mount`",
        ),
    }
}
