//! What an entry is.

use libc::stat64 as Stat;
use psl_table::walk::Last;

use super::entry::{
    Entry, FTS_D, FTS_DC, FTS_DEFAULT, FTS_DOT, FTS_F, FTS_NS, FTS_ROOTLEVEL, FTS_SL, FTS_SLNONE,
};
use super::stream::Fts;
use super::{FTS_LOGICAL, FTS_NOSTAT};
use crate::hooks::inner;

impl Fts {
    /// Fills in an entry's status and says what it is.
    pub unsafe fn stat(&self, entry: *mut Entry, follow: bool) -> u16 {
        // SAFETY: all entries are this hierarchy's.
        unsafe {
            let path = (*entry).fts_accpath;
            let lstat = || inner::stat(libc::AT_FDCWD, path, Last::Kept);
            let status = if follow || self.has(FTS_LOGICAL) {
                match inner::stat(libc::AT_FDCWD, path, Last::Followed) {
                    Err(errno) => match lstat() {
                        Ok(own) => {
                            self.keep(entry, &own);
                            *libc::__errno_location() = 0;
                            return FTS_SLNONE;
                        }
                        Err(_) => Err(errno),
                    },
                    found => found,
                }
            } else {
                lstat()
            };
            match status {
                Err(errno) => {
                    (*entry).fts_errno = errno.raw_os_error();
                    self.keep(entry, &std::mem::zeroed());
                    FTS_NS
                }
                Ok(status) => {
                    self.keep(entry, &status);
                    kind(entry, &status)
                }
            }
        }
    }

    unsafe fn keep(&self, entry: *mut Entry, status: &Stat) {
        if !self.has(FTS_NOSTAT) {
            // SAFETY: an entry has room for its status then.
            unsafe { (*entry).fts_statp.write(*status) };
        }
    }
}

/// Says what an entry is that has this status; a directory that leads back to itself is told from others.
unsafe fn kind(entry: *mut Entry, status: &Stat) -> u16 {
    // A start that is a symlink may be followed: FTS_XDEV compares with its device.
    // SAFETY: all entries are this hierarchy's.
    unsafe { (*entry).fts_dev = status.st_dev };
    match status.st_mode & libc::S_IFMT {
        libc::S_IFDIR => {}
        libc::S_IFLNK => return FTS_SL,
        libc::S_IFREG => return FTS_F,
        _ => return FTS_DEFAULT,
    }
    // SAFETY: all entries are this hierarchy's.
    unsafe {
        (*entry).fts_ino = status.st_ino;
        (*entry).fts_nlink = status.st_nlink;
        if Entry::is_dot(entry) {
            return FTS_DOT;
        }
        let mut above = (*entry).fts_parent;
        while (*above).fts_level >= FTS_ROOTLEVEL {
            if (status.st_ino, status.st_dev) == ((*above).fts_ino, (*above).fts_dev) {
                (*entry).fts_cycle = above;
                return FTS_DC;
            }
            above = (*above).fts_parent;
        }
    }
    FTS_D
}
