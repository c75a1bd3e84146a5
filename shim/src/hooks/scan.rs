//! scandir(3), rebuilt on the streams of `listing`: libc's own reads its directory without asking anyone.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

use libc::{DIR, dirent64 as Dirent};
use psl_table::walk::Last;
use rustix::fd::{AsRawFd, IntoRawFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::call::{fail, followed, operand};
use crate::descriptor::start_of;
use crate::hooks::listing;
use crate::readable;
use crate::resolve::snapshot;

/// Says whether an entry belongs to the result.
pub type Filter = Option<unsafe extern "C" fn(*const Dirent) -> c_int>;

/// Orders two entries of the result, as qsort(3) wants it: by pointers to them.
pub type Compare = Option<unsafe extern "C" fn(*const c_void, *const c_void) -> c_int>;

/// The result: an array of entries, to be freed by the caller, as they are.
type Entries = *mut *mut Dirent;

/// See scandir(3).
pub unsafe fn scandir(
    real: unsafe extern "C" fn(*const c_char, *mut Entries, Filter, Compare) -> c_int,
    path: *const c_char,
    result: *mut Entries,
    filter: Filter,
    compare: Compare,
) -> c_int {
    // SAFETY: the arguments are the caller's, who called scandir(3) with them.
    unsafe {
        if snapshot().is_none() {
            return real(path, result, filter, compare);
        }
        scan(libc::AT_FDCWD, path, result, filter, compare)
    }
}

/// See scandirat(3).
pub unsafe fn scandirat(
    real: unsafe extern "C" fn(c_int, *const c_char, *mut Entries, Filter, Compare) -> c_int,
    dir: c_int,
    path: *const c_char,
    result: *mut Entries,
    filter: Filter,
    compare: Compare,
) -> c_int {
    // SAFETY: the arguments are the caller's, who called scandirat(3) with them.
    unsafe {
        if snapshot().is_none() {
            return real(dir, path, result, filter, compare);
        }
        scan(dir, path, result, filter, compare)
    }
}

unsafe fn scan(
    dir: c_int,
    path: *const c_char,
    result: *mut Entries,
    filter: Filter,
    compare: Compare,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        let stream: *mut DIR = operand(dir, path, Last::Followed, followed, |dir, path| {
            open(dir, path).unwrap_or_else(fail)
        });
        if stream.is_null() {
            return -1;
        }
        let errno = libc::__errno_location();
        let before = *errno;
        let mut list = List::default();
        let collected = list.collect(stream, filter);
        listing::close(stream);
        if let Err(error) = collected {
            list.free();
            return fail(error);
        }
        if compare.is_some() {
            libc::qsort(
                list.entries.cast(),
                list.count,
                size_of::<*mut Dirent>(),
                compare,
            );
        }
        *errno = before;
        *result = list.entries;
        list.count as c_int
    }
}

/// Opens a stream by a name without links; the descriptor goes with it.
unsafe fn open(dir: c_int, path: *const c_char) -> Result<*mut DIR, Errno> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::DIRECTORY | OFlags::CLOEXEC;
    // SAFETY: the caller's promise; the descriptor is only given to the kernel.
    unsafe {
        let path = readable::name(path)?;
        let fd: OwnedFd = rustix::fs::openat(start_of(dir, path)?, path, flags, Mode::empty())?;
        let stream = listing::open(fd.as_raw_fd());
        if stream.is_null() {
            return Err(Errno::from_raw_os_error(*libc::__errno_location()));
        }
        // The stream owns it from here on.
        let _ = fd.into_raw_fd();
        Ok(stream)
    }
}

/// Entries in memory of the process's malloc(3), for which the caller has free(3).
struct List {
    entries: Entries,
    count: usize,
    room: usize,
}

impl Default for List {
    fn default() -> Self {
        Self {
            entries: null_mut(),
            count: 0,
            room: 0,
        }
    }
}

impl List {
    unsafe fn collect(&mut self, stream: *mut DIR, filter: Filter) -> Result<(), Errno> {
        // SAFETY: the caller's promise; errno of this thread can always be written.
        unsafe {
            let errno = libc::__errno_location();
            loop {
                // Only errno tells an error from the end, and the filter may have changed it.
                *errno = 0;
                let entry = listing::read(stream);
                if entry.is_null() {
                    return match *errno {
                        0 => Ok(()),
                        error => Err(Errno::from_raw_os_error(error)),
                    };
                }
                if filter.is_none_or(|filter| filter(entry) != 0) {
                    self.push(entry)?;
                }
            }
        }
    }

    unsafe fn push(&mut self, entry: *const Dirent) -> Result<(), Errno> {
        // SAFETY: the array has room for `room` entries; an entry is as long as it says.
        unsafe {
            if self.count == self.room {
                let room = (2 * self.room).max(10);
                let size = room * size_of::<*mut Dirent>();
                let entries: Entries = libc::realloc(self.entries.cast(), size).cast();
                if entries.is_null() {
                    return Err(Errno::NOMEM);
                }
                self.entries = entries;
                self.room = room;
            }
            // Whole, as libc copies it: who asks a sanitizer looks at all of it.
            let size = usize::from((*entry).d_reclen);
            let copy: *mut u8 = libc::malloc(size).cast();
            if copy.is_null() {
                return Err(Errno::NOMEM);
            }
            copy.copy_from_nonoverlapping(entry.cast(), size);
            self.entries.add(self.count).write(copy.cast());
            self.count += 1;
        }
        Ok(())
    }

    unsafe fn free(&mut self) {
        // SAFETY: `push` allocated the array and all its entries.
        unsafe {
            for index in 0..self.count {
                libc::free((*self.entries.add(index)).cast());
            }
            libc::free(self.entries.cast());
        }
    }
}
