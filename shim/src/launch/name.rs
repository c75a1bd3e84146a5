//! A program's name as the kernel has to get it, on the stack.

use std::ffi::{c_char, c_int};

use psl_table::walk::Last;
use rustix::io::Errno;

use crate::frame;
use crate::resolve::{Operand, resolve};

/// Resolves a program's name to the stack, and hands on what the kernel has to get for it, and whether it is another.
///
/// Not to a walk's memory: a vfork(2) child that executes would never give that back to its parent.
///
/// # Safety
///
/// As for [`resolve()`].
pub unsafe fn with_name<R>(
    dir: c_int,
    path: *const c_char,
    last: Last,
    then: &mut dyn FnMut(c_int, *const c_char, bool) -> Result<R, Errno>,
) -> Result<R, Errno> {
    let measure = |operand: Operand<'_>| match operand {
        Operand::Given => Ok(None),
        Operand::Rewritten(name) => Ok(Some(name.count_bytes())),
        Operand::Link(_) => Err(Errno::LOOP),
        Operand::Error(errno) => Err(errno),
    };
    // SAFETY: the caller's promise.
    let Some(length) = unsafe { resolve(dir, path, last, measure) }? else {
        return then(dir, path, false);
    };
    let made = frame::with_words(length / size_of::<usize>() + 1, |words| {
        // SAFETY: words are bytes.
        let room =
            unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast::<u8>(), length + 1) };
        let copy = |operand: Operand<'_>| match operand {
            Operand::Rewritten(name) if name.count_bytes() == length => {
                room.copy_from_slice(name.to_bytes_with_nul());
                Ok(())
            }
            Operand::Error(errno) => Err(errno),
            // Somebody moved a symlink on the way in between.
            _ => Err(Errno::AGAIN),
        };
        // SAFETY: as above.
        unsafe { resolve(dir, path, last, copy) }?;
        then(libc::AT_FDCWD, words.as_ptr().cast(), true)
    });
    made.unwrap_or(Err(Errno::NAMETOOLONG))
}
