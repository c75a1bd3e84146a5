//! The files that a hierarchy shows, each in one piece of memory: structure, name, status.

use std::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::mem::offset_of;
use std::ptr::null_mut;

use libc::{dev_t, ino_t, nlink_t, stat64 as Stat};
use rustix::io::Errno;

use super::FTS_NOINSTR;
use crate::hooks::scan::Compare;

/// What an entry is: `fts_info`.
pub const FTS_D: u16 = 1;
pub const FTS_DC: u16 = 2;
pub const FTS_DEFAULT: u16 = 3;
pub const FTS_DNR: u16 = 4;
pub const FTS_DOT: u16 = 5;
pub const FTS_DP: u16 = 6;
pub const FTS_ERR: u16 = 7;
pub const FTS_F: u16 = 8;
pub const FTS_INIT: u16 = 9;
pub const FTS_NS: u16 = 10;
pub const FTS_NSOK: u16 = 11;
pub const FTS_SL: u16 = 12;
pub const FTS_SLNONE: u16 = 13;

/// The levels of the starts, and of what stands above them.
pub const FTS_ROOTLEVEL: i16 = 0;
pub const FTS_ROOTPARENTLEVEL: i16 = -1;

/// The working directory was not changed to this one: `fts_flags`.
pub const FTS_DONTCHDIR: u16 = 1;
/// `fts_symfd` leads back from where a symlink led.
pub const FTS_SYMFOLLOW: u16 = 2;

/// A file: fts.h's `FTSENT`.
#[repr(C)]
pub struct Entry {
    pub fts_cycle: *mut Entry,
    pub fts_parent: *mut Entry,
    pub fts_link: *mut Entry,
    fts_number: c_long,
    fts_pointer: *mut c_void,
    pub fts_accpath: *mut c_char,
    pub fts_path: *mut c_char,
    pub fts_errno: c_int,
    pub fts_symfd: c_int,
    pub fts_pathlen: u16,
    pub fts_namelen: u16,
    pub fts_ino: ino_t,
    pub fts_dev: dev_t,
    pub fts_nlink: nlink_t,
    pub fts_level: i16,
    pub fts_info: u16,
    pub fts_flags: u16,
    pub fts_instr: u16,
    /// Null where no status is wanted.
    pub fts_statp: *mut Stat,
    fts_name: [c_char; 1],
}

impl Entry {
    /// Makes an entry in memory that [`free`](libc::free) gives back.
    pub fn new(name: &CStr, path: *mut c_char, with_status: bool) -> Result<*mut Self, Errno> {
        let length = name.count_bytes();
        let end = offset_of!(Self, fts_name) + length + 1;
        let status = end.next_multiple_of(align_of::<Stat>());
        let size = match with_status {
            true => status + size_of::<Stat>(),
            false => end,
        };
        // SAFETY: zeroes are an entry, which has no more alignment than malloc(3) gives; the name and the status lie
        // in the room that was asked for.
        unsafe {
            let memory: *mut u8 = libc::calloc(1, size.max(size_of::<Self>())).cast();
            if memory.is_null() {
                return Err(Errno::NOMEM);
            }
            let entry: *mut Self = memory.cast();
            Self::name(entry).copy_from_nonoverlapping(name.as_ptr(), length + 1);
            if with_status {
                (*entry).fts_statp = memory.add(status).cast();
            }
            // A longer name than this reaches no entry but a start, whose length is checked before.
            (*entry).fts_namelen = length as u16;
            (*entry).fts_path = path;
            (*entry).fts_instr = FTS_NOINSTR;
            Ok(entry)
        }
    }

    /// Returns where the name of an entry is.
    ///
    /// # Safety
    ///
    /// The entry exists.
    pub unsafe fn name(entry: *mut Self) -> *mut c_char {
        // SAFETY: the caller's promise; the name lies in the memory of the entry.
        unsafe { entry.cast::<c_char>().add(offset_of!(Self, fts_name)) }
    }

    /// Whether the name is `.` or `..`.
    ///
    /// # Safety
    ///
    /// The entry exists.
    pub unsafe fn is_dot(entry: *mut Self) -> bool {
        // SAFETY: the caller's promise; the name ends with a NUL.
        let name = unsafe { CStr::from_ptr(Self::name(entry)) };
        name == c"." || name == c".."
    }

    /// Frees a list of entries.
    ///
    /// # Safety
    ///
    /// Nobody uses them any more.
    pub unsafe fn free_list(head: *mut Self) {
        let mut next = head;
        while !next.is_null() {
            // SAFETY: the caller's promise; each was allocated for itself.
            unsafe {
                let entry = next;
                next = (*entry).fts_link;
                libc::free(entry.cast());
            }
        }
    }
}

/// A list of entries that grows at its end.
pub struct List {
    pub head: *mut Entry,
    tail: *mut Entry,
    pub count: usize,
}

impl List {
    pub const fn new() -> Self {
        Self {
            head: null_mut(),
            tail: null_mut(),
            count: 0,
        }
    }

    /// Appends an entry.
    ///
    /// # Safety
    ///
    /// It is in no list, and those of this one exist.
    pub unsafe fn push(&mut self, entry: *mut Entry) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.tail.as_mut() {
                Some(tail) => tail.fts_link = entry,
                None => self.head = entry,
            }
        }
        self.tail = entry;
        self.count += 1;
    }

    /// Sorts the list as the caller wants it; it stays as it is when there is no memory to.
    ///
    /// # Safety
    ///
    /// The entries exist.
    pub unsafe fn sort(&mut self, compare: Compare) {
        if compare.is_none() || self.count < 2 {
            return;
        }
        let mut entries = Vec::with_capacity(self.count);
        let mut next = self.head;
        // SAFETY: the caller's promise; the function is made for pointers to entries.
        unsafe {
            while !next.is_null() {
                entries.push(next);
                next = (*next).fts_link;
            }
            libc::qsort(
                entries.as_mut_ptr().cast(),
                entries.len(),
                size_of::<*mut Entry>(),
                compare,
            );
            for pair in entries.windows(2) {
                (*pair[0]).fts_link = pair[1];
            }
            self.head = entries[0];
            self.tail = entries[entries.len() - 1];
            (*self.tail).fts_link = null_mut();
        }
    }
}
