//! A hierarchy under way: from entry to entry, and from directory to directory.

use std::ffi::{CStr, c_char, c_int};
use std::ptr::null_mut;

use libc::dev_t;
use rustix::fd::BorrowedFd;
use rustix::io::Errno;

use super::entry::{Entry, FTS_D, FTS_DOT, FTS_INIT, FTS_ROOTLEVEL, FTS_ROOTPARENTLEVEL, List};
use super::{FTS_COMFOLLOW, FTS_LOGICAL, FTS_NOCHDIR, FTS_NOSTAT, FTS_STOP, OURS};
use crate::hooks::inner;
use crate::hooks::scan::Compare;

/// The first length that `fts_pathlen` of an entry cannot hold.
pub const TOO_LONG: usize = u16::MAX as usize;

/// How much longer than asked for libc makes the room for paths.
pub const SPARE: usize = 256;

/// What a directory is read for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// fts_children(3).
    Children,
    /// The same with `FTS_NAMEONLY`.
    Names,
    /// fts_read(3).
    Read,
}

/// A hierarchy: fts.h's `FTS`.
#[repr(C)]
pub struct Fts {
    pub fts_cur: *mut Entry,
    pub fts_child: *mut Entry,
    fts_array: *mut *mut Entry,
    /// The device of the start at hand.
    pub fts_dev: dev_t,
    /// Room for the longest path there can be, so that it never moves.
    pub fts_path: *mut c_char,
    fts_rfd: c_int,
    /// How long libc's room for paths would be: it grows up to a limit.
    pub fts_pathlen: c_int,
    fts_nitems: c_int,
    pub fts_compar: Compare,
    pub fts_options: c_int,
}

impl Fts {
    /// Opens a hierarchy, which [`Fts::close`] gives back.
    pub fn open(roots: &[&CStr], options: c_int, compare: Compare) -> Result<*mut Self, Errno> {
        let longest = roots.iter().map(|root| root.count_bytes() + 1).max();
        let room = longest.unwrap_or(1).max(libc::PATH_MAX as usize) + SPARE;
        if room >= TOO_LONG {
            return Err(Errno::NAMETOOLONG);
        }
        // SAFETY: zeroes are a hierarchy without entries.
        unsafe {
            let fts: *mut Self = libc::calloc(1, size_of::<Self>()).cast();
            let path: *mut c_char = libc::malloc(TOO_LONG + 1).cast();
            if fts.is_null() || path.is_null() {
                libc::free(fts.cast());
                libc::free(path.cast());
                return Err(Errno::NOMEM);
            }
            path.write(0);
            (*fts).fts_path = path;
            (*fts).fts_pathlen = room as c_int;
            (*fts).fts_compar = compare;
            (*fts).fts_options = options | OURS;
            if options & FTS_LOGICAL != 0 {
                (*fts).fts_options |= FTS_NOCHDIR;
            }
            if let Err(errno) = (*fts).add_roots(roots) {
                (*fts).fts_options |= FTS_NOCHDIR;
                let _ = Self::close(fts);
                return Err(errno);
            }
            if !(*fts).has(FTS_NOCHDIR) {
                match inner::open(libc::AT_FDCWD, c".".as_ptr(), libc::O_RDONLY) {
                    Ok(fd) => (*fts).fts_rfd = fd,
                    Err(_) => (*fts).fts_options |= FTS_NOCHDIR,
                }
            }
            Ok(fts)
        }
    }

    /// Makes entries of the starts, and one before the first.
    unsafe fn add_roots(&mut self, roots: &[&CStr]) -> Result<(), Errno> {
        // SAFETY: all entries are this hierarchy's.
        unsafe {
            let above = self.entry(c"")?;
            (*above).fts_level = FTS_ROOTPARENTLEVEL;
            // From here on `close` frees everything.
            self.fts_cur = above;
            let before = self.entry(c"")?;
            (*before).fts_info = FTS_INIT;
            (*before).fts_level = FTS_ROOTLEVEL;
            (*before).fts_parent = above;
            self.fts_cur = before;
            let mut list = List::new();
            // libc has them sorted from last to first.
            let sorted = self.fts_compar.is_some();
            for index in 0..roots.len() {
                let root = roots[if sorted {
                    roots.len() - 1 - index
                } else {
                    index
                }];
                if root.is_empty() {
                    return Err(Errno::NOENT);
                }
                let entry = self.entry(root)?;
                list.push(entry);
                (*before).fts_link = list.head;
                (*entry).fts_parent = above;
                (*entry).fts_level = FTS_ROOTLEVEL;
                (*entry).fts_accpath = Entry::name(entry);
                (*entry).fts_info = match self.stat(entry, self.has(FTS_COMFOLLOW)) {
                    FTS_DOT => FTS_D,
                    info => info,
                };
            }
            list.sort(self.fts_compar);
            (*before).fts_link = list.head;
        }
        Ok(())
    }

