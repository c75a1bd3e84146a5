//! Where a walk stands: a name for system calls, and the physical directory that it stands for.

use std::ffi::CStr;

use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::io::Errno;

use crate::held::Held;
use crate::procfs;
use crate::snapshot::{Entry, Snapshot};
use crate::tree::{PATH_MAX, Tree};
use crate::walk::is_no_symlink;

/// A directory that a walk has reached.
///
/// The name is relative to `dir` until the walk passes through something absolute, so that the kernel checks
/// the permissions of the directories that the caller's own name leads through, and no others. Where it cannot
/// be shortened (above a descriptor, behind a magic link) it keeps `..` as text.
pub struct Position<'a, 'd> {
    dir: BorrowedFd<'d>,
    name: &'a mut [u8; PATH_MAX],
    length: usize,
    /// How much of the name stands for itself: a magic link, whose `..` is not the directory that holds it.
    anchor: usize,
    start: &'a mut [u8; PATH_MAX],
    start_length: Option<usize>,
    /// The directory that a name which outgrew a system call starts from.
    held: &'a mut Held,
}

impl<'a, 'd> Position<'a, 'd> {
    /// Stands in `dir`, or in the root.
    pub fn new(
        dir: BorrowedFd<'d>,
        name: &'a mut [u8; PATH_MAX],
        start: &'a mut [u8; PATH_MAX],
        held: &'a mut Held,
        absolute: bool,
    ) -> Self {
        held.release();
        let mut at = Self {
            dir,
            name,
            length: 0,
            anchor: 0,
            start,
            start_length: None,
            held,
        };
        if absolute {
            at.restart();
        }
        at
    }

