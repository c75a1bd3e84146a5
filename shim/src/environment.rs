//! The environment: what this process was started with, and what the programs that it starts have to get.

use std::ffi::{CStr, CString, OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::ptr::null;

use once_cell::race::OnceRef;

use crate::frame;

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

/// What every program that this process starts has to find in its environment.
pub struct Carried {
    /// The entry of `LD_PRELOAD` that this library was loaded by; none when the loader's own file names it.
    pub preload: Option<CString>,
    /// The variables that make the instance, as `NAME=VALUE`, without the snapshot.
    pub variables: Vec<CString>,
    /// The instance's member, as `NAME=VALUE`; another one in a new environment starts a new instance.
    pub member: Option<CString>,
    /// The snapshot that the instance was started with, as `NAME=VALUE`.
    pub snapshot: Option<CString>,
}

static CARRIED: OnceRef<'static, Carried> = OnceRef::new();

/// Sets, once, what is carried on from now.
pub fn carry(carried: &'static Carried) {
    // Only the constructor calls this; a second value would be the first one's equal.
    let _ = CARRIED.set(carried);
}

const PRELOAD: &[u8] = b"LD_PRELOAD";

/// Completes an environment for a program of this instance, on the stack, and hands it on.
///
/// A variable that the caller gives counts; one that is missing (`env -i`, clearenv(3)) is put back.
/// Nothing is handed on, and none returned, when the environment is larger than the kernel takes.
///
/// # Safety
///
/// `block` is null or an environment block.
pub unsafe fn complete<R>(block: Block, then: impl FnOnce(Block) -> R) -> Option<R> {
    let Some(carried) = CARRIED.get() else {
        return Some(then(block));
    };
    // SAFETY: the caller's promise.
    let (count, find) = unsafe { (strings(block).count(), |name: &[u8]| find(block, name)) };
    let given = |string: &CStr| find(name_of(string));
    let is_same_member = match &carried.member {
        Some(member) => {
            given(member).is_none_or(|value| value_of(member, b"PSL_MEMBER") == Some(value))
        }
        None => find(b"PSL_MEMBER").is_none(),
    };
    let snapshot = carried.snapshot.as_deref().filter(|_| is_same_member);
    let missing = || {
        let variables = carried
            .variables
            .iter()
            .map(CString::as_c_str)
            .chain(carried.member.as_deref());
        variables
            .chain(snapshot)
            .filter(|string| given(string).is_none())
    };
    let listed = find(PRELOAD);
    let preload = carried.preload.as_deref().filter(|own| !names(listed, own));
    if preload.is_none() && missing().next().is_none() {
        return Some(then(block));
    }

    let preload_size = preload.map_or(0, |own| {
        PRELOAD.len() + own.count_bytes() + listed.map_or(0, CStr::count_bytes) + 3
    });
    let words = count + missing().count() + 2 + preload_size.div_ceil(size_of::<usize>());
    frame::with_words(words, |words| {
        let (pointers, text) =
            words.split_at_mut(words.len() - preload_size.div_ceil(size_of::<usize>()));
        let mut used = 0;
        let mut put = |string: *const c_char| {
            pointers[used] = string.expose_provenance();
            used += 1;
        };
        if let Some(own) = preload {
            put(write_preload(text, own, listed));
        }
        // SAFETY: the caller's promise.
        for string in unsafe { strings(block) } {
            if preload.is_none() || value_of(string, PRELOAD).is_none() {
                put(string.as_ptr());
            }
        }
        for string in missing() {
            put(string.as_ptr());
        }
        put(null());
        then(pointers.as_ptr().cast())
    })
}

/// Whether a list of libraries, between colons or spaces as ld.so(8) says, has this one.
fn names(list: Option<&CStr>, library: &CStr) -> bool {
    let list = list.map_or(&[][..], CStr::to_bytes);
    list.split(|byte| b": ".contains(byte))
        .any(|entry| entry == library.to_bytes())
}

/// Writes `LD_PRELOAD=` with this library before the others, whose order stays.
fn write_preload(text: &mut [usize], own: &CStr, others: Option<&CStr>) -> *const c_char {
    let start: *mut u8 = text.as_mut_ptr().cast();
    let mut length = 0;
    let mut write = |bytes: &[u8]| {
        // SAFETY: `complete` counted all the parts that are written here.
        unsafe {
            start
                .add(length)
                .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len())
        };
        length += bytes.len();
    };
    write(PRELOAD);
    write(b"=");
    write(own.to_bytes());
    if let Some(others) = others.filter(|others| !others.is_empty()) {
        write(b":");
        write(others.to_bytes());
    }
    write(b"\0");
    start.cast()
}
