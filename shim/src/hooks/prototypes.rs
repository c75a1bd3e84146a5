//! Compares what is exported with the libc crate's prototypes, where that has the function: the compiler does it.
//!
//! The types need not be the same: wherever this library runs, `stat64` is `stat`. What counts is what is passed: numbers
//! of a size and sign, pointers to something of a size.

use std::ffi::{c_char, c_int, c_uint, c_ulong};

use libc::{mode_t, sem_t};

use crate::call::Code;

/// What is passed for an argument or a result.
#[derive(Clone, Copy)]
pub enum Passed {
    /// Nothing at all.
    Nothing,
    /// A number of so many bytes, and whether it has a sign.
    Number(usize, bool),
    /// The address of so many bytes, and whether they may be changed.
    Pointer(usize, bool),
    /// The address of a function, or none.
    Function,
}

/// A type that C functions take or return.
pub trait Passes {
    /// How it is passed.
    const PASSED: Passed;
}

macro_rules! numbers {
    ($($number:ty)*) => { $(
        impl Passes for $number {
            const PASSED: Passed = Passed::Number(size_of::<$number>(), <$number>::MIN != 0);
        }
    )* };
}

numbers! { i32 u32 i64 u64 isize usize }

impl Passes for () {
    const PASSED: Passed = Passed::Nothing;
}

impl Passes for Code {
    const PASSED: Passed = c_int::PASSED;
}

impl<T> Passes for *const T {
    const PASSED: Passed = Passed::Pointer(size_of::<T>(), false);
}

impl<T> Passes for *mut T {
    const PASSED: Passed = Passed::Pointer(size_of::<T>(), true);
}

impl<F> Passes for Option<F> {
    const PASSED: Passed = Passed::Function;
}

/// A type of C functions.
pub trait Prototype {
    /// How the result is passed, then the arguments.
    const PASSED: &[Passed];
}

macro_rules! prototypes {
    () => {};
    ($first:ident $($more:ident)*) => {
        impl<R: Passes, $($more: Passes),*> Prototype for unsafe extern "C" fn($($more),*) -> R {
            const PASSED: &[Passed] = &[R::PASSED, $($more::PASSED),*];
        }
        prototypes! { $($more)* }
    };
}

prototypes! { A B C D E F G H I }

/// Stops the compiler where a hook is not what is declared.
pub const fn compare<Hook: Prototype, Declared: Prototype + Copy>(_: Declared) {
    let mut index = 0;
    while index < Hook::PASSED.len() {
        assert!(
            is_same(Hook::PASSED[index], Declared::PASSED[index]),
            "an argument or the result is not what the libc crate declares"
        );
        index += 1;
    }
}

/// Does what `==` does, which no constant can.
const fn is_same(one: Passed, other: Passed) -> bool {
    use Passed::{Function, Nothing, Number, Pointer};

    match (one, other) {
        (Nothing, Nothing) | (Function, Function) => true,
        (Number(size, is_signed), Number(other_size, is_other_signed)) => {
            size == other_size && is_signed == is_other_signed
        }
        (Pointer(size, is_mutable), Pointer(other_size, is_other_mutable)) => {
            size == other_size && is_mutable == is_other_mutable
        }
        _ => false,
    }
}

/// What C declares with `...` and hooks have with fixed arguments in its stead: nothing can be compared.
pub mod variadic {
    use super::{c_char, c_int, c_uint, c_ulong, mode_t, sem_t};

    unsafe extern "C" {
        pub fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int;
        pub fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int;
        pub fn openat(dir: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int;
        pub fn openat64(dir: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int;
        pub fn prctl(option: c_int, a: c_ulong, b: c_ulong, c: c_ulong, d: c_ulong) -> c_int;
        pub fn sem_open(
            name: *const c_char,
            flags: c_int,
            mode: mode_t,
            value: c_uint,
        ) -> *mut sem_t;
    }
}
