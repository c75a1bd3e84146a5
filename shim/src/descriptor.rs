//! The directory that a caller's name starts from.

use std::ffi::{CStr, c_int};

use rustix::fd::BorrowedFd;
use rustix::fs::CWD;
use rustix::io::Errno;

/// Returns the directory for system calls; `EBADF` when the number can be none and the name needs one.
///
/// # Safety
///
/// The descriptor is only given to the kernel, which checks it.
pub unsafe fn start_of<'a>(dir: c_int, path: &CStr) -> Result<BorrowedFd<'a>, Errno> {
    match dir {
        // SAFETY: the number is that of a descriptor, open or not.
        0.. => Ok(unsafe { BorrowedFd::borrow_raw(dir) }),
        _ if dir == libc::AT_FDCWD || path.to_bytes().first() == Some(&b'/') => Ok(CWD),
        _ => Err(Errno::BADF),
    }
}
