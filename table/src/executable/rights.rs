//! The rights that a program gains when it is executed: a loader ignores what the caller preloads then.

use rustix::fd::BorrowedFd;
use rustix::fs::{Mode, StatVfsMountFlags};
use rustix::process::{getgid, getuid};

/// Whether executing a file makes its process one that is not its caller's to direct (`AT_SECURE`).
///
/// As execve(2) has it: another user or group than the caller's real one, or capabilities of the file, unless
/// `no_new_privs` or the mount's `nosuid` is in force.
pub fn gains(file: BorrowedFd<'_>) -> bool {
    let Ok(stat) = rustix::fs::fstat(file) else {
        return false;
    };
    let mode = Mode::from_raw_mode(stat.st_mode);
    let other_user = mode.contains(Mode::SUID) && stat.st_uid != getuid().as_raw();
    // Without the right to execute, set-group-ID once meant a mandatory lock.
    let other_group = mode.contains(Mode::SGID | Mode::XGRP) && stat.st_gid != getgid().as_raw();
    if !other_user && !other_group && !has_capabilities(file) {
        return false;
    }
    let is_ignored =
        rustix::fs::fstatvfs(file).is_ok_and(|it| it.f_flag.contains(StatVfsMountFlags::NOSUID));
    !is_ignored && !rustix::thread::no_new_privs().unwrap_or(false)
}

/// Whether the file itself has capabilities; to root they are nothing that it does not have.
fn has_capabilities(file: BorrowedFd<'_>) -> bool {
    let mut nothing: [u8; 0] = [];
    !getuid().is_root()
        && rustix::fs::fgetxattr(file, c"security.capability", &mut nothing)
            .is_ok_and(|size| size > 0)
}
