//! What a walk asks of a file system, and the host's own answer.

use std::ffi::CStr;

use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::io::Errno;

/// The longest name that a system call takes, its NUL included.
pub const PATH_MAX: usize = 4096;

/// A file system as a walk sees it: symlinks, where a descriptor is, and which directory is which.
///
/// Implementations that serve the preload engine neither allocate nor lock.
pub trait Tree {
    /// Reads the symlink `name`, relative to `dir`, into `into` and returns its length.
    ///
    /// Fails as readlinkat(2) does: `EINVAL` says that `name` exists and is no symlink. A result as long as
    /// `into` may have been cut.
    fn readlink(&self, dir: BorrowedFd<'_>, name: &CStr, into: &mut [u8]) -> Result<usize, Errno>;

    /// Writes the physical path of the directory `dir` (the working directory for `CWD`) into `into` and
    /// returns its length.
    ///
    /// A directory that the root does not lead to has a path that does not begin with a slash.
    fn path_of(&self, dir: BorrowedFd<'_>, into: &mut [u8]) -> Result<usize, Errno>;

    /// Returns what tells the directory `name`, relative to `dir`, from every other: device and inode.
    fn identity(&self, dir: BorrowedFd<'_>, name: &CStr) -> Result<(u64, u64), Errno>;
}

/// The file system of this process, by raw system calls that leave errno alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Host;

impl Tree for Host {
    fn readlink(&self, dir: BorrowedFd<'_>, name: &CStr, into: &mut [u8]) -> Result<usize, Errno> {
        rustix::fs::readlinkat_raw(dir, name, into)
    }

    fn path_of(&self, dir: BorrowedFd<'_>, into: &mut [u8]) -> Result<usize, Errno> {
        let fd = dir.as_raw_fd();
        if fd == rustix::fs::CWD.as_raw_fd() {
            return working_directory(into);
        }
        let mut name = [0; 32];
        let name = magic_link(fd, &mut name);
        rustix::fs::readlinkat_raw(rustix::fs::CWD, name, into)
    }

    fn identity(&self, dir: BorrowedFd<'_>, name: &CStr) -> Result<(u64, u64), Errno> {
        rustix::fs::statat(dir, name, rustix::fs::AtFlags::empty())
            .map(|stat| (stat.st_dev, stat.st_ino))
    }
}

/// Asks the kernel for the working directory; libc's getcwd(3) may allocate and read directories.
#[allow(unsafe_code, reason = "no safe wrapper writes into a buffer of ours")]
fn working_directory(into: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel writes at most `into.len()` bytes to `into`.
    let written = unsafe {
        syscalls::syscall2(
            syscalls::Sysno::getcwd,
            into.as_mut_ptr() as usize,
            into.len(),
        )
    };
    match written {
        // The length counts the NUL.
        Ok(length) => Ok(length.saturating_sub(1)),
        Err(errno) => Err(Errno::from_raw_os_error(errno.into_raw())),
    }
}

/// Writes `/proc/self/fd/<fd>` into `buffer`.
fn magic_link(fd: i32, buffer: &mut [u8; 32]) -> &CStr {
    const PREFIX: &[u8] = b"/proc/self/fd/";
    let mut digits = [0; 10];
    let mut first = digits.len();
    let mut rest = fd.unsigned_abs();
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let digits = &digits[first..];
    buffer[..PREFIX.len()].copy_from_slice(PREFIX);
    buffer[PREFIX.len()..PREFIX.len() + digits.len()].copy_from_slice(digits);
    buffer[PREFIX.len() + digits.len()] = 0;
    CStr::from_bytes_until_nul(buffer).expect("a NUL was written after the digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_is_named_below_proc() {
        for (fd, name) in [
            (0, c"/proc/self/fd/0"),
            (i32::MAX, c"/proc/self/fd/2147483647"),
        ] {
            assert_eq!(magic_link(fd, &mut [0; 32]), name);
        }
    }

    #[test]
    fn the_working_directory_is_the_kernels() {
        let mut buffer = [0; PATH_MAX];
        let length = Host
            .path_of(rustix::fs::CWD, &mut buffer)
            .expect("there is a working directory");
        assert_eq!(
            &buffer[..length],
            std::env::current_dir()
                .expect("likewise")
                .as_os_str()
                .as_encoded_bytes()
        );
    }
}
