//! Directory streams: a listing has the links of its directory, and nothing that is hidden.

use std::ffi::{c_char, c_int, c_long};
use std::ptr::null_mut;

use libc::{DIR, dirent64 as Dirent};
use psl_table::walk::Last;
use rustix::io::Errno;

use crate::call::{Code, fail, followed, operand};
use crate::hooks::stream;

/// See opendir(3).
pub unsafe fn opendir(
    real: unsafe extern "C" fn(*const c_char) -> *mut DIR,
    path: *const c_char,
) -> *mut DIR {
    // SAFETY: the argument is the caller's, who called opendir(3) with it.
    unsafe {
        operand(libc::AT_FDCWD, path, Last::Followed, followed, |_, path| {
            let dir = real(path);
            if dir.is_null() || stream::opened(dir) {
                return dir;
            }
            close(dir);
            fail(Errno::NOMEM)
        })
    }
}

type FdOpenDir = unsafe extern "C" fn(c_int) -> *mut DIR;

/// See fdopendir(3).
pub unsafe fn fdopendir(real: FdOpenDir, fd: c_int) -> *mut DIR {
    // SAFETY: the argument is the caller's, who called fdopendir(3) with it.
    unsafe {
        let dir = real(fd);
        if dir.is_null() || stream::opened(dir) {
            return dir;
        }
        // ABI: a stream is one allocation in glibc. closedir(3) would close the caller's descriptor, too.
        libc::free(dir.cast());
        fail(Errno::NOMEM)
    }
}

type CloseDir = unsafe extern "C" fn(*mut DIR) -> c_int;

/// See closedir(3).
pub unsafe fn closedir(real: CloseDir, dir: *mut DIR) -> c_int {
    stream::closed(dir);
    // SAFETY: the argument is the caller's, who called closedir(3) with it.
    unsafe { real(dir) }
}

type ReadDir = unsafe extern "C" fn(*mut DIR) -> *mut Dirent;

/// See readdir(3).
pub unsafe fn readdir(real: ReadDir, dir: *mut DIR) -> *mut Dirent {
    // SAFETY: the argument is the caller's, who called readdir(3) with it.
    unsafe {
        let Some(stream) = stream::find(dir) else {
            return real(dir);
        };
        let errno = libc::__errno_location();
        let before = *errno;
        while !stream.is_among_links() {
            // Only errno tells an error from the end.
            *errno = 0;
            let entry = real(dir);
            if entry.is_null() && *errno != 0 {
                return entry;
            }
            if entry.is_null() {
                stream.end_directory();
            } else if !stream.hides(entry) {
                *errno = before;
                return entry;
            }
        }
        *errno = before;
        if stream.next_link(stream.entry()) {
            stream.entry()
        } else {
            null_mut()
        }
    }
}

/// See readdir_r(3).
pub unsafe fn readdir_r(
    real: unsafe extern "C" fn(*mut DIR, *mut Dirent, *mut *mut Dirent) -> Code,
    dir: *mut DIR,
    entry: *mut Dirent,
    result: *mut *mut Dirent,
) -> Code {
    const DONE: Code = Code(0);
    // SAFETY: the arguments are the caller's, who called readdir_r(3) with them.
    unsafe {
        let Some(stream) = stream::find(dir) else {
            return real(dir, entry, result);
        };
        while !stream.is_among_links() {
            let read = real(dir, entry, result);
            if read != DONE {
                return read;
            }
            if (*result).is_null() {
                stream.end_directory();
            } else if !stream.hides(*result) {
                return DONE;
            }
        }
        *result = if stream.next_link(entry) {
            entry
        } else {
            null_mut()
        };
        DONE
    }
}

/// See rewinddir(3).
pub unsafe fn rewinddir(real: unsafe extern "C" fn(*mut DIR), dir: *mut DIR) {
    if let Some(stream) = stream::find(dir) {
        stream.restart();
    }
    // SAFETY: the argument is the caller's, who called rewinddir(3) with it.
    unsafe { real(dir) }
}

/// See seekdir(3).
pub unsafe fn seekdir(real: unsafe extern "C" fn(*mut DIR, c_long), dir: *mut DIR, to: c_long) {
    if let Some(stream) = stream::find(dir) {
        if stream.seek(to) {
            return;
        }
        stream.restart();
    }
    // SAFETY: the arguments are the caller's, who called seekdir(3) with them.
    unsafe { real(dir, to) }
}

/// See telldir(3).
pub unsafe fn telldir(real: unsafe extern "C" fn(*mut DIR) -> c_long, dir: *mut DIR) -> c_long {
    let among_links = stream::find(dir).and_then(stream::Stream::position);
    // SAFETY: the argument is the caller's, who called telldir(3) with it.
    among_links.unwrap_or_else(|| unsafe { real(dir) })
}

/// Makes a stream of a descriptor as a caller of fdopendir(3) would.
///
/// # Safety
///
/// The descriptor is nobody else's.
pub unsafe fn open(fd: c_int) -> *mut DIR {
    // SAFETY: the type is fdopendir's.
    unsafe {
        match super::fdopendir::REAL.get() {
            Some(real) => fdopendir(real, fd),
            None => fail(Errno::NOSYS),
        }
    }
}

/// Reads on as a caller of readdir(3) would.
///
/// # Safety
///
/// `dir` is open.
pub unsafe fn read(dir: *mut DIR) -> *mut Dirent {
    // SAFETY: the type is readdir's.
    unsafe {
        match super::readdir64::REAL.get() {
            Some(real) => readdir(real, dir),
            None => fail(Errno::NOSYS),
        }
    }
}

/// Closes a stream as a caller of closedir(3) would.
///
/// # Safety
///
/// `dir` is open, and not used any more.
pub unsafe fn close(dir: *mut DIR) -> c_int {
    // SAFETY: the type is closedir's.
    unsafe {
        match super::closedir::REAL.get() {
            Some(real) => closedir(real, dir),
            None => fail(Errno::NOSYS),
        }
    }
}
