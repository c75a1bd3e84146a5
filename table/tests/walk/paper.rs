//! A tree that exists on paper only.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use psl_table::tree::Tree;
use rustix::io::Errno;

/// What is at a path.
pub enum Node {
    Dir,
    /// A directory that may not be searched.
    Locked,
    File,
    Symlink(String),
    /// A symlink below /proc whose text is not how the kernel follows it.
    Magic(&'static str),
}

/// Directories are found by the numbers of their descriptors.
pub struct Paper {
    /// The root's inode number.
    pub root: u64,
    pub nodes: BTreeMap<String, Node>,
    pub descriptors: Vec<&'static str>,
}

impl Paper {
    fn look_up(&self, dir: BorrowedFd<'_>, name: &CStr) -> Result<&Node, Errno> {
        let name = name.to_str().expect("the tree is UTF-8");
        let start = match dir.as_raw_fd() {
            _ if name.starts_with('/') => "",
            libc_cwd if libc_cwd == rustix::fs::CWD.as_raw_fd() => "/srv",
            fd => self.descriptors[usize::try_from(fd).expect("a descriptor")],
        };
        let mut at = start.trim_end_matches('/').to_owned();
        for part in name.split('/').filter(|part| !part.is_empty()) {
            let here = if at.is_empty() {
                &Node::Dir
            } else {
                self.nodes.get(&at).ok_or(Errno::NOENT)?
            };
            match here {
                Node::Dir => {}
                Node::Locked => return Err(Errno::ACCESS),
                Node::Magic(to) => at = (*to).to_owned(),
                Node::File => return Err(Errno::NOTDIR),
                Node::Symlink(_) => panic!("{name}: a walk leads through the symlink {at}"),
            }
            match part {
                "." => {}
                ".." => at.truncate(at.rfind('/').unwrap_or(0)),
                part => at = format!("{at}/{part}"),
            }
        }
        if at.is_empty() {
            Ok(&Node::Dir)
        } else {
            self.nodes.get(&at).ok_or(Errno::NOENT)
        }
    }
}

impl Tree for Paper {
    fn readlink(&self, dir: BorrowedFd<'_>, name: &CStr, into: &mut [u8]) -> Result<usize, Errno> {
        let text = match self.look_up(dir, name)? {
            Node::Symlink(text) => text,
            Node::Magic(text) => *text,
            _ => return Err(Errno::INVAL),
        };
        into[..text.len()].copy_from_slice(text.as_bytes());
        Ok(text.len())
    }

    fn path_of(&self, dir: BorrowedFd<'_>, into: &mut [u8]) -> Result<usize, Errno> {
        let path = match dir.as_raw_fd() {
            cwd if cwd == rustix::fs::CWD.as_raw_fd() => "/srv",
            fd => self.descriptors[usize::try_from(fd).expect("a descriptor")],
        };
        into[..path.len()].copy_from_slice(path.as_bytes());
        Ok(path.len())
    }

    fn identity(&self, _: BorrowedFd<'_>, name: &CStr) -> Result<(u64, u64), Errno> {
        assert_eq!(name, c"/", "every directory of the tree has a path");
        Ok((1, self.root))
    }

    fn open(&self, _: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
        unreachable!("{name:?} is not too long")
    }
}
