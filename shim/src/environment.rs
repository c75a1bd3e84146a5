//! The environment: what this process was started with, and what the programs that it starts have to get.

use std::ffi::{CStr, OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::ptr::null;

use crate::launch::Arguments;

mod carried;
mod library_list;

pub use carried::{Carried, Preloads, carry, complete, own_audit, own_preload};

/// A block of `NAME=VALUE` strings that ends with a null pointer, as execve(2) takes it.
pub type Block = *const *const c_char;

unsafe extern "C" {
    /// What the kernel put on the stack: the argument count, the arguments, the environment, the auxiliary vector.
    ///
    /// ABI: glibc's loader exports it; `environ` is not set yet when this library's constructor runs.
    static __libc_stack_end: *const usize;
    static environ: Block;
}

/// Returns the block that getenv(3) looks into.
pub fn current() -> Block {
    // SAFETY: whoever changes the environment while others read it breaks getenv(3) as well.
    unsafe { environ }
}

/// The process as the kernel started it.
pub struct Start {
    pub arguments: Arguments,
    pub environment: Block,
    /// The program's path as it was executed (`AT_EXECFN`).
    pub program: Option<&'static CStr>,
    /// The program has more rights than its caller (`AT_SECURE`): nothing that the caller says may count.
    pub secure: bool,
}

impl Start {
    /// Reads the initial stack; only right before main.
    pub fn read() -> Self {
        // SAFETY: the loader has set the pointer, and the kernel laid the stack out so (the System V ABI,
        // "Initial Stack and Register State").
        unsafe {
            let argc = *__libc_stack_end;
            let environment: Block = __libc_stack_end.add(1 + argc + 1).cast();
            let mut at = environment;
            while !(*at).is_null() {
                at = at.add(1);
            }
            let mut auxiliary: *const [usize; 2] = at.add(1).cast();
            let mut start = Self {
                arguments: __libc_stack_end.add(1).cast(),
                environment,
                program: None,
                secure: false,
            };
            loop {
                match *auxiliary {
                    [key, _] if key as u64 == libc::AT_NULL => return start,
                    [key, value] if key as u64 == libc::AT_SECURE => start.secure = value != 0,
                    [key, value] if key as u64 == libc::AT_EXECFN && value != 0 => {
                        start.program =
                            Some(CStr::from_ptr(std::ptr::with_exposed_provenance(value)));
                    }
                    _ => {}
                }
                auxiliary = auxiliary.add(1);
            }
        }
    }

    /// Returns the value of a variable.
    pub fn get(&self, name: &str) -> Option<&'static OsStr> {
        // SAFETY: the block is the kernel's.
        let found = unsafe { find(self.environment, name.as_bytes()) };
        found.map(|value| OsStr::from_bytes(value.to_bytes()))
    }

    /// Returns all variables.
    pub fn variables(&self) -> impl Iterator<Item = (&'static [u8], &'static [u8])> {
        // SAFETY: the block is the kernel's.
        let strings = unsafe { strings(self.environment) };
        strings.filter_map(|string| {
            let bytes = string.to_bytes();
            let equals = bytes.iter().position(|&byte| byte == b'=')?;
            Some((&bytes[..equals], &bytes[equals + 1..]))
        })
    }
}

/// Iterates over the strings of a block; null is an empty one, as it is to the kernel.
///
/// # Safety
///
/// The block is null or ends with a null pointer, and lives for `'a`.
pub unsafe fn strings<'a>(block: Block) -> impl Iterator<Item = &'a CStr> + Clone {
    let mut next = block;
    std::iter::from_fn(move || {
        // SAFETY: the caller's promise; `next` stays on the null pointer.
        unsafe {
            if next.is_null() || (*next).is_null() {
                return None;
            }
            let string = CStr::from_ptr(*next);
            next = next.add(1);
            Some(string)
        }
    })
}

/// Takes a variable out of a block.
///
/// # Safety
///
/// As for [`strings`], and nobody else uses the block meanwhile.
pub unsafe fn remove(block: Block, name: &[u8]) {
    let mut at = block.cast_mut();
    // SAFETY: the caller's promise; what stays moves to the front.
    unsafe {
        let mut next = block;
        while !next.is_null() && !(*next).is_null() {
            if value_of(CStr::from_ptr(*next), name).is_none() {
                *at = *next;
                at = at.add(1);
            }
            next = next.add(1);
        }
        if at.cast_const() != next {
            *at = null();
        }
    }
}

/// Puts a `NAME=VALUE` string in the place of the one that a block has by this name, if it has one.
///
/// # Safety
///
/// As for [`remove`]; the string is there as long as the block is.
pub unsafe fn replace(block: Block, name: &[u8], string: &'static CStr) {
    let mut at = block.cast_mut();
    // SAFETY: the caller's promise.
    unsafe {
        while !at.is_null() && !(*at).is_null() {
            if value_of(CStr::from_ptr(*at), name).is_some() {
                *at = string.as_ptr();
                return;
            }
            at = at.add(1);
        }
    }
}

/// Returns the value that a variable had when this process was started.
pub fn at_start(name: &[u8]) -> Option<&'static [u8]> {
    let start = Start::read();
    // SAFETY: the block is the kernel's.
    unsafe { find(start.environment, name) }.map(CStr::to_bytes)
}

/// Returns the value of a variable in a block.
///
/// # Safety
///
/// As for [`strings`].
pub unsafe fn find<'a>(block: Block, name: &[u8]) -> Option<&'a CStr> {
    // SAFETY: the caller's promise.
    unsafe { strings(block) }.find_map(|string| value_of(string, name))
}

fn name_of(string: &CStr) -> &[u8] {
    string
        .to_bytes()
        .split(|&byte| byte == b'=')
        .next()
        .unwrap_or_default()
}

fn value_of<'a>(string: &'a CStr, name: &[u8]) -> Option<&'a CStr> {
    let value = string
        .to_bytes_with_nul()
        .strip_prefix(name)?
        .strip_prefix(b"=")?;
    CStr::from_bytes_with_nul(value).ok()
}

/// The name of the variable that says which process has executed its program once more, so that it does so once.
pub const RESTARTED: &str = "PSL_RESTARTED";
