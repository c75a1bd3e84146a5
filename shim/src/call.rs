//! The pipeline of a call: its operands are resolved one after another, then the real function is called.

use std::ffi::{c_char, c_int};

use psl_table::snapshot::Link;
use psl_table::walk::Last;
use rustix::io::Errno;

use crate::known::{self, Known};
use crate::resolve::{Operand, further};

/// A C function's result, which says when it failed.
pub trait Failure {
    /// Says why.
    fn because(errno: Errno) -> Self;
}

impl Failure for c_int {
    fn because(errno: Errno) -> Self {
        in_errno(errno, -1)
    }
}

/// Both `ssize_t` and `long`.
impl Failure for isize {
    fn because(errno: Errno) -> Self {
        in_errno(errno, -1)
    }
}

impl Failure for i64 {
    fn because(errno: Errno) -> Self {
        in_errno(errno, -1)
    }
}

impl<T> Failure for *mut T {
    fn because(errno: Errno) -> Self {
        in_errno(errno, std::ptr::null_mut())
    }
}

/// Nobody can be told.
impl Failure for () {
    fn because(_: Errno) {}
}

/// The result of a function that returns the error number itself, and leaves errno alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Code(pub c_int);

impl Failure for Code {
    fn because(errno: Errno) -> Self {
        Self(errno.raw_os_error())
    }
}

/// Resolves one operand, relative to `dir`, and goes on with what the kernel is to get for it.
///
/// `on_link` answers when the operand ends at a private link that is not followed.
///
/// # Safety
///
/// As for [`resolve`](crate::resolve::resolve).
#[inline(always)]
pub unsafe fn operand<R: Failure>(
    dir: c_int,
    path: *const c_char,
    last: Last,
    on_link: impl FnOnce(&Link) -> Result<R, Errno>,
    call: impl FnOnce(c_int, *const c_char) -> R,
) -> R {
    // SAFETY: the caller's promise.
    let known = unsafe { known::glance(dir, path, last) };
    if known == Known::QUIET {
        return call(dir, path);
    }
    // SAFETY: the caller's promise.
    unsafe {
        further(known, dir, path, last, move |operand| match operand {
            Operand::Given => call(dir, path),
            Operand::Rewritten(name) => call(libc::AT_FDCWD, name.as_ptr()),
            Operand::Link(link) => on_link(link).unwrap_or_else(|errno| fail(errno)),
            Operand::Error(errno) => fail(errno),
        })
    }
}

/// Answers for a link that the call follows: there is no such end to the walk.
pub fn followed<R>(_: &Link) -> Result<R, Errno> {
    Err(Errno::LOOP)
}

fn in_errno<R>(errno: Errno, failed: R) -> R {
    // SAFETY: errno of this thread can always be written.
    unsafe { *libc::__errno_location() = errno.raw_os_error() };
    failed
}

/// Fails, with what says so.
pub fn fail<R: Failure>(errno: Errno) -> R {
    R::because(errno)
}
