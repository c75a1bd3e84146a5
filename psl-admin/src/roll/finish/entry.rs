//! What lies under a name, without following it.
use crate::exit::Exit;
use crate::failure::Failure;
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, ResolveFlags, openat, openat2, readlinkat, statat,
};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Missing,
    /// A directory.
    Directory {
        /// Its inode number, the same on all hosts.
        inode: u64,
    },
    /// A symlink.
    Symlink {
        /// Its text; what is not UTF-8 in it is replaced.
        to: String,
    },
    /// Anything else.
    Other,
}

/// The directory of a name, open.
#[derive(Debug)]
pub struct Parent {
    /// The directory.
    pub dir: OwnedFd,
    path: PathBuf,
}

impl Parent {
    /// Opens the directory that a physical path lies in; one that leads through a symlink by now is refused.
    pub fn of(path: &Path) -> Result<Self, Failure> {
        let above = path.parent().unwrap_or(Path::new("/"));
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let resolve = ResolveFlags::NO_SYMLINKS;
        let opened = match openat2(rustix::fs::CWD, above, flags, Mode::empty(), resolve) {
            // Before Linux 5.6, or where a filter forbids it.
            Err(Errno::NOSYS | Errno::PERM) => match above.canonicalize() {
                Ok(found) if found == above => openat(rustix::fs::CWD, above, flags, Mode::empty()),
                Ok(_) => Err(Errno::LOOP),
                Err(error) => Err(Errno::from_io_error(&error).unwrap_or(Errno::IO)),
            },
            opened => opened,
        };
        match opened {
            Ok(dir) => Ok(Self {
                dir,
                path: above.to_owned(),
            }),
            Err(Errno::LOOP) => {
                let message =
                    format!("the way to {above:?} leads through a symlink, expected none");
                Err(Failure::new(Exit::Refused, message)
                    .with_help("somebody has moved the directory: move it back"))
            }
            Err(errno) => Err(failed("open", above, errno)),
        }
    }

    /// Looks at a name in it.
    pub fn entry(&self, name: &OsStr) -> Result<Entry, Failure> {
        let path = || self.path.join(name);
        let stat = match statat(&self.dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(Entry::Missing),
            Err(errno) => return Err(failed("examine", &path(), errno)),
        };
        Ok(match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Entry::Directory { inode: stat.st_ino },
            FileType::Symlink => {
                let text = readlinkat(&self.dir, name, Vec::new());
                let text = text.map_err(|errno| failed("read", &path(), errno))?;
                Entry::Symlink {
                    to: text.to_string_lossy().into_owned(),
                }
            }
            _ => Entry::Other,
        })
    }

    /// Waits until its names are on the storage; some file systems cannot, and need not.
    pub fn sync(&self) -> Result<(), Failure> {
        match rustix::io::retry_on_intr(|| rustix::fs::fsync(&self.dir)) {
            Err(Errno::INVAL) => Ok(()),
            synced => synced.map_err(|errno| failed("sync", &self.path, errno)),
        }
    }
}

/// Returns the last component of a path that has one.
pub fn name(path: &str) -> &OsStr {
    Path::new(path).file_name().unwrap_or_default()
}

/// Tells of a file that cannot be worked with.
pub fn failed(doing: &str, path: &Path, errno: Errno) -> Failure {
    Failure::new(Exit::Storage, format!("cannot {doing} {path:?}: {errno}"))
}
