//! The host's file system, for a walk that asks for what is not known in this moment.

use std::ffi::CStr;

use psl_table::tree::{Host, Tree};
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::Errno;

use super::{DIRECTORIES, Moment};

/// The longest text of a symlink that a walk is told, in bytes; a longer one it reads for itself.
pub const TEXT: usize = 128;

/// What is known: one symlink, and directories without symlinks on their way.
pub struct Remembered<'n> {
    moment: Moment,
    name: &'n [u8],
    text: &'n [u8],
}

impl<'n> Remembered<'n> {
    /// Knows that a name is a symlink with this text, as readlink(2) wrote it to at most [`TEXT`] bytes.
    pub fn with(moment: Moment, name: &'n [u8], text: &'n [u8]) -> Self {
        Self { moment, name, text }
    }

    /// Whether a name of a walk is a path: behind a magic link of procfs it is none.
    fn is_path(name: &[u8]) -> bool {
        name.starts_with(b"/") && !name.starts_with(b"/proc")
    }
}

impl Tree for Remembered<'_> {
    fn readlink(&self, dir: BorrowedFd<'_>, name: &CStr, into: &mut [u8]) -> Result<usize, Errno> {
        let key = name.to_bytes();
        let text = self.text;
        // What fills its room may have been cut.
        if key == self.name && text.len() < TEXT && text.len() <= into.len() {
            into[..text.len()].copy_from_slice(text);
            return Ok(text.len());
        }
        if !Self::is_path(key) {
            return Host.readlink(dir, name, into);
        }
        let hash = self.moment.hash(key);
        if DIRECTORIES.get(hash) == Some(0) {
            return Err(Errno::INVAL);
        }
        let answer = Host.readlink(dir, name, into);
        if answer == Err(Errno::INVAL) {
            // The walk has looked for links in all directories on its way.
            DIRECTORIES.add(hash, 0);
        }
        answer
    }

    fn path_of(&self, dir: BorrowedFd<'_>, into: &mut [u8]) -> Result<usize, Errno> {
        Host.path_of(dir, into)
    }

    fn identity(&self, dir: BorrowedFd<'_>, name: &CStr) -> Result<(u64, u64), Errno> {
        Host.identity(dir, name)
    }

    fn open(&self, dir: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
        Host.open(dir, name)
    }

    fn root_may_differ(&self) -> bool {
        Host.root_may_differ()
    }
}
