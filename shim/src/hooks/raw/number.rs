//! A system call as a function of libc's kind: its arguments and its result have types again.

use std::ffi::{c_int, c_long, c_uint, c_ulong};

use rustix::io::Errno;

use super::{REAL, Syscall};
use crate::call::fail;
use crate::expand::numbered;

/// A type that fits a register.
pub trait Word: Copy {
    /// Reads it.
    fn of(word: c_long) -> Self;
    /// Writes it.
    fn word(self) -> c_long;
}

macro_rules! integers {
    ($($type:ty)+) => { $(
        impl Word for $type {
            fn of(word: c_long) -> Self {
                word as Self
            }

            fn word(self) -> c_long {
                self as c_long
            }
        }
    )+ };
}

integers! { c_int c_uint c_long c_ulong isize usize }

impl<T> Word for *const T {
    fn of(word: c_long) -> Self {
        std::ptr::with_exposed_provenance(word as usize)
    }

    fn word(self) -> c_long {
        self.expose_provenance() as c_long
    }
}

impl<T> Word for *mut T {
    fn of(word: c_long) -> Self {
        std::ptr::with_exposed_provenance_mut(word as usize)
    }

    fn word(self) -> c_long {
        self.expose_provenance() as c_long
    }
}

/// A function's type, which the system call `NUMBER` has, too.
pub trait Numbered<const NUMBER: c_long> {
    /// Returns the function that makes this system call.
    fn function() -> Self;
}

numbered! {
    (a: A)
    (a: A, b: B)
    (a: A, b: B, c: C)
    (a: A, b: B, c: C, d: D)
    (a: A, b: B, c: C, d: D, e: E)
    (a: A, b: B, c: C, d: D, e: E, f: F)
}

/// Makes a system call by the next definition of `syscall()`.
///
/// # Safety
///
/// As for the system call.
pub unsafe fn next(number: c_long, [a, b, c, d, e, f]: [c_long; 6]) -> c_long {
    // SAFETY: the type is that of syscall(2); the rest is the caller's promise.
    unsafe {
        match REAL.get::<Syscall>() {
            Some(real) => real(number, a, b, c, d, e, f),
            None => fail(Errno::NOSYS),
        }
    }
}

/// Fills what a system call does not have with zeroes.
fn six<const COUNT: usize>(given: [c_long; COUNT]) -> [c_long; 6] {
    std::array::from_fn(|index| given.get(index).copied().unwrap_or_default())
}
