//! A search for a program along `PATH`, as exec(3) says and as glibc does it.

use std::ffi::{CStr, c_char};

use rustix::io::Errno;

use crate::environment;
use crate::frame;

/// The longest component of a path.
pub const NAME_MAX: usize = 255;

/// Tries the paths that `PATH` makes of a name without a slash, until one does not say that it is not there.
///
/// Fails with `EACCES` when one was there but may not be executed, else as the last one did.
///
/// # Safety
///
/// Nobody changes the environment meanwhile.
pub unsafe fn along_path<R>(
    name: &[u8],
    mut attempt: impl FnMut(*const c_char) -> Result<R, Errno>,
) -> Result<R, Errno> {
    if name.len() > NAME_MAX {
        return Err(Errno::NAMETOOLONG);
    }
    // SAFETY: the caller's promise.
    let path = unsafe { environment::find(environment::current(), b"PATH") };
    let path = path.map_or(&b"/bin:/usr/bin"[..], CStr::to_bytes);
    let mut denied = false;
    let mut last = Errno::NOENT;
    for dir in path.split(|&byte| byte == b':') {
        let slash: &[u8] = if dir.is_empty() { b"" } else { b"/" };
        match with_text(&[dir, slash, name], &mut attempt) {
            Err(Errno::ACCESS) => denied = true,
            Err(
                errno @ (Errno::NOENT
                | Errno::STALE
                | Errno::NOTDIR
                | Errno::NODEV
                | Errno::TIMEDOUT),
            ) => last = errno,
            found => return found,
        }
    }
    Err(if denied { Errno::ACCESS } else { last })
}

/// Puts text together on the stack.
pub fn with_text<R>(
    parts: &[&[u8]],
    then: impl FnOnce(*const c_char) -> Result<R, Errno>,
) -> Result<R, Errno> {
    let size = parts.iter().map(|part| part.len()).sum::<usize>() + 1;
    let made = frame::with_words(size.div_ceil(size_of::<usize>()), |words| {
        let start: *mut u8 = words.as_mut_ptr().cast();
        let mut at = start;
        for part in parts {
            // SAFETY: the words have room for all parts and a NUL, and are zero.
            unsafe {
                at.copy_from_nonoverlapping(part.as_ptr(), part.len());
                at = at.add(part.len());
            }
        }
        then(start.cast())
    });
    made.unwrap_or(Err(Errno::TOOBIG))
}
