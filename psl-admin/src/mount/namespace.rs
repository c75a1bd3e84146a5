//! A mount namespace of this process's own, and where it must be, a user namespace around it.
#![allow(
    unsafe_code,
    reason = "unshare(2) can separate descriptors, which this call does not"
)]
use super::privileges::Privileges;
use super::{forbidden, refused};
use crate::failure::Failure;
use rustix::io::Errno;
use rustix::mount::{MountPropagationFlags, mount_change};
use rustix::process::{getegid, geteuid};
use rustix::thread::{CapabilitySet, UnshareFlags, unshare_unsafe};
use std::fs;

/// Moves this process to a mount namespace of its own, which nothing leaves and nothing enters.
///
/// Propagation is private, not slave: what the host mounts later could cover a link, and the instance would go on with
/// another version. Without the right to make a mount namespace it is made in a user namespace, in which the caller has
/// its own user and group, and no others.
pub fn make(before: &Privileges) -> Result<(), Failure> {
    if before.has(CapabilitySet::SYS_ADMIN) {
        unshare(UnshareFlags::NEWNS)?;
    } else {
        before.refuse_loss()?;
        let (user, group) = (geteuid().as_raw(), getegid().as_raw());
        unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNS)?;
        // The kernel asks for this before it lets an ordinary user map a group.
        write("setgroups", "deny")?;
        write("uid_map", &format!("{user} {user} 1"))?;
        write("gid_map", &format!("{group} {group} 1"))?;
    }
    let private = MountPropagationFlags::REC | MountPropagationFlags::PRIVATE;
    mount_change(c"/", private).map_err(|errno| forbidden::mounting("/", errno))
}

fn unshare(flags: UnshareFlags) -> Result<(), Failure> {
    // SAFETY: descriptors stay shared; what is unshared concerns names and rights.
    unsafe { unshare_unsafe(flags) }
        .map_err(|errno| forbidden::namespace(flags.contains(UnshareFlags::NEWUSER), errno))
}

fn write(file: &str, text: &str) -> Result<(), Failure> {
    let path = format!("/proc/self/{file}");
    match fs::write(&path, text) {
        Ok(()) => Ok(()),
        Err(error) if error.raw_os_error() == Some(Errno::PERM.raw_os_error()) => {
            Err(forbidden::namespace(true, Errno::PERM))
        }
        Err(error) => Err(refused(format!(
            "cannot write {text:?} to {path:?}, which makes the user namespace the caller's own: {error}"
        ))),
    }
}
