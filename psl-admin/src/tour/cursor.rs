//! A directory that is open, and the way back to where the descent began.
use crate::identity::Identity;
use rustix::fs::{
    AtFlags, Dir, Mode, OFlags, ResolveFlags, SeekFrom, fstat, openat, openat2, seek, statat,
};
use rustix::io::{Errno, Result};
use std::collections::VecDeque;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// How many directories are kept open; the way to those above them leads through `..`.
const HELD: usize = 32;

/// How a directory is opened: never through a symlink.
const DIRECTORY: OFlags = OFlags::DIRECTORY
    .union(OFlags::RDONLY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// A place in a tree of any depth, reached by single names, so that no path is ever too long.
#[derive(Debug)]
pub struct Cursor {
    /// The current directory is the last.
    held: VecDeque<OwnedFd>,
    /// All directories from the first one on.
    way: Vec<Identity>,
}

impl Cursor {
    /// Begins in an open directory.
    pub fn at(dir: OwnedFd) -> Result<Self> {
        let way = vec![Identity::from(&fstat(&dir)?)];
        let held = VecDeque::from([dir]);
        Ok(Self { held, way })
    }

    /// Returns the current directory.
    pub fn dir(&self) -> BorrowedFd<'_> {
        self.held.back().expect("a cursor is somewhere").as_fd()
    }

    /// Goes into a directory of the current one; ELOOP or ENOTDIR when the name is not one.
    pub fn enter(&mut self, name: &CStr) -> Result<()> {
        let dir = openat(self.dir(), name, DIRECTORY, Mode::empty())?;
        self.push(dir)
    }

    /// Does the same, and stays in the mount that the current directory is in; EXDEV when the name is a mount point.
    pub fn enter_within_mount(&mut self, name: &CStr) -> Result<()> {
        let flags = ResolveFlags::NO_XDEV;
        match openat2(self.dir(), name, DIRECTORY, Mode::empty(), flags) {
            // Before Linux 5.6 a bind mount of the same file system is not told from a directory.
            Err(Errno::NOSYS) => {
                let found = statat(self.dir(), name, AtFlags::SYMLINK_NOFOLLOW)?;
                match found.st_dev == fstat(self.dir())?.st_dev {
                    true => self.enter(name),
                    false => Err(Errno::XDEV),
                }
            }
            dir => self.push(dir?),
        }
    }

    /// Goes back to the directory above; ESTALE when somebody has moved the current one away from it.
    pub fn leave(&mut self) -> Result<()> {
        let above = match self.held.len() {
            1 => Some(openat(self.dir(), c"..", DIRECTORY, Mode::empty())?),
            _ => None,
        };
        self.way.pop();
        self.held.pop_back();
        if let Some(above) = above {
            let found = Identity::from(&fstat(&above)?);
            self.held.push_back(above);
            if self.way.last() != Some(&found) {
                return Err(Errno::STALE);
            }
        }
        Ok(())
    }

    /// Lists the names in the current directory, in the order of their bytes.
    pub fn names(&self) -> Result<Vec<CString>> {
        // A descriptor of its own is not to be opened by ".", which takes the right to search the directory.
        let dir = self.dir().try_clone_to_owned().map_err(errno)?;
        seek(&dir, SeekFrom::Start(0))?;
        let mut names = Vec::new();
        for entry in Dir::new(dir)? {
            let entry = entry?;
            if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                names.push(entry.file_name().to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    fn push(&mut self, dir: OwnedFd) -> Result<()> {
        self.way.push(Identity::from(&fstat(&dir)?));
        self.held.push_back(dir);
        if self.held.len() > HELD {
            self.held.pop_front();
        }
        Ok(())
    }
}

fn errno(error: std::io::Error) -> Errno {
    Errno::from_io_error(&error).unwrap_or(Errno::IO)
}
