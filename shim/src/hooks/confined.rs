//! openat2(2), whose `resolve` flags may forbid what a link does.

use std::ffi::{c_char, c_int};

use libc::size_t;
use psl_table::walk::Last;
use rustix::io::Errno;

use crate::call::{fail, operand};
use crate::link_itself::{self, kept_by_open};
use crate::resolve::{Operand, resolve};

/// What openat2(2) is to do.
#[repr(C)]
pub struct OpenHow {
    flags: u64,
    mode: u64,
    resolve: u64,
}

type Openat2 = unsafe extern "C" fn(c_int, *const c_char, *const OpenHow, size_t) -> c_int;

/// See openat2(2): a link is a symlink to an absolute path, which leads out of every confined tree.
///
/// `RESOLVE_IN_ROOT` would have the target below `dir`; that is refused with `EXDEV` rather than guessed.
pub unsafe fn openat2(
    real: Openat2,
    dir: c_int,
    path: *const c_char,
    how: *const OpenHow,
    size: size_t,
) -> c_int {
    /// What makes a walk fail at a symlink to an absolute path.
    const CONFINED: u64 = libc::RESOLVE_BENEATH | libc::RESOLVE_IN_ROOT;
    // SAFETY: the arguments are the caller's; a shorter or missing structure is the kernel's to refuse.
    unsafe {
        if how.is_null() || size < size_of::<OpenHow>() {
            return real(dir, path, how, size);
        }
        let flags = (*how).flags as c_int;
        let last = kept_by_open(path, flags);
        let resolution = (*how).resolve;
        if resolution & (libc::RESOLVE_NO_SYMLINKS | CONFINED) == 0 {
            let on_link = |link: &_| link_itself::open(link, path, flags);
            return operand(dir, path, last, on_link, |dir, path| {
                real(dir, path, how, size)
            });
        }
        resolve(dir, path, last, |met| match met {
            Operand::Given => real(dir, path, how, size),
            Operand::Error(errno) => fail(errno),
            Operand::Link(_) if last == Last::Entry => fail(Errno::EXIST),
            Operand::Rewritten(_) if resolution & CONFINED != 0 => fail(Errno::XDEV),
            Operand::Link(_) | Operand::Rewritten(_) => fail(Errno::LOOP),
        })
    }
}
