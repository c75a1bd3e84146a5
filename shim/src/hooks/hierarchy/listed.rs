//! The entries of one directory.

use std::ffi::{CStr, c_int};
use std::ptr::null_mut;

use libc::{DIR, DT_DIR, DT_UNKNOWN, dirent64 as Dirent};
use rustix::io::Errno;

use super::entry::{
    Entry, FTS_D, FTS_DC, FTS_DNR, FTS_DONTCHDIR, FTS_DOT, FTS_DP, FTS_ERR, FTS_INIT, FTS_NSOK,
    FTS_ROOTLEVEL, List,
};
use super::stream::{Build, Fts, SPARE, TOO_LONG};
use super::{FTS_NAMEONLY, FTS_NOCHDIR, FTS_NOSTAT, FTS_PHYSICAL, FTS_SEEDOT, FTS_STOP};
use crate::hooks::{inner, listing};

/// Which entries of a directory have their status read.
struct Economy {
    /// How many directories can still be met: 0 when no status is wanted, below 0 when all are.
    links: i64,
    /// Whether a listing that says what an entry is will be believed.
    by_listing: bool,
}

impl Fts {
    /// See fts_children(3).
    ///
    /// # Safety
    ///
    /// The caller has not freed any of it.
    pub unsafe fn children(&mut self, build: Build) -> *mut Entry {
        let dir = self.fts_cur;
        // SAFETY: all entries are this hierarchy's; errno of this thread can always be written.
        unsafe {
            // The caller tells an empty directory from a failure by it.
            *libc::__errno_location() = 0;
            if dir.is_null() || self.has(FTS_STOP) {
                return null_mut();
            }
            match (*dir).fts_info {
                FTS_INIT => return (*dir).fts_link,
                FTS_D => {}
                _ => return null_mut(),
            }
            self.forget_children();
            if build == Build::Names {
                self.fts_options |= FTS_NAMEONLY;
            }
            let is_relative_root =
                (*dir).fts_level == FTS_ROOTLEVEL && *(*dir).fts_accpath as u8 != b'/';
            if !is_relative_root || self.has(FTS_NOCHDIR) {
                self.fts_child = self.build(build);
                return self.fts_child;
            }
            // The next directory is relative to this one.
            let Ok(here) = inner::open(libc::AT_FDCWD, c".".as_ptr(), libc::O_RDONLY) else {
                return null_mut();
            };
            self.fts_child = self.build(build);
            let returned = inner::change_directory_to(here);
            inner::close(here);
            if returned.is_err() {
                return null_mut();
            }
            self.fts_child
        }
    }

    /// Reads the entries of the current directory, and stays in it if there are any to be read next.
    pub unsafe fn build(&mut self, build: Build) -> *mut Entry {
        let dir = self.fts_cur;
        // SAFETY: all entries are this hierarchy's.
        unsafe {
            let stream = match inner::open_stream((*dir).fts_accpath) {
                Ok(stream) => stream,
                Err(errno) => {
                    if build == Build::Read {
                        (*dir).fts_info = FTS_DNR;
                        (*dir).fts_errno = errno.raw_os_error();
                    }
                    return null_mut();
                }
            };
            let economy = self.economy(dir, build);
            let mut descended = false;
            let mut list = List::new();
            let mut read = Ok(());
            let wants_in = economy.links != 0 || build == Build::Read;
            let changed = match wants_in {
                true => self.change_directory(dir, Some(libc::dirfd(stream)), null_mut()),
                false => Ok(()),
            };
            let slash = self.slash_behind(dir);
            match changed {
                Err(errno) => {
                    if economy.links != 0 && build == Build::Read {
                        (*dir).fts_errno = errno.raw_os_error();
                    }
                    (*dir).fts_flags |= FTS_DONTCHDIR;
                }
                Ok(()) => {
                    descended = wants_in;
                    read = self.list(stream, slash + 1, economy, &mut list);
                }
            }
            inner::close_stream(stream);
            if let Err(errno) = read {
                Entry::free_list(list.head);
                (*dir).fts_info = FTS_ERR;
                *libc::__errno_location() = errno.raw_os_error();
                return self.stop();
            }
            if self.has(FTS_NOCHDIR) {
                let cut = list.count == 0 || slash + 1 == self.fts_pathlen as usize;
                self.fts_path.add(slash + usize::from(!cut)).write(0);
            }
            let goes_back = descended && (build == Build::Children || list.count == 0);
            if goes_back && self.leave(dir).is_err() {
                (*dir).fts_info = FTS_ERR;
                Entry::free_list(list.head);
                return self.stop();
            }
            if list.count == 0 {
                if build == Build::Read {
                    (*dir).fts_info = FTS_DP;
                }
                return null_mut();
            }
            list.sort(self.fts_compar);
            list.head
        }
    }

