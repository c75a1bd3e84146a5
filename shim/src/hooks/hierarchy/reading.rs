//! From one entry to the next.

use std::ffi::{CStr, c_char};
use std::ptr::null_mut;

use super::entry::{
    Entry, FTS_D, FTS_DONTCHDIR, FTS_DP, FTS_ERR, FTS_ROOTLEVEL, FTS_ROOTPARENTLEVEL, FTS_SL,
    FTS_SLNONE, FTS_SYMFOLLOW,
};
use super::stream::{Build, Fts};
use super::{
    FTS_AGAIN, FTS_FOLLOW, FTS_NAMEONLY, FTS_NOCHDIR, FTS_NOINSTR, FTS_SKIP, FTS_STOP, FTS_XDEV,
};
use crate::hooks::inner;

impl Fts {
    /// Returns the next entry; null at the end, or with errno set on a failure.
    ///
    /// # Safety
    ///
    /// The caller has not freed any of it.
    pub unsafe fn read(&mut self) -> *mut Entry {
        let entry = self.fts_cur;
        if entry.is_null() || self.has(FTS_STOP) {
            return null_mut();
        }
        // SAFETY: the caller's promise.
        unsafe {
            let instruction = std::mem::replace(&mut (*entry).fts_instr, FTS_NOINSTR);
            let info = (*entry).fts_info;
            if instruction == FTS_AGAIN {
                (*entry).fts_info = self.stat(entry, false);
                return entry;
            }
            if instruction == FTS_FOLLOW && matches!(info, FTS_SL | FTS_SLNONE) {
                self.follow(entry);
                return entry;
            }
            if info != FTS_D {
                return self.next(entry);
            }
            let elsewhere = self.has(FTS_XDEV) && (*entry).fts_dev != self.fts_dev;
            if instruction == FTS_SKIP || elsewhere {
                if (*entry).fts_flags & FTS_SYMFOLLOW != 0 {
                    inner::close((*entry).fts_symfd);
                }
                self.forget_children();
                (*entry).fts_info = FTS_DP;
                return entry;
            }
            self.enter(entry)
        }
    }

    /// Goes from a directory to its first entry, or back to itself.
    unsafe fn enter(&mut self, dir: *mut Entry) -> *mut Entry {
        // SAFETY: all entries are this hierarchy's.
        unsafe {
            if !self.fts_child.is_null() && self.has(FTS_NAMEONLY) {
                self.fts_options &= !FTS_NAMEONLY;
                self.forget_children();
            }
            if self.fts_child.is_null() {
                self.fts_child = self.build(Build::Read);
                if self.fts_child.is_null() {
                    return if self.has(FTS_STOP) { null_mut() } else { dir };
                }
            } else if let Err(errno) = self.change_directory(dir, None, (*dir).fts_accpath) {
                (*dir).fts_errno = errno.raw_os_error();
                (*dir).fts_flags |= FTS_DONTCHDIR;
                let mut child = self.fts_child;
                while !child.is_null() {
                    (*child).fts_accpath = (*dir).fts_accpath;
                    child = (*child).fts_link;
                }
            }
            self.fts_cur = std::mem::replace(&mut self.fts_child, null_mut());
            self.named(self.fts_cur)
        }
    }

    /// Goes on behind an entry.
    unsafe fn next(&mut self, entry: *mut Entry) -> *mut Entry {
        let mut done = entry;
        // SAFETY: all entries are this hierarchy's.
        unsafe {
            loop {
                let next = (*done).fts_link;
                if next.is_null() {
                    return self.ascend(done);
                }
                self.fts_cur = next;
                libc::free(done.cast());
                if (*next).fts_level == FTS_ROOTLEVEL {
                    if self.return_to_start().is_err() {
                        return self.stop();
                    }
                    self.load(next);
                    return next;
                }
                if (*next).fts_instr == FTS_SKIP {
                    done = next;
                    continue;
                }
                if (*next).fts_instr == FTS_FOLLOW {
                    self.follow(next);
                    (*next).fts_instr = FTS_NOINSTR;
                }
                return self.named(next);
            }
        }
    }

    /// Goes back to the directory of the last entry in it.
    unsafe fn ascend(&mut self, last: *mut Entry) -> *mut Entry {
        // SAFETY: all entries are this hierarchy's.
        unsafe {
            let dir = (*last).fts_parent;
            self.fts_cur = dir;
            libc::free(last.cast());
            if (*dir).fts_level == FTS_ROOTPARENTLEVEL {
                libc::free(dir.cast());
                self.fts_cur = null_mut();
                // The caller tells the end from a failure by it.
                *libc::__errno_location() = 0;
                return null_mut();
            }
            self.fts_path.add((*dir).fts_pathlen.into()).write(0);
            let flags = (*dir).fts_flags;
            let back = if (*dir).fts_level == FTS_ROOTLEVEL {
                self.return_to_start()
            } else if flags & FTS_SYMFOLLOW != 0 {
                let back = self.return_to((*dir).fts_symfd);
                inner::close((*dir).fts_symfd);
                back
            } else if flags & FTS_DONTCHDIR == 0 {
                self.change_directory((*dir).fts_parent, None, c"..".as_ptr())
            } else {
                Ok(())
            };
            if back.is_err() {
                return self.stop();
            }
            (*dir).fts_info = if (*dir).fts_errno == 0 {
                FTS_DP
            } else {
                FTS_ERR
            };
            dir
        }
    }

    /// Makes a start's path the path, and its last component its name.
    unsafe fn load(&mut self, root: *mut Entry) {
        // SAFETY: all entries are this hierarchy's; the room for paths is longer than any start.
        unsafe {
            let name = Entry::name(root);
            let text = CStr::from_ptr(name).to_bytes();
            (*root).fts_pathlen = text.len() as u16;
            self.fts_path.copy_from_nonoverlapping(name, text.len() + 1);
            let slash = text.iter().rposition(|&byte| byte == b'/');
            if let Some(slash) = slash.filter(|_| text != b"/") {
                let length = text.len() - slash - 1;
                name.copy_from(name.add(slash + 1), length + 1);
                (*root).fts_namelen = length as u16;
            }
            (*root).fts_path = self.fts_path;
            (*root).fts_accpath = self.fts_path;
            self.fts_dev = (*root).fts_dev;
        }
    }

    /// Puts an entry's name behind its directory's path.
    unsafe fn named(&mut self, entry: *mut Entry) -> *mut Entry {
        // SAFETY: all entries are this hierarchy's; `build` checked the length.
        unsafe {
            let at = self.fts_path.add(self.slash_behind((*entry).fts_parent));
            at.write(b'/' as c_char);
            at.add(1).copy_from_nonoverlapping(
                Entry::name(entry),
                usize::from((*entry).fts_namelen) + 1,
            );
            entry
        }
    }

    /// Follows a symlink, and keeps the way back from a directory.
    unsafe fn follow(&mut self, entry: *mut Entry) {
        // SAFETY: all entries are this hierarchy's.
        unsafe {
            (*entry).fts_info = self.stat(entry, true);
            if (*entry).fts_info != FTS_D || self.has(FTS_NOCHDIR) {
                return;
            }
            match inner::open(libc::AT_FDCWD, c".".as_ptr(), libc::O_RDONLY) {
                Ok(fd) => {
                    (*entry).fts_symfd = fd;
                    (*entry).fts_flags |= FTS_SYMFOLLOW;
                }
                Err(errno) => {
                    (*entry).fts_errno = errno.raw_os_error();
                    (*entry).fts_info = FTS_ERR;
                }
            }
        }
    }
}
