//! Calls that give this process another working directory, or another root, where the paths of links mean others.

use std::ffi::{c_char, c_int};

use psl_table::tree::Host;
use psl_table::walk::Last;

use crate::call::{followed, operand};
use crate::known;

/// See chdir(2).
pub unsafe fn chdir(
    real: unsafe extern "C" fn(*const c_char) -> c_int,
    path: *const c_char,
) -> c_int {
    // SAFETY: the argument is the caller's, who called chdir(2) with it.
    let done = unsafe { at_directory(real, path) };
    known::moved();
    done
}

/// See fchdir(2).
pub unsafe fn fchdir(real: unsafe extern "C" fn(c_int) -> c_int, fd: c_int) -> c_int {
    // SAFETY: the argument is the caller's, who called fchdir(2) with it.
    let done = unsafe { real(fd) };
    known::moved();
    done
}

/// See chroot(2).
pub unsafe fn chroot(
    real: unsafe extern "C" fn(*const c_char) -> c_int,
    path: *const c_char,
) -> c_int {
    // SAFETY: the argument is the caller's, who called chroot(2) with it.
    doubted(unsafe { at_directory(real, path) })
}

/// See pivot_root(2).
pub unsafe fn pivot_root(
    real: unsafe extern "C" fn(*const c_char, *const c_char) -> c_int,
    root: *const c_char,
    old: *const c_char,
) -> c_int {
    // SAFETY: the arguments are the caller's, who called pivot_root(2) with them.
    let done = unsafe {
        operand(libc::AT_FDCWD, root, Last::Followed, followed, |_, root| {
            operand(libc::AT_FDCWD, old, Last::Followed, followed, |_, old| {
                real(root, old)
            })
        })
    };
    doubted(done)
}

/// See unshare(2): a thread may get a working directory, a root and mounts of its own.
pub unsafe fn unshare(real: unsafe extern "C" fn(c_int) -> c_int, kinds: c_int) -> c_int {
    // Before it: no thread is to use a name of another's.
    known::no_longer_shared();
    // SAFETY: the argument is the caller's, who called unshare(2) with it.
    let done = unsafe { real(kinds) };
    known::forget();
    done
}

/// See setns(2): into another mount namespace it goes with that one's root.
pub unsafe fn setns(
    real: unsafe extern "C" fn(c_int, c_int) -> c_int,
    fd: c_int,
    kinds: c_int,
) -> c_int {
    // SAFETY: the arguments are the caller's, who called setns(2) with them.
    doubted(unsafe { real(fd, kinds) })
}

/// Calls what takes one directory.
///
/// # Safety
///
/// As for the function.
unsafe fn at_directory(
    real: unsafe extern "C" fn(*const c_char) -> c_int,
    path: *const c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        operand(libc::AT_FDCWD, path, Last::Followed, followed, |_, path| {
            real(path)
        })
    }
}

fn doubted(done: c_int) -> c_int {
    if done == 0 {
        Host::doubt_root();
    }
    known::no_longer_shared();
    known::forget();
    done
}
