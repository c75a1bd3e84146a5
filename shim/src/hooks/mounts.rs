//! Calls whose argument is a name of a file only at times.

use std::ffi::{CStr, c_char, c_int, c_uint, c_ulong, c_void};

use psl_table::walk::Last;

use crate::call::{followed, operand};

type Mount = unsafe extern "C" fn(
    *const c_char,
    *const c_char,
    *const c_char,
    c_ulong,
    *const c_void,
) -> c_int;
type Quotactl = unsafe extern "C" fn(c_int, *const c_char, c_int, *mut c_char) -> c_int;
type Fsconfig = unsafe extern "C" fn(c_int, c_uint, *const c_char, *const c_void, c_int) -> c_int;

/// See mount(2): what is mounted is a file when it is bound or moved, or when it is spelt as an absolute path.
pub unsafe fn mount(
    real: Mount,
    source: *const c_char,
    target: *const c_char,
    kind: *const c_char,
    flags: c_ulong,
    data: *const c_void,
) -> c_int {
    // SAFETY: the arguments are the caller's, who called mount(2) with them.
    unsafe {
        let to_target = |source| {
            operand(
                libc::AT_FDCWD,
                target,
                Last::Followed,
                followed,
                |_, target| real(source, target, kind, flags, data),
            )
        };
        let moved = flags & (libc::MS_BIND | libc::MS_MOVE) != 0 && flags & libc::MS_REMOUNT == 0;
        if source.is_null() || !(moved || *source == b'/' as c_char) {
            return to_target(source);
        }
        operand(
            libc::AT_FDCWD,
            source,
            Last::Followed,
            followed,
            |_, source| to_target(source),
        )
    }
}

/// See quotactl(2): `Q_QUOTAON` names a file of quotas, too.
pub unsafe fn quotactl(
    real: Quotactl,
    command: c_int,
    special: *const c_char,
    id: c_int,
    address: *mut c_char,
) -> c_int {
    /// The command is above the kind of quota that it is for.
    const SHIFT: c_int = 8;
    // SAFETY: the arguments are the caller's, who called quotactl(2) with them.
    unsafe {
        operand(
            libc::AT_FDCWD,
            special,
            Last::Followed,
            followed,
            |_, special| {
                if command >> SHIFT != libc::Q_QUOTAON {
                    return real(command, special, id, address);
                }
                operand(
                    libc::AT_FDCWD,
                    address,
                    Last::Followed,
                    followed,
                    |_, address| real(command, special, id, address.cast_mut()),
                )
            },
        )
    }
}

/// See fsconfig(2): a path, or the text of `source`, which is one when it is absolute.
pub unsafe fn fsconfig(
    real: Fsconfig,
    fd: c_int,
    command: c_uint,
    key: *const c_char,
    value: *const c_void,
    dir: c_int,
) -> c_int {
    const SET_STRING: c_uint = 1;
    const SET_PATH: c_uint = 3;
    // SAFETY: the arguments are the caller's, who called fsconfig(2) with them.
    unsafe {
        let path: *const c_char = value.cast();
        match command {
            SET_PATH => operand(dir, path, Last::Followed, followed, |dir, path| {
                real(fd, command, key, path.cast(), dir)
            }),
            SET_STRING
                if !key.is_null()
                    && CStr::from_ptr(key) == c"source"
                    && *path == b'/' as c_char =>
            {
                operand(libc::AT_FDCWD, path, Last::Followed, followed, |_, path| {
                    real(fd, command, key, path.cast(), dir)
                })
            }
            _ => real(fd, command, key, value, dir),
        }
    }
}
