//! `dlopen` and `dlmopen`: a path that leads through a link is exchanged, and libc is jumped to, not called.
//!
//! dlopen(3) looks at its return address: the caller's `RUNPATH`, `$ORIGIN` and namespace count. So the return address
//! stays the caller's. A library behind a link is loaded by its physical path, which dladdr(3) tells. Names without a
//! slash, which ld.so searches, are exchanged only where it would find another library than links lead to; paths with `$ORIGIN`, `$LIB` or
//! `$PLATFORM`, which it expands, stay as they are.

use std::ffi::{CStr, OsStr, c_char, c_void};
use std::os::unix::ffi::OsStrExt;
use std::ptr::null_mut;

use psl_table::walk::Last;

use self::needed::Opener;
use crate::environment::Start;
use crate::intern::intern;
use crate::real::{Real, Symbol};
use crate::resolve::{Operand, resolve, snapshot};
use crate::restart::is_audited;
use crate::tokens::has_tokens;

mod cache;
mod needed;

enum Dlopen {}
enum Dlmopen {}

impl Symbol for Dlopen {
    const NAME: &CStr = c"dlopen";
}

impl Symbol for Dlmopen {
    const NAME: &CStr = c"dlmopen";
}

static DLOPEN: Real<Dlopen> = Real::new();
static DLMOPEN: Real<Dlmopen> = Real::new();

/// Binds the symbols that are hooked here.
pub fn bind() {
    DLOPEN.bind();
    DLMOPEN.bind();
}

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
    unsafe { jump(path, &DLOPEN, true) }
}

unsafe extern "C" fn dlmopen_jump(path: *const c_char) -> Jump {
    // SAFETY: the argument is the caller's, who called dlmopen(3) with it.
    unsafe { jump(path, &DLMOPEN, false) }
}

unsafe fn jump<S: Symbol>(path: *const c_char, real: &Real<S>, is_own_namespace: bool) -> Jump {
    // SAFETY: the type is none, and any function can be jumped to.
    let to = unsafe { real.get() }.unwrap_or(absent as *mut c_void);
    // SAFETY: the caller's promise.
    let path = unsafe { without_links(path, is_own_namespace) };
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
        let opener = opener().filter(|_| is_own_namespace);
        if !given.contains(&b'/') {
            return opener.map_or(path, |opener| by_name(&opener, path, given));
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
                Operand::Link(_) | Operand::Error(_) => nothing(given),
            },
        );
        let kept = kept.unwrap_or(NOTHING.as_ptr());
        match opener.map(|opener| opener.open_needs(CStr::from_ptr(kept))) {
            Some(Err(_)) => nothing(given).unwrap_or(NOTHING.as_ptr()),
            _ => kept,
        }
    }
}

/// Returns a path where there is nothing, with the caller's in it.
fn nothing(given: &[u8]) -> Option<*const c_char> {
    intern(&[NOTHING.to_bytes(), b"/", given])
}

/// Opens libraries for a program whose loader does not ask where they lie; none if it does.
fn opener() -> Option<Opener> {
    let start = Start::read();
    if is_audited(&start) {
        return None;
    }
    Some(Opener {
        // SAFETY: the type is dlopen's.
        real: unsafe { DLOPEN.get() }?,
        library_path: start.get("LD_LIBRARY_PATH").map(OsStr::as_bytes),
    })
}

/// Exchanges a name where the loader would find another library than links lead to.
fn by_name(opener: &Opener, name: *const c_char, text: &[u8]) -> *const c_char {
    if text.is_empty() || opener.is_loaded(text) {
        return name;
    }
    let Some(found) = opener.find(text) else {
        return name;
    };
    match opener.open_needs(&found.path) {
        Err(_) => nothing(text).unwrap_or(NOTHING.as_ptr()),
        Ok(()) if !found.is_linked => name,
        Ok(()) => intern(&[found.path.to_bytes()]).unwrap_or(NOTHING.as_ptr()),
    }
}
