//! `dlopen` and `dlmopen`: a path that leads through a link is exchanged, and libc is jumped to, not called.
//!
//! dlopen(3) looks at its return address: the caller's `RUNPATH`, `$ORIGIN` and namespace count. So the return address
//! stays the caller's. A library behind a link is loaded by its physical path, which dladdr(3) tells. Names without a
//! slash, which ld.so searches, are exchanged only where its cache leads behind a link; paths with `$ORIGIN`, `$LIB` or
//! `$PLATFORM`, which it expands, stay as they are.

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::ptr::null_mut;

use psl_table::walk::Last;

use crate::environment::Start;
use crate::intern::intern;
use crate::loader_cache;
use crate::real::Real;
use crate::resolve::{Operand, resolve, snapshot};
use crate::restart::is_audited;
use crate::tokens::has_tokens;

static DLOPEN: Real = Real::new(c"dlopen");
static DLMOPEN: Real = Real::new(c"dlmopen");

/// The next definitions of the symbols that are hooked here.
pub static REAL: &[&Real] = &[&DLOPEN, &DLMOPEN];

/// What to jump to, and with which path: C functions return two words in two registers.
#[repr(C)]
struct Jump {
    path: *const c_char,
    to: *mut c_void,
}

/// See dlopen(3).
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn dlopen() -> *mut c_void {
    core::arch::naked_asm!(
        "push rsi",
        "call {jump}",
        "pop rsi",
        "mov rdi, rax",
        "jmp rdx",
        jump = sym dlopen_jump,
    )
}

/// See dlmopen(3).
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn dlmopen() -> *mut c_void {
    core::arch::naked_asm!(
        "push rdi",
        "push rdx",
        "sub rsp, 8",
        "mov rdi, rsi",
        "call {jump}",
        "mov rsi, rax",
        "mov rax, rdx",
        "add rsp, 8",
        "pop rdx",
        "pop rdi",
        "jmp rax",
        jump = sym dlmopen_jump,
    )
}

/// See dlopen(3).
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn dlopen() -> *mut c_void {
    core::arch::naked_asm!(
        "stp x1, x30, [sp, #-16]!",
        "bl {jump}",
        "mov x16, x1",
        "ldp x1, x30, [sp], #16",
        "br x16",
        jump = sym dlopen_jump,
    )
}

/// See dlmopen(3).
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn dlmopen() -> *mut c_void {
    core::arch::naked_asm!(
        "stp x0, x2, [sp, #-32]!",
        "str x30, [sp, #16]",
        "mov x0, x1",
        "bl {jump}",
        "mov x16, x1",
        "mov x1, x0",
        "ldr x30, [sp, #16]",
        "ldp x0, x2, [sp], #32",
        "br x16",
        jump = sym dlmopen_jump,
    )
}

unsafe extern "C" fn dlopen_jump(path: *const c_char) -> Jump {
    // SAFETY: the argument is the caller's, who called dlopen(3) with it.
    unsafe { jump(path, &DLOPEN) }
}

unsafe extern "C" fn dlmopen_jump(path: *const c_char) -> Jump {
    // SAFETY: the argument is the caller's, who called dlmopen(3) with it.
    unsafe { jump(path, &DLMOPEN) }
}

unsafe fn jump(path: *const c_char, real: &Real) -> Jump {
    let to = match real.bind() {
        bound if bound.is_null() => absent as *mut c_void,
        bound => bound,
    };
    // SAFETY: the caller's promise.
    let path = unsafe { without_links(path, std::ptr::eq(real, &DLOPEN)) };
    Jump { path, to }
}

/// Stands where a libc has no such function.
extern "C" fn absent() -> *mut c_void {
    null_mut()
}

/// Names nothing, ever: what dlopen(3) gets where it has to fail.
const NOTHING: &CStr = c"/proc/self/fd/-1";

unsafe fn without_links(path: *const c_char, is_own_namespace: bool) -> *const c_char {
    if path.is_null() || snapshot().is_none() {
        return path;
    }
    // SAFETY: the caller's promise.
    unsafe {
        let given = CStr::from_ptr(path).to_bytes();
        if !given.contains(&b'/') {
            let known = is_own_namespace.then(|| by_name(path, given)).flatten();
            return known.unwrap_or(path);
        }
        if has_tokens(given) {
            return path;
        }
        let kept = resolve(
            libc::AT_FDCWD,
            path,
            Last::Followed,
            |operand| match operand {
                Operand::Given => Some(path),
                Operand::Rewritten(name) => intern(&[name.to_bytes()]),
                // The message has the caller's path in it, if not always the right reason.
                Operand::Link(_) | Operand::Error(_) => intern(&[NOTHING.to_bytes(), b"/", given]),
            },
        );
        kept.unwrap_or(NOTHING.as_ptr())
    }
}

/// Finds the library that a name leads to where the loader, unless it is audited, would find another.
unsafe fn by_name(name: *const c_char, text: &[u8]) -> Option<*const c_char> {
    type Dlopen = unsafe extern "C" fn(*const c_char, c_int) -> *mut c_void;
    let start = Start::read();
    if text.is_empty() || is_audited(&start) {
        return None;
    }
    let library_path = start.get("LD_LIBRARY_PATH").map(OsStr::as_bytes);
    let found = loader_cache::find(text, library_path)?;
    // SAFETY: the type is dlopen's, and the name the caller's.
    unsafe {
        let real = DLOPEN.get::<Dlopen>()?;
        let loaded = real(name, libc::RTLD_LAZY | libc::RTLD_NOLOAD);
        if loaded.is_null() {
            // The caller is not to find an error that it did not make.
            libc::dlerror();
            return Some(found);
        }
        libc::dlclose(loaded);
    }
    None
}
