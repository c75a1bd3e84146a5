//! The file system as it is asked before main: what a name is a symlink to is asked once.
//!
//! A program, its loader and its libraries lie in few directories, which many of their names lead through. It takes
//! memory, so no hook may use it; whatever moves between two questions moves as well between two starts.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::CStr;

use psl_table::tree::{Host, Tree};
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::Errno;

/// What readlink(2) says.
type Answer = Result<Box<[u8]>, Errno>;

/// The host's file system, and what it said of absolute names.
#[derive(Default)]
pub struct Asked(RefCell<BTreeMap<Box<[u8]>, Answer>>);

/// Whether a name means the same wherever this process is.
pub fn stays(name: &[u8]) -> bool {
    name.starts_with(b"/") && !name.starts_with(b"/proc")
}

impl Tree for Asked {
    fn readlink(&self, dir: BorrowedFd<'_>, name: &CStr, into: &mut [u8]) -> Result<usize, Errno> {
        let key = name.to_bytes();
        if let Some(answer) = self.0.borrow().get(key) {
            let text = answer.as_ref().map_err(|&errno| errno)?;
            let length = text.len().min(into.len());
            into[..length].copy_from_slice(&text[..length]);
            return Ok(length);
        }
        let answer = Host.readlink(dir, name, &mut *into);
        // What fills its room may have been cut.
        if stays(key) && answer != Ok(into.len()) {
            let kept = answer.map(|length| into[..length].into());
            self.0.borrow_mut().insert(key.into(), kept);
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
