//! Functions that look at names themselves before they open anything.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::null_mut;

use libc::FILE;
use psl_table::walk::Last;

use crate::call::{fail, followed, operand};
use crate::environment;
use crate::link_itself::{self, fopen_flags, kept_by_open};
use crate::resolve::{Operand, resolve};

/// See catopen(3): a name without a slash is searched along `NLSPATH`.
pub unsafe fn catopen(
    real: unsafe extern "C" fn(*const c_char, c_int) -> *mut c_void,
    name: *const c_char,
    flag: c_int,
) -> *mut c_void {
    // SAFETY: the arguments are the caller's, who called catopen(3) with them.
    unsafe {
        if name.is_null() || !CStr::from_ptr(name).to_bytes().contains(&b'/') {
            return real(name, flag);
        }
        let found: isize = operand(libc::AT_FDCWD, name, Last::Followed, followed, |_, name| {
            real(name, flag).expose_provenance() as isize
        });
        std::ptr::with_exposed_provenance_mut(found as usize)
    }
}

/// See freopen(3): the stream is closed even if the path cannot be opened.
pub unsafe fn freopen(
    real: unsafe extern "C" fn(*const c_char, *const c_char, *mut FILE) -> *mut FILE,
    path: *const c_char,
    mode: *const c_char,
    stream: *mut FILE,
) -> *mut FILE {
    // SAFETY: the arguments are the caller's, who called freopen(3) with them.
    unsafe {
        let flags = fopen_flags(mode);
        let last = kept_by_open(path, flags);
        let failed = |errno| {
            // No file has this name.
            real(c"".as_ptr(), mode, stream);
            fail(errno)
        };
        resolve(libc::AT_FDCWD, path, last, |operand| match operand {
            Operand::Given => real(path, mode, stream),
            Operand::Rewritten(name) => real(name.as_ptr(), mode, stream),
            Operand::Link(_) => link_itself::refuse(path, flags).unwrap_or_else(failed),
            Operand::Error(errno) => failed(errno),
        })
    }
}

/// See get_current_dir_name(3): `PWD`, if it still names the working directory.
pub unsafe fn get_current_dir_name(_: unsafe extern "C" fn() -> *mut c_char) -> *mut c_char {
    // SAFETY: the environment is this process's; its strings are C strings.
    unsafe {
        let given =
            environment::find(environment::current(), b"PWD").filter(|path| !path.is_empty());
        let names_it =
            |given: &&CStr| identity(c".").is_some_and(|here| identity(given) == Some(here));
        if let Some(given) = given.filter(names_it) {
            return libc::strdup(given.as_ptr());
        }
        libc::getcwd(null_mut(), 0)
    }
}

/// Returns device and inode of what a path leads to.
unsafe fn identity(path: &CStr) -> Option<(u64, u64)> {
    // SAFETY: a C string.
    let stat = unsafe {
        resolve(
            libc::AT_FDCWD,
            path.as_ptr(),
            Last::Followed,
            |operand| match operand {
                Operand::Given => rustix::fs::stat(path).ok(),
                Operand::Rewritten(name) => rustix::fs::stat(name).ok(),
                Operand::Link(_) | Operand::Error(_) => None,
            },
        )
    };
    stat.map(|stat| (stat.st_dev, stat.st_ino))
}
