//! inotify(7): a link itself can be watched; nothing ever happens to it.

use std::ffi::{c_char, c_int};

use psl_table::procfs;
use rustix::fd::AsRawFd;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::pipe::PipeFlags;

use crate::call::operand;
use crate::link_itself::kept_if;

type AddWatch = unsafe extern "C" fn(c_int, *const c_char, u32) -> c_int;

/// See inotify_add_watch(2): with `IN_DONT_FOLLOW` on a link something is watched that nobody else can reach.
///
/// That is a pipe which was closed before: the watch keeps it, and the process has no descriptor more. Another watch
/// on the same link has another number, where one on a symlink has the same.
pub unsafe fn inotify_add_watch(
    real: AddWatch,
    fd: c_int,
    path: *const c_char,
    mask: u32,
) -> c_int {
    let last = kept_if((mask & libc::IN_DONT_FOLLOW) as c_int);
    // SAFETY: the arguments are the caller's, who called inotify_add_watch(2) with them; the rest are C strings.
    unsafe {
        operand(
            libc::AT_FDCWD,
            path,
            last,
            // A flag stays that changes nothing, for the kernel refuses an empty mask.
            |_| {
                with_unreachable(|name| {
                    real(
                        fd,
                        name,
                        mask & !libc::IN_DONT_FOLLOW | libc::IN_EXCL_UNLINK,
                    )
                })
            },
            |_, path| real(fd, path, mask),
        )
    }
}

/// Hands on the name of a closed pipe.
fn with_unreachable<R>(watch: impl FnOnce(*const c_char) -> R) -> Result<R, Errno> {
    let mut room = [0; procfs::ROOM];
    let (reader, writer) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    let name = procfs::descriptor(reader.as_raw_fd(), &mut room);
    // Closing this one tells nobody that something was closed.
    let pipe = rustix::fs::openat(CWD, name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    drop((reader, writer));
    let name = procfs::descriptor(pipe.as_raw_fd(), &mut room);
    Ok(watch(name.as_ptr()))
}
