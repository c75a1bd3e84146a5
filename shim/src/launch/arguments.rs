//! Argument vectors, and the one that the kernel makes for an interpreter.

use std::ffi::{CStr, c_char};

use rustix::io::Errno;

use crate::frame;

/// An argument vector that ends with a null pointer.
pub type Arguments = *const *const c_char;

/// Builds the argument vector of an interpreter: the first argument, the caller's name for it, is lost.
///
/// # Safety
///
/// `argv` is null or ends with a null pointer.
pub unsafe fn with_interpreter<R>(
    path: &CStr,
    argument: Option<&CStr>,
    script: *const c_char,
    argv: Arguments,
    then: impl FnOnce(Arguments) -> Result<R, Errno>,
) -> Result<R, Errno> {
    let head = [path.as_ptr(), argument.map_or(script, CStr::as_ptr), script];
    let length = 2 + usize::from(argument.is_some());
    // SAFETY: the caller's promise.
    unsafe { with_head(&head[..length], argv, then) }
}

/// Puts arguments in the place of the first one.
///
/// # Safety
///
/// `argv` is null or ends with a null pointer.
pub unsafe fn with_head<R>(
    head: &[*const c_char],
    argv: Arguments,
    then: impl FnOnce(Arguments) -> Result<R, Errno>,
) -> Result<R, Errno> {
    // SAFETY: the caller's promise.
    let rest = unsafe { count(argv) }.max(1) - 1;
    let made = frame::with_words(head.len() + rest + 1, |words| {
        // SAFETY: `rest` pointers come after the first.
        let tail = (0..rest).map(|index| unsafe { *argv.add(1 + index) });
        for (word, pointer) in words.iter_mut().zip(head.iter().copied().chain(tail)) {
            *word = pointer.expose_provenance();
        }
        then(words.as_ptr().cast())
    });
    made.unwrap_or(Err(Errno::TOOBIG))
}

/// Counts an argument vector; the kernel takes null for an empty one.
///
/// # Safety
///
/// `argv` is null or ends with a null pointer.
pub unsafe fn count(argv: Arguments) -> usize {
    if argv.is_null() {
        return 0;
    }
    // SAFETY: the caller's promise.
    (0..)
        .take_while(|&index| unsafe { !(*argv.add(index)).is_null() })
        .count()
}
