//! Calls that put this process under a seccomp filter: from there on nothing is asked of the kernel that the program
//! itself would not ask.

use std::ffi::{c_int, c_uint, c_ulong, c_void};

use crate::live;

/// What prctl(2) makes a filter by.
const PR_SET_SECCOMP: c_int = libc::PR_SET_SECCOMP;

/// What seccomp(2) does beside making filters: it says what the kernel knows.
const ASKING: [c_uint; 2] = [
    libc::SECCOMP_GET_ACTION_AVAIL,
    libc::SECCOMP_GET_NOTIF_SIZES,
];

/// See prctl(2).
///
/// ABI: its arguments behind `...` are words, and are passed as those of a prototype are.
pub unsafe fn prctl(
    real: unsafe extern "C" fn(c_int, c_ulong, c_ulong, c_ulong, c_ulong) -> c_int,
    option: c_int,
    a: c_ulong,
    b: c_ulong,
    c: c_ulong,
    d: c_ulong,
) -> c_int {
    // SAFETY: the arguments are the caller's, who called prctl(2) with them.
    let call = || unsafe { real(option, a, b, c, d) };
    match option {
        PR_SET_SECCOMP => filtering(call),
        _ => call(),
    }
}

/// See seccomp(2).
pub unsafe fn seccomp(
    real: unsafe extern "C" fn(c_uint, c_uint, *mut c_void) -> c_int,
    operation: c_uint,
    flags: c_uint,
    arguments: *mut c_void,
) -> c_int {
    // SAFETY: the arguments are the caller's, who called seccomp(2) with them.
    let call = || unsafe { real(operation, flags, arguments) };
    match ASKING.contains(&operation) {
        true => call(),
        false => filtering(call),
    }
}

/// Makes a call that sets a filter; programs that only try whether they could get `EFAULT`.
fn filtering(call: impl FnOnce() -> c_int) -> c_int {
    let before = live::stay(true);
    let done = call();
    if done == -1 {
        live::stay(before);
    }
    done
}
