//! The removal of a tree, however deep it is, and though its directories cannot be written.
use crate::tour::Cursor;
use rustix::fs::{AtFlags, Mode, OFlags, fchmod, openat, unlinkat};
use rustix::io::{Errno, Result};
use std::ffi::CString;
use std::os::fd::{AsRawFd, OwnedFd};

/// Removes a name in an open directory, with all that is below it. A name that is missing is removed already.
///
/// It stops at the first name that stays; with EXDEV at a mount point, below which everything is somebody else's.
pub fn remove(dir: OwnedFd, name: CString) -> Result<()> {
    let mut cursor = Cursor::at(dir)?;
    // The names that are left in each directory on the way, and the names of these directories.
    let mut left = vec![vec![name]];
    let mut way = Vec::new();
    while let Some(names) = left.last_mut() {
        if let Some(name) = names.pop() {
            match unlinkat(cursor.dir(), &name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(Errno::ISDIR) => {
                    open_up(&mut cursor, &name)?;
                    left.push(cursor.names()?);
                    way.push(name);
                }
                Err(errno) => return Err(errno),
            }
            continue;
        }
        left.pop();
        let Some(name) = way.pop() else { break };
        cursor.leave()?;
        match unlinkat(cursor.dir(), &name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Enters a directory and lets its owner write it.
fn open_up(cursor: &mut Cursor, name: &CString) -> Result<()> {
    match cursor.enter_within_mount(name) {
        Err(Errno::ACCESS) => {
            // Not by its name, which may be a symlink's by now.
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let opened = openat(cursor.dir(), name, flags, Mode::empty())?;
            let path = format!("/proc/self/fd/{}", opened.as_raw_fd());
            rustix::fs::chmod(path, Mode::RWXU)?;
            cursor.enter_within_mount(name)?;
        }
        entered => entered?,
    }
    // Only the owner can, and only root need not.
    let _ = fchmod(cursor.dir(), Mode::RWXU);
    Ok(())
}