    unsafe fn economy(&self, dir: *const Entry, build: Build) -> Economy {
        let by_listing = self.has(FTS_NOSTAT) && self.has(FTS_PHYSICAL);
        let links = if build == Build::Names {
            0
        } else if by_listing {
            let dots = if self.has(FTS_SEEDOT) { 0 } else { 2 };
            // SAFETY: all entries are this hierarchy's.
            unsafe { (*dir).fts_nlink as i64 - dots }
        } else {
            -1
        };
        Economy {
            links,
            by_listing: by_listing && build != Build::Names,
        }
    }

    /// Makes entries of all that a stream lists; their names begin at `start` of the path.
    unsafe fn list(
        &mut self,
        stream: *mut DIR,
        start: usize,
        mut economy: Economy,
        list: &mut List,
    ) -> Result<(), Errno> {
        // SAFETY: the caller's stream is open; the name of an entry ends with a NUL.
        unsafe {
            if self.has(FTS_NOCHDIR) {
                self.fts_path.add(start - 1).write(b'/' as _);
            }
            while let Some(found) = listing::read(stream).as_ref() {
                let name = CStr::from_ptr((&raw const found.d_name).cast());
                if !self.has(FTS_SEEDOT) && (name == c"." || name == c"..") {
                    continue;
                }
                let length = name.count_bytes();
                self.make_room(start, length)?;
                let entry = self.entry(name)?;
                list.push(entry);
                (*entry).fts_level = (*self.fts_cur).fts_level + 1;
                (*entry).fts_parent = self.fts_cur;
                (*entry).fts_pathlen = (start + length) as u16;
                (*entry).fts_accpath = match self.has(FTS_NOCHDIR) {
                    true => self.fts_path,
                    false => Entry::name(entry),
                };
                if economy.links == 0 || (economy.by_listing && is_no_directory(found)) {
                    (*entry).fts_info = FTS_NSOK;
                    continue;
                }
                if self.has(FTS_NOCHDIR) {
                    let end = self.fts_path.add(start);
                    end.copy_from_nonoverlapping(Entry::name(entry), length + 1);
                }
                (*entry).fts_info = self.stat(entry, false);
                if economy.links > 0 && matches!((*entry).fts_info, FTS_D | FTS_DC | FTS_DOT) {
                    economy.links -= 1;
                }
            }
        }
        Ok(())
    }

    /// Fails where libc's room for paths would outgrow what an entry can count.
    fn make_room(&mut self, start: usize, length: usize) -> Result<(), Errno> {
        let room = self.fts_pathlen as usize;
        if length >= room - start {
            let grown = room + length + start + 1 + SPARE;
            if grown >= TOO_LONG {
                return Err(Errno::NAMETOOLONG);
            }
            self.fts_pathlen = grown as c_int;
        }
        if start + length >= TOO_LONG {
            return Err(Errno::NAMETOOLONG);
        }
        Ok(())
    }

    /// Goes back from a directory that was entered.
    unsafe fn leave(&self, dir: *const Entry) -> Result<(), Errno> {
        // SAFETY: all entries are this hierarchy's.
        unsafe {
            match (*dir).fts_level {
                FTS_ROOTLEVEL => self.return_to_start(),
                _ => self.change_directory((*dir).fts_parent, None, c"..".as_ptr()),
            }
        }
    }
}

fn is_no_directory(found: &Dirent) -> bool {
    !matches!(found.d_type, DT_DIR | DT_UNKNOWN)
}
