//! What a walk asks of a file system, and the host's own answer.

use std::ffi::CStr;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::procfs;

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

    /// Opens the directory `name`, relative to `dir`, as a place to start from.
    fn open(&self, dir: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno>;

    /// Whether the root may be another one than when the snapshot was made: then its identity is asked for.
    fn root_may_differ(&self) -> bool {
        true
    }
}

/// The file system of this process, by raw system calls that leave errno alone.
///
/// A seccomp filter may have been written for what the process itself does. So whatever readlink(2) can tell is asked
/// of it, which a walk needs in any case, and nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct Host;

/// Set once this process may have got another root.
static ROOT_MAY_DIFFER: AtomicBool = AtomicBool::new(false);

impl Host {
    /// Remembers that this process may have another root from here on: it called chroot(2) or one of its kin.
    pub fn doubt_root() {
        // Relaxed: who changes the root while other threads look names up has to agree with them on the order.
        ROOT_MAY_DIFFER.store(true, Ordering::Relaxed);
    }
}

impl Tree for Host {
    fn readlink(&self, dir: BorrowedFd<'_>, name: &CStr, into: &mut [u8]) -> Result<usize, Errno> {
        rustix::fs::readlinkat_raw(dir, name, into)
    }

    fn path_of(&self, dir: BorrowedFd<'_>, into: &mut [u8]) -> Result<usize, Errno> {
        let fd = dir.as_raw_fd();
        if fd == rustix::fs::CWD.as_raw_fd() {
            return match rustix::fs::readlinkat_raw(dir, c"/proc/self/cwd", &mut *into) {
                // A directory that was removed, or one with such a name: getcwd(2) knows.
                Ok(length) if into[..length].ends_with(b" (deleted)") => working_directory(into),
                Err(_) => working_directory(into),
                told => told,
            };
        }
        let mut name = [0; procfs::ROOM];
        let name = procfs::descriptor(fd, &mut name);
        rustix::fs::readlinkat_raw(rustix::fs::CWD, name, into)
    }

    fn identity(&self, dir: BorrowedFd<'_>, name: &CStr) -> Result<(u64, u64), Errno> {
        rustix::fs::statat(dir, name, rustix::fs::AtFlags::empty())
            .map(|stat| (stat.st_dev, stat.st_ino))
    }

    fn open(&self, dir: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(dir, name, flags, Mode::empty())
    }

    fn root_may_differ(&self) -> bool {
        ROOT_MAY_DIFFER.load(Ordering::Relaxed)
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

#[cfg(test)]
mod tests {
    use super::*;

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
