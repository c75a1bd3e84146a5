//! Arrays on the stack whose size is known only when a program is started.
//!
//! A vfork(2) child shares its parent's memory until it executes: what it takes from a pool or maps would be lost
//! to the parent. Its stack frame is what it leaves behind anyway, and what libc uses for execl(3), too.

use std::mem::MaybeUninit;

/// Hands on an array of `count` words, or returns none if that is more than the kernel takes as arguments.
pub fn with_words<R>(count: usize, then: impl FnOnce(&mut [usize]) -> R) -> Option<R> {
    match count {
        0..=128 => Some(frame::<128, R>(count, then)),
        129..=1024 => Some(frame::<1024, R>(count, then)),
        1025..=8192 => Some(frame::<8192, R>(count, then)),
        8193..=65536 => Some(frame::<65536, R>(count, then)),
        65537..=524_288 => Some(frame::<524_288, R>(count, then)),
        _ => None,
    }
}

/// Has the array in a frame of its own, so that only the size that is needed is taken.
#[inline(never)]
fn frame<const N: usize, R>(count: usize, then: impl FnOnce(&mut [usize]) -> R) -> R {
    let mut words = [const { MaybeUninit::<usize>::uninit() }; N];
    let words = &mut words[..count];
    for word in &mut *words {
        word.write(0);
    }
    // SAFETY: all `count` words were just written.
    then(unsafe { &mut *(std::ptr::from_mut(words) as *mut [usize]) })
}
