//! Shared memory and semaphores by name: files below `/dev/shm` that libc opens by itself.
//!
//! Only where a link lies on the way, or something is hidden, is libc's own function not called.

use std::ffi::{CStr, c_char, c_int, c_uint};

use libc::{mode_t, sem_t};
use psl_table::walk::Last;
use rustix::fd::IntoRawFd;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::call::{Failure, fail};
use crate::hooks::semaphore;
use crate::readable::is_readable;
use crate::resolve::{Operand, resolve, snapshot};
use crate::search::{NAME_MAX, with_text};

const DIRECTORY: &[u8] = b"/dev/shm/";
const SEMAPHORE: &[u8] = b"sem.";
const CREATES_NEW: c_int = libc::O_CREAT | libc::O_EXCL;

/// See shm_open(3).
pub unsafe fn shm_open(
    real: unsafe extern "C" fn(*const c_char, c_int, mode_t) -> c_int,
    name: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> c_int {
    let open = |path: &CStr| {
        let flags = OFlags::from_bits_retain(flags as c_uint) | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(CWD, path, flags, Mode::from_raw_mode(mode)) {
            Ok(fd) => fd.into_raw_fd(),
            // A directory is no name of shared memory, says libc.
            Err(Errno::ISDIR) => fail(Errno::INVAL),
            Err(errno) => fail(errno),
        }
    };
    // SAFETY: the arguments are the caller's, who called shm_open(3) with them.
    unsafe {
        let call = || real(name, flags, mode);
        with_file(b"", name, on_link(flags), call, open)
    }
}

/// See shm_unlink(3).
pub unsafe fn shm_unlink(
    real: unsafe extern "C" fn(*const c_char) -> c_int,
    name: *const c_char,
) -> c_int {
    // SAFETY: the argument is the caller's, who called shm_unlink(3) with it.
    unsafe { with_file(b"", name, Errno::BUSY, || real(name), remove) }
}

/// See sem_open(3).
pub unsafe fn sem_open(
    real: unsafe extern "C" fn(*const c_char, c_int, mode_t, c_uint) -> *mut sem_t,
    name: *const c_char,
    flags: c_int,
    mode: mode_t,
    value: c_uint,
) -> *mut sem_t {
    // SAFETY: the arguments are the caller's, who called sem_open(3) with them.
    unsafe {
        let call = || real(name, flags, mode, value);
        with_file(SEMAPHORE, name, on_link(flags), call, |path| {
            semaphore::open(path, flags, mode, value).unwrap_or_else(fail)
        })
    }
}

/// See sem_unlink(3).
pub unsafe fn sem_unlink(
    real: unsafe extern "C" fn(*const c_char) -> c_int,
    name: *const c_char,
) -> c_int {
    // SAFETY: the argument is the caller's, who called sem_unlink(3) with it.
    unsafe { with_file(SEMAPHORE, name, Errno::BUSY, || real(name), remove) }
}

/// See sem_close(3).
pub unsafe fn sem_close(
    real: unsafe extern "C" fn(*mut sem_t) -> c_int,
    semaphore: *mut sem_t,
) -> c_int {
    // SAFETY: the argument is the caller's, who called sem_close(3) with it.
    unsafe {
        if semaphore::close(semaphore) {
            0
        } else {
            real(semaphore)
        }
    }
}

/// What libc's open fails with at a symlink, which it does not follow.
fn on_link(flags: c_int) -> Errno {
    if flags & CREATES_NEW == CREATES_NEW {
        Errno::EXIST
    } else {
        Errno::LOOP
    }
}

fn remove(path: &CStr) -> c_int {
    match rustix::fs::unlinkat(CWD, path, AtFlags::empty()) {
        Ok(()) => 0,
        Err(Errno::PERM) => fail(Errno::ACCESS),
        Err(errno) => fail(errno),
    }
}

/// Calls libc, or does what it does with the file that the name leads to.
unsafe fn with_file<R: Failure>(
    prefix: &[u8],
    name: *const c_char,
    on_link: Errno,
    call: impl FnOnce() -> R,
    own: impl FnOnce(&CStr) -> R,
) -> R {
    if snapshot().is_none() || !is_readable(name) {
        return call();
    }
    // SAFETY: the caller's promise, but for the addresses just ruled out.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes();
    let leading = name.iter().take_while(|&&byte| byte == b'/').count();
    let name = &name[leading..];
    // What is no name is libc's to refuse.
    if name.is_empty() || name.contains(&b'/') || prefix.len() + name.len() > NAME_MAX {
        return call();
    }
    with_text(&[DIRECTORY, prefix, name], |path| {
        // SAFETY: `with_text` makes a C string.
        unsafe {
            resolve(libc::AT_FDCWD, path, Last::Entry, |operand| match operand {
                Operand::Given => Ok(call()),
                Operand::Rewritten(path) => Ok(own(path)),
                Operand::Link(_) => Err(on_link),
                Operand::Error(errno) => Err(errno),
            })
        }
    })
    .unwrap_or_else(fail)
}