    /// Returns the directory that the name is relative to.
    pub fn dir(&self) -> BorrowedFd<'d> {
        self.dir
    }

    /// Returns the name; empty where the walk starts.
    #[inline(always)]
    pub fn text(&self) -> &[u8] {
        // Without a bounds check, and inline: nothing of it is left where nobody watches.
        self.name.get(..self.length).unwrap_or_default()
    }

    /// Goes to the root.
    pub fn restart(&mut self) {
        self.name[0] = b'/';
        self.length = 1;
        self.anchor = 0;
        self.start_length = None;
    }

    /// Adds a component; where that makes the name too long for a system call, it goes on from a descriptor.
    pub fn push(&mut self, tree: &impl Tree, component: &[u8]) -> Result<(), Errno> {
        let length = self.length;
        let pushed = self.try_push(component);
        if pushed.is_ok() || length == self.anchor {
            return pushed;
        }
        self.length = length;
        let dir = self.dir;
        let held = tree.open(dir, self.as_c_str())?;
        let mut name = [0; procfs::ROOM];
        let name = procfs::descriptor(held.as_raw_fd(), &mut name).to_bytes();
        self.held.keep(held);
        self.name[..name.len()].copy_from_slice(name);
        self.length = name.len();
        self.anchor();
        self.try_push(component)
    }

    fn try_push(&mut self, component: &[u8]) -> Result<(), Errno> {
        if self.length > 0 && self.name[self.length - 1] != b'/' {
            self.append(b"/")?;
        }
        self.append(component)
    }

    /// Adds text as it is; fails with `ENAMETOOLONG` when the name becomes too long for a system call.
    pub fn append(&mut self, text: &[u8]) -> Result<(), Errno> {
        // One byte stays free for the NUL.
        let end = self.length + text.len();
        if end >= PATH_MAX {
            return Err(Errno::NAMETOOLONG);
        }
        self.name[self.length..end].copy_from_slice(text);
        self.length = end;
        Ok(())
    }

    /// Takes the last component away again.
    pub fn pop(&mut self) {
        let text = &self.name[..self.length];
        self.length = match text.iter().rposition(|&byte| byte == b'/') {
            Some(0) => 1,
            Some(slash) => slash,
            None => 0,
        };
    }

    /// Goes to the parent directory.
    pub fn up(&mut self, tree: &impl Tree) -> Result<(), Errno> {
        let tail = &self.name[self.anchor..self.length];
        match tail {
            b"/" if self.anchor == 0 => Ok(()),
            b"" | b".." => self.push(tree, b".."),
            _ if tail.ends_with(b"/..") => self.push(tree, b".."),
            _ => {
                self.pop();
                Ok(())
            }
        }
    }

    /// Makes what has been reached a start of its own: the target of a magic link.
    pub fn anchor(&mut self) {
        self.anchor = self.length;
        self.start_length = None;
    }

    /// Returns the name for a system call.
    pub fn as_c_str(&mut self) -> &CStr {
        if self.length == 0 {
            return c".";
        }
        self.name[self.length] = 0;
        CStr::from_bytes_with_nul(&self.name[..=self.length])
            .expect("components hold no NUL, and one was just written")
    }

    /// Returns the name for a system call, for good.
    pub fn into_c_str(mut self) -> &'a CStr {
        self.as_c_str();
        let Self { name, length, .. } = self;
        if length == 0 {
            return c".";
        }
        CStr::from_bytes_with_nul(&name[..=length]).expect("as_c_str wrote the NUL")
    }

    /// Fails with the kernel's errno unless a component can be looked up here.
    pub fn check_directory(&mut self, tree: &impl Tree) -> Result<(), Errno> {
        let length = self.length;
        self.try_push(b".")?;
        let dir = self.dir;
        // readlink(2) on a directory that can be searched says EINVAL, and needs no right but that one.
        let answer = tree.readlink(dir, self.as_c_str(), &mut [0]);
        self.length = length;
        match answer {
            Err(errno) if !is_no_symlink(errno) => Err(errno),
            _ => Ok(()),
        }
    }

    /// Returns what the snapshot has at `name` in this directory.
    pub fn entry<'s>(
        &mut self,
        tree: &impl Tree,
        snapshot: &'s Snapshot,
        name: &[u8],
    ) -> Option<&'s Entry> {
        snapshot
            .named(name)
            .iter()
            .find(|place| self.is(tree, &place.dir))
            .filter(|_| snapshot.is_rooted(tree))
            .map(|place| &place.entry)
    }

    /// Whether this directory is the one with the physical path `dir`.
    fn is(&mut self, tree: &impl Tree, dir: &[u8]) -> bool {
        if self.is_from_root() {
            return &self.name[..self.length] == dir;
        }
        let Some(start) = self.start_path(tree) else {
            return self.is_same_directory(tree, dir);
        };
        let mut start = &self.start[..start];
        let mut tail = &self.name[self.anchor..self.length];
        loop {
            tail = tail.strip_prefix(b"/").unwrap_or(tail);
            match tail.strip_prefix(b"..") {
                Some(after) if after.is_empty() || after[0] == b'/' => {
                    tail = after;
                    start = parent(start);
                }
                _ => break,
            }
        }
        if tail.is_empty() {
            return start == dir;
        }
        // The root's path is the only one that ends in a slash.
        let start = start.strip_suffix(b"/").unwrap_or(start);
        dir.strip_prefix(start)
            .and_then(|below| below.strip_prefix(b"/"))
            == Some(tail)
    }

    /// Whether the symlink that was just pushed is one of procfs that stands for a file, not for a name.
    ///
    /// See proc(5): their text is for people.
    pub fn is_magic(&mut self, tree: &impl Tree) -> bool {
        let tail = self.length;
        let from_root = self.is_from_root();
        let start: &[u8] = if from_root {
            &[]
        } else {
            match self.start_path(tree) {
                Some(length) => &self.start[..length],
                None => return false,
            }
        };
        procfs::is_magic(start, &self.name[self.anchor..tail])
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        &self.name[..self.length] == b"/"
    }

    fn is_from_root(&self) -> bool {
        self.anchor == 0 && self.name[..self.length].first() == Some(&b'/')
    }

    /// Reads the physical path of where the name starts, once; none when the kernel does not tell.
    fn start_path(&mut self, tree: &impl Tree) -> Option<usize> {
        if self.start_length.is_none() {
            let length = if self.anchor == 0 {
                tree.path_of(self.dir, self.start)
            } else {
                let kept = std::mem::replace(&mut self.name[self.anchor], 0);
                let magic =
                    CStr::from_bytes_until_nul(&*self.name).expect("a NUL was just written");
                let length = tree.readlink(self.dir, magic, self.start);
                self.name[self.anchor] = kept;
                length
            };
            self.start_length = length.ok();
        }
        self.start_length
    }

    /// Compares device and inode, where there is no procfs to ask for a path.
    fn is_same_directory(&mut self, tree: &impl Tree, dir: &[u8]) -> bool {
        let from = self.dir;
        let Ok(here) = tree.identity(from, self.as_c_str()) else {
            return false;
        };
        let Ok(()) = self.with_name(dir) else {
            return false;
        };
        let there = tree.identity(from, self.as_start_c_str(dir.len()));
        there == Ok(here)
    }

    /// Puts `dir` where a start's path would be, as a name for a system call.
    fn with_name(&mut self, dir: &[u8]) -> Result<(), Errno> {
        let room = self.start.get_mut(..=dir.len()).ok_or(Errno::NAMETOOLONG)?;
        room[..dir.len()].copy_from_slice(dir);
        room[dir.len()] = 0;
        Ok(())
    }

    fn as_start_c_str(&self, length: usize) -> &CStr {
        CStr::from_bytes_with_nul(&self.start[..=length]).expect("a place has no NUL in its path")
    }
}

/// Returns the parent of a physical path; the root is its own.
fn parent(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(0) | None => &path[..path.len().min(1)],
        Some(slash) => &path[..slash],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_its_own_parent() {
        for (path, above) in [("/", "/"), ("/a", "/"), ("/a/b", "/a"), ("", "")] {
            assert_eq!(parent(path.as_bytes()), above.as_bytes());
        }
    }
}
