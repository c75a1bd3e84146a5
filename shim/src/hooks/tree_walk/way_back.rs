//! The working directory before a walk that changes it.

use std::ffi::{c_char, c_int};
use std::ptr::null_mut;

use rustix::io::Errno;

use crate::hooks::inner;

/// How to go back; does not happen by itself.
pub enum WayBack {
    /// To an open directory.
    Open(c_int),
    /// To a path in memory of malloc(3): the directory may be searched, but not read.
    Path(*mut c_char),
}

impl WayBack {
    /// Remembers where the process is; none with errno set when that cannot be told.
    pub fn remember() -> Option<Self> {
        // SAFETY: C strings; getcwd(3) allocates.
        unsafe {
            let flags = libc::O_RDONLY | libc::O_DIRECTORY;
            match inner::open(libc::AT_FDCWD, c".".as_ptr(), flags) {
                Ok(fd) => Some(Self::Open(fd)),
                Err(Errno::ACCESS) => {
                    let path = libc::getcwd(null_mut(), 0);
                    (!path.is_null()).then_some(Self::Path(path))
                }
                Err(_) => None,
            }
        }
    }

    /// Whether this takes a descriptor.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// Goes back as far as it can; errno stays.
    pub fn go(self) {
        // SAFETY: the descriptor or the path are this one's, and not used any more; errno of this thread can
        // always be written.
        unsafe {
            let errno = libc::__errno_location();
            let before = *errno;
            match self {
                Self::Open(fd) => {
                    libc::fchdir(fd);
                    inner::close(fd);
                }
                Self::Path(path) => {
                    let _ = inner::change_directory(path);
                    libc::free(path.cast());
                }
            }
            *errno = before;
        }
    }
}
