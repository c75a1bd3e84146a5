//! System calls that libc has no function for, or one with other arguments.

use std::ffi::{c_char, c_int, c_uint, c_void};

#[cfg(target_arch = "x86_64")]
use libc::ssize_t;
use libc::{mode_t, size_t};
use rustix::io::Errno;

use crate::expand::{action, around, kernel, operands};
use crate::hooks::filter;
#[cfg(target_arch = "x86_64")]
use crate::hooks::records;
use crate::link_itself::kept_if;

kernel! {
    // Before the calls with a `2` in their names, libc did itself what their flags say.

    fn faccessat(dir: c_int, path: *const c_char, mode: c_int) -> c_int, { dir/path };
    fn fchmodat(dir: c_int, path: *const c_char, mode: mode_t) -> c_int, { dir/path };

    fn setxattrat(dir: c_int, path: *const c_char, flags: c_uint, name: *const c_char, value: *const c_void, size: size_t) -> c_int,
        { dir/path: kept_if(flags as c_int & libc::AT_SYMLINK_NOFOLLOW), |_| Err(Errno::PERM) };
    fn getxattrat(dir: c_int, path: *const c_char, flags: c_uint, name: *const c_char, value: *mut c_void, size: size_t) -> c_int,
        { dir/path: kept_if(flags as c_int & libc::AT_SYMLINK_NOFOLLOW), |_| Err(Errno::NODATA) };
    fn listxattrat(dir: c_int, path: *const c_char, flags: c_uint, list: *mut c_char, size: size_t) -> c_int,
        { dir/path: kept_if(flags as c_int & libc::AT_SYMLINK_NOFOLLOW), |_| Ok(0) };
    fn removexattrat(dir: c_int, path: *const c_char, flags: c_uint, name: *const c_char) -> c_int,
        { dir/path: kept_if(flags as c_int & libc::AT_SYMLINK_NOFOLLOW), |_| Err(Errno::PERM) };

    fn file_getattr(dir: c_int, path: *const c_char, attributes: *mut c_void, size: size_t, flags: c_uint) -> c_int,
        { dir/path: kept_if(flags as c_int & libc::AT_SYMLINK_NOFOLLOW), |_| Err(Errno::OPNOTSUPP) };
    fn file_setattr(dir: c_int, path: *const c_char, attributes: *mut c_void, size: size_t, flags: c_uint) -> c_int,
        { dir/path: kept_if(flags as c_int & libc::AT_SYMLINK_NOFOLLOW), |_| Err(Errno::OPNOTSUPP) };
    fn open_tree_attr(dir: c_int, path: *const c_char, flags: c_uint, attributes: *mut c_void, size: size_t) -> c_int,
        { dir/path: kept_if(flags as c_int & libc::AT_SYMLINK_NOFOLLOW), |_| Err(Errno::LOOP) };

    fn seccomp(operation: c_uint, flags: c_uint, arguments: *mut c_void) -> c_int, { => filter::seccomp };
}

#[cfg(target_arch = "x86_64")]
kernel! {
    fn getdents(fd: c_int, batch: *mut c_void, size: size_t) -> ssize_t, { => records::getdents };
}
