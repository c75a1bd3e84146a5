//! `execl`, `execle` and `execlp`: their arguments, however many, are turned into an array where they lie.
//!
//! ABI: arguments behind `...` are passed in registers first, then on the stack. Stored just below those on the
//! stack, the ones in registers complete an array that ends with the caller's null pointer.

use std::ffi::{c_char, c_int};

use crate::environment::{self, Block};
use crate::hooks::exec;
use crate::launch::{Arguments, count};

/// Exports a variadic function that calls another with its first argument and an array of the rest.
macro_rules! variadic {
    ($($name:ident => $function:ident;)*) => { $(
        /// See exec(3).
        #[cfg(target_arch = "x86_64")]
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name() -> c_int {
            core::arch::naked_asm!(
                "pop rax",
                "push r9", "push r8", "push rcx", "push rdx", "push rsi",
                "mov rsi, rsp",
                "push rax",
                "call {function}",
                "pop rcx",
                "add rsp, 40",
                "push rcx",
                "ret",
                function = sym $function,
            )
        }

        /// See exec(3).
        #[cfg(target_arch = "aarch64")]
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name() -> c_int {
            core::arch::naked_asm!(
                "sub sp, sp, #80",
                "str x30, [sp]",
                "str x1, [sp, #24]",
                "stp x2, x3, [sp, #32]",
                "stp x4, x5, [sp, #48]",
                "stp x6, x7, [sp, #64]",
                "add x1, sp, #24",
                "bl {function}",
                "ldr x30, [sp]",
                "add sp, sp, #80",
                "ret",
                function = sym $function,
            )
        }
    )* };
}

variadic! {
    execl => execl_array;
    execle => execle_array;
    execlp => execlp_array;
}

unsafe extern "C" fn execl_array(path: *const c_char, argv: Arguments) -> c_int {
    // SAFETY: the caller's arguments end with a null pointer, as exec(3) demands.
    unsafe { exec::execve_next(path, argv, environment::current()) }
}

unsafe extern "C" fn execle_array(path: *const c_char, argv: Arguments) -> c_int {
    // SAFETY: as above; the environment comes after the null pointer.
    unsafe {
        let envp: Block = (*argv.add(count(argv) + 1)).cast();
        exec::execve_next(path, argv, envp)
    }
}

unsafe extern "C" fn execlp_array(file: *const c_char, argv: Arguments) -> c_int {
    // SAFETY: as above.
    unsafe { exec::search(file, argv, environment::current()) }
}
