//! The table that a commit replaces, at hand until the commit is certain.

use std::os::fd::OwnedFd;

use rustix::fs::AtFlags;
use rustix::io::Errno;

use crate::store::aside::unique_name;
use crate::store::shared::{self, Doubt};

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
    ///
    /// Nobody but the storage can do that, and it cannot for a file that was replaced: what has a second name is the
    /// file that `name` means, not one that this host remembers. ESTALE when it goes on remembering another.
    pub(super) fn keep(dir: &'d OwnedFd, name: &'static str) -> rustix::io::Result<Before<'d>> {
        let mut doubt = Doubt::of(dir);
        let second = loop {
            // Others have committed while this program waited for its turn.
            shared::recall(dir);
            let second = unique_name();
            match rustix::fs::linkat(dir, name, dir, &second, AtFlags::empty()) {
                Ok(()) => break Second::Name(second),
                Err(Errno::EXIST | Errno::INTR) => {}
                Err(Errno::PERM | Errno::NOSYS | Errno::OPNOTSUPP | Errno::MLINK) => {
                    break Second::Impossible;
                }
                Err(Errno::NOENT) if doubt.is_worth_looking_again() => {}
                Err(Errno::NOENT) => break Second::Missing,
                Err(Errno::STALE) if doubt.is_worth_asking_again() => {}
                Err(errno) => return Err(errno),
            }
        };
        Ok(Before { dir, name, second })
    }

    /// Stands for no table, where it is known that there is none.
    pub(super) fn nothing(dir: &'d OwnedFd, name: &'static str) -> Before<'d> {
        let second = Second::Missing;
        Before { dir, name, second }
    }

    /// Returns the name by which the file is read: the second one, where it has one.
    pub(super) fn name(&self) -> &str {
        match &self.second {
            Second::Name(second) => second,
            Second::Missing | Second::Impossible => self.name,
        }
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
