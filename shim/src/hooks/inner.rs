//! The path calls that libc makes inside of larger functions, made as a caller of libc would make them.
//!
//! Those of libc's own never pass a symbol that can be hooked. All fail with the errno that they leave in `errno`.

use std::ffi::{c_char, c_int};
use std::mem::MaybeUninit;

use libc::{DIR, mode_t, stat64 as Stat};
use psl_table::walk::Last;
use rustix::io::Errno;

use crate::call::{fail, followed, operand};
use crate::hooks::listing;
use crate::link_itself::{self, kept_by_open};

/// Tells what a name leads to, relative to `dir`, or with [`Last::Kept`] what it is itself.
///
/// # Safety
///
/// `path` is a C string.
pub unsafe fn stat(dir: c_int, path: *const c_char, last: Last) -> Result<Stat, Errno> {
    let mut buffer = MaybeUninit::<Stat>::uninit();
    let buf = buffer.as_mut_ptr();
    // SAFETY: the caller's promise, and there is room for the result.
    unsafe {
        let on_link = |link: &_| link_itself::stat(link, buf);
        done(operand(dir, path, last, on_link, |dir, path| {
            stat_next(dir, path, buf, last)
        }))?;
        Ok(buffer.assume_init())
    }
}

type FstatAt = unsafe extern "C" fn(c_int, *const c_char, *mut Stat, c_int) -> c_int;
type FxstatAt = unsafe extern "C" fn(c_int, c_int, *const c_char, *mut Stat, c_int) -> c_int;

unsafe fn stat_next(dir: c_int, path: *const c_char, buf: *mut Stat, last: Last) -> c_int {
    /// ABI: which `struct stat` is meant (`_STAT_VER` of glibc's bits/stat.h).
    const VERSION: c_int = if cfg!(target_arch = "x86_64") { 1 } else { 0 };
    let flags = match last {
        Last::Followed => 0,
        Last::Kept | Last::Entry => libc::AT_SYMLINK_NOFOLLOW,
    };
    // SAFETY: the types are those of fstatat(2), and of what it was a macro for before glibc 2.33.
    unsafe {
        if let Some(real) = super::fstatat64::REAL.get::<FstatAt>() {
            return real(dir, path, buf, flags);
        }
        match super::__fxstatat64::REAL.get::<FxstatAt>() {
            Some(real) => real(VERSION, dir, path, buf, flags),
            None => fail(Errno::NOSYS),
        }
    }
}

/// Opens a file that exists, relative to `dir`.
///
/// # Safety
///
/// `path` is a C string.
pub unsafe fn open(dir: c_int, path: *const c_char, flags: c_int) -> Result<c_int, Errno> {
    type OpenAt = unsafe extern "C" fn(c_int, *const c_char, c_int, mode_t) -> c_int;
    // SAFETY: the type is openat's; the caller's promise.
    unsafe {
        let Some(real) = super::openat64::REAL.get::<OpenAt>() else {
            return Err(Errno::NOSYS);
        };
        let on_link = |link: &_| link_itself::open(link, path, flags);
        done(operand(
            dir,
            path,
            kept_by_open(path, flags),
            on_link,
            |dir, path| real(dir, path, flags, 0),
        ))
    }
}

/// Opens a directory's stream, which [`listing::read`] reads.
///
/// # Safety
///
/// `path` is a C string.
pub unsafe fn open_stream(path: *const c_char) -> Result<*mut DIR, Errno> {
    // SAFETY: the type is opendir's; the caller's promise.
    unsafe {
        let Some(real) = super::opendir::REAL.get() else {
            return Err(Errno::NOSYS);
        };
        opened(listing::opendir(real, path))
    }
}

/// Makes a stream of a descriptor; it goes with the stream, or with the failure.
///
/// # Safety
///
/// The descriptor is nobody else's.
pub unsafe fn stream_of(fd: c_int) -> Result<*mut DIR, Errno> {
    // SAFETY: the caller's promise.
    unsafe {
        opened(listing::open(fd)).inspect_err(|&errno| {
            close(fd);
            *libc::__errno_location() = errno.raw_os_error();
        })
    }
}

/// Changes the working directory.
///
/// # Safety
///
/// `path` is a C string.
pub unsafe fn change_directory(path: *const c_char) -> Result<(), Errno> {
    type Chdir = unsafe extern "C" fn(*const c_char) -> c_int;
    // SAFETY: the type is chdir's; the caller's promise.
    unsafe {
        let Some(real) = super::chdir::REAL.get::<Chdir>() else {
            return Err(Errno::NOSYS);
        };
        done(operand(
            libc::AT_FDCWD,
            path,
            Last::Followed,
            followed,
            |_, path| real(path),
        ))?;
    }
    Ok(())
}

/// Changes the working directory to an open one.
pub fn change_directory_to(fd: c_int) -> Result<(), Errno> {
    // SAFETY: fchdir(2) takes any number.
    unsafe { done(libc::fchdir(fd)).map(drop) }
}

/// Closes a descriptor, and leaves errno as it is.
///
/// # Safety
///
/// The descriptor is nobody else's.
pub unsafe fn close(fd: c_int) {
    // SAFETY: the caller's promise; errno of this thread can always be written.
    unsafe {
        let errno = libc::__errno_location();
        let before = *errno;
        libc::close(fd);
        *errno = before;
    }
}

/// Closes a stream, and leaves errno as it is.
///
/// # Safety
///
/// The stream is open, and not used any more.
pub unsafe fn close_stream(stream: *mut DIR) {
    // SAFETY: the caller's promise; errno of this thread can always be written.
    unsafe {
        let errno = libc::__errno_location();
        let before = *errno;
        listing::close(stream);
        *errno = before;
    }
}

fn done(result: c_int) -> Result<c_int, Errno> {
    match result {
        -1 => Err(last_error()),
        result => Ok(result),
    }
}

fn opened(stream: *mut DIR) -> Result<*mut DIR, Errno> {
    if stream.is_null() {
        return Err(last_error());
    }
    Ok(stream)
}

fn last_error() -> Errno {
    // SAFETY: errno of this thread can always be read.
    Errno::from_raw_os_error(unsafe { *libc::__errno_location() })
}
