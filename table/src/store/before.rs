//! The table that a commit replaces, at hand until the commit is certain.

use std::os::fd::OwnedFd;

use rustix::fs::AtFlags;
use rustix::io::Errno;

use crate::store::aside::unique_name;

/// A second name of a file; it is removed when it is dropped.
pub(super) struct Before<'d> {
    dir: &'d OwnedFd,
    name: &'static str,
    second: Second,
}

enum Second {
    Name(String),
    /// There was no file.
    Missing,
    /// The file system has no hard links.
    Impossible,
}

impl<'d> Before<'d> {
    /// Gives what is called `name`, if anything is, a second name.
    pub(super) fn keep(dir: &'d OwnedFd, name: &'static str) -> rustix::io::Result<Before<'d>> {
        let second = loop {
            let second = unique_name();
            match rustix::fs::linkat(dir, name, dir, &second, AtFlags::empty()) {
                Ok(()) => break Second::Name(second),
                Err(Errno::EXIST | Errno::INTR) => {}
                Err(Errno::NOENT) => break Second::Missing,
                Err(Errno::PERM | Errno::NOSYS | Errno::OPNOTSUPP | Errno::MLINK) => {
                    break Second::Impossible;
                }
                Err(errno) => return Err(errno),
            }
        };
        Ok(Before { dir, name, second })
    }

    /// Puts it back in its place; EOPNOTSUPP on a file system without hard links.
    pub(super) fn put_back(self) -> rustix::io::Result<()> {
        match &self.second {
            Second::Name(second) => rustix::fs::renameat(self.dir, second, self.dir, self.name),
            Second::Missing => rustix::fs::unlinkat(self.dir, self.name, AtFlags::empty()),
            Second::Impossible => Err(Errno::OPNOTSUPP),
        }
    }
}

impl Drop for Before<'_> {
    fn drop(&mut self) {
        if let Second::Name(second) = &self.second {
            // What cannot be removed is removed by the next commit.
            let _ = rustix::fs::unlinkat(self.dir, second, AtFlags::empty());
        }
    }
}