    /// Goes back to the directory where it was opened, and frees everything.
    ///
    /// # Safety
    ///
    /// `fts` was returned by [`Fts::open`] and is not used any more.
    pub unsafe fn close(fts: *mut Self) -> Result<(), Errno> {
        // SAFETY: the caller's promise; from each entry links and parents lead to the one above all starts.
        unsafe {
            let mut next = (*fts).fts_cur;
            while !next.is_null() {
                let entry = next;
                next = match (*entry).fts_link {
                    link if link.is_null() => (*entry).fts_parent,
                    link => link,
                };
                libc::free(entry.cast());
            }
            Entry::free_list((*fts).fts_child);
            libc::free((*fts).fts_path.cast());
            let mut result = Ok(());
            if !(*fts).has(FTS_NOCHDIR) {
                result = inner::change_directory_to((*fts).fts_rfd);
                inner::close((*fts).fts_rfd);
            }
            libc::free(fts.cast());
            result
        }
    }

    /// Returns where the slash behind a directory's path is: one that is there is not doubled.
    pub unsafe fn slash_behind(&self, dir: *const Entry) -> usize {
        // SAFETY: all entries are this hierarchy's, and no path is empty.
        unsafe {
            let length: usize = (*dir).fts_pathlen.into();
            let ends_in_slash = *(*dir).fts_path.add(length - 1) == b'/' as c_char;
            length - usize::from(ends_in_slash)
        }
    }

    /// Changes to a directory, if it is still the one of the entry.
    ///
    /// # Safety
    ///
    /// `path` is a C string; `dir` exists.
    pub unsafe fn change_directory(
        &self,
        dir: *const Entry,
        open: Option<c_int>,
        path: *const c_char,
    ) -> Result<(), Errno> {
        if self.has(FTS_NOCHDIR) {
            return Ok(());
        }
        // SAFETY: the caller's promise; a descriptor that was opened here is closed here.
        unsafe {
            let fd = match open {
                Some(fd) => fd,
                None => inner::open(libc::AT_FDCWD, path, libc::O_RDONLY)?,
            };
            let changed = match rustix::fs::fstat(BorrowedFd::borrow_raw(fd)) {
                Ok(stat) if (stat.st_dev, stat.st_ino) == ((*dir).fts_dev, (*dir).fts_ino) => {
                    inner::change_directory_to(fd)
                }
                Ok(_) => Err(Errno::NOENT),
                Err(errno) => Err(errno),
            };
            if open.is_none() {
                inner::close(fd);
            }
            changed.inspect_err(|errno| *libc::__errno_location() = errno.raw_os_error())
        }
    }

    /// Changes back to where the hierarchy was opened.
    pub fn return_to_start(&self) -> Result<(), Errno> {
        self.return_to(self.fts_rfd)
    }

    /// Changes back to an open directory.
    pub fn return_to(&self, fd: c_int) -> Result<(), Errno> {
        if self.has(FTS_NOCHDIR) {
            return Ok(());
        }
        inner::change_directory_to(fd)
    }

    pub fn has(&self, flag: c_int) -> bool {
        self.fts_options & flag != 0
    }

    pub fn entry(&self, name: &CStr) -> Result<*mut Entry, Errno> {
        Entry::new(name, self.fts_path, !self.has(FTS_NOSTAT))
    }

    /// Says that nothing can be read any more.
    pub fn stop(&mut self) -> *mut Entry {
        self.fts_options |= FTS_STOP;
        null_mut()
    }

    pub fn forget_children(&mut self) {
        // SAFETY: the caller of fts_children(3) knows that the next call frees them.
        unsafe { Entry::free_list(std::mem::replace(&mut self.fts_child, null_mut())) };
    }
}
