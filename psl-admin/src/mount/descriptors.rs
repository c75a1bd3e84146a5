//! The directories that a program inherits: those of the host's namespace show nothing of this one's.
#![allow(
    unsafe_code,
    reason = "inherited descriptors have no owner in this process"
)]
use super::plan::Plan;
use super::refused;
use crate::failure::Failure;
use rustix::fs::{CWD, FileType, Mode, OFlags, fcntl_getfl, fstat, openat, readlink};
use rustix::io::{DupFlags, Errno, FdFlags, dup3, fcntl_getfd};
use std::ffi::OsString;
use std::fs;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Opens every directory again that the program inherits, by its path, as the working directory is entered again.
///
/// One that was removed elsewhere than at a place stays. What another process sees through the same descriptor does not
/// change.
pub fn open_again(plan: &Plan) -> Result<(), Failure> {
    let listed = fs::read_dir("/proc/self/fd")
        .map_err(|error| refused(format!("cannot list \"/proc/self/fd\": {error}")))?;
    let numbers = listed.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    for number in numbers.collect::<Vec<RawFd>>() {
        // SAFETY: nothing closes it here; that of the list itself is closed by then, which the kernel tells.
        let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
        if let Some(path) = inherited_directory(descriptor) {
            let done = match again(plan, descriptor, &path) {
                Err(Errno::NOENT) if is_removed(&path) && !plan.covers(&path) => Ok(()),
                done => done,
            };
            done.map_err(|errno| {
                refused(format!(
                    "descriptor {number} is the directory {path:?} as the host sees it, and it cannot be opened again: {errno}"
                ))
                .with_help(format!("close it for the program (a shell's `{number}<&-`)"))
            })?;
        }
    }
    Ok(())
}

/// Returns the path of a directory that the program inherits; none for everything else.
fn inherited_directory(descriptor: BorrowedFd<'_>) -> Option<PathBuf> {
    let flags = fcntl_getfd(descriptor).ok()?;
    let stat = fstat(descriptor).ok()?;
    let is_directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
    if flags.contains(FdFlags::CLOEXEC) || !is_directory {
        return None;
    }
    let name = format!("/proc/self/fd/{}", descriptor.as_raw_fd());
    let path = readlink(name, Vec::new()).ok()?;
    Some(OsString::from_vec(path.into_bytes()).into())
}

/// Whether the kernel tells by this path that the directory was removed; such a name may also be a directory's own.
fn is_removed(path: &Path) -> bool {
    path.as_os_str().as_bytes().ends_with(b" (deleted)")
}

fn again(plan: &Plan, descriptor: BorrowedFd<'_>, path: &Path) -> Result<(), Errno> {
    let flags = fcntl_getfl(descriptor)? & (OFlags::PATH | OFlags::NONBLOCK | OFlags::NOATIME);
    let opened = openat(
        CWD,
        path,
        flags | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )?;
    let (old, new) = (fstat(descriptor)?, fstat(&opened)?);
    if !plan.covers(path) && (old.st_dev, old.st_ino) != (new.st_dev, new.st_ino) {
        return Err(Errno::STALE);
    }
    // SAFETY: this process owns all its descriptors; it is given up again at once, for the program.
    let mut inherited = unsafe { OwnedFd::from_raw_fd(descriptor.as_raw_fd()) };
    let replaced = dup3(&opened, &mut inherited, DupFlags::empty());
    let _ = inherited.into_raw_fd();
    replaced
}
