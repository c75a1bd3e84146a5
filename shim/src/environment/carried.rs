//! What the programs that this process starts have to find in their environment.

use std::ffi::{CStr, CString, c_char};
use std::ptr::null;

use once_cell::race::OnceRef;

use super::library_list::{AUDIT, List, PRELOAD};
use super::{Block, find, strings};
use crate::frame;

/// What every program that this process starts has to find in its environment.
pub struct Carried {
    /// The entry of `LD_PRELOAD` that this library was loaded by; none when the loader's own file names it.
    pub preload: Option<CString>,
    /// This library's path, for `LD_AUDIT`.
    pub audit: Option<CString>,
    /// The variables that make the instance, as `NAME=VALUE`, without the snapshot.
    pub variables: Vec<CString>,
    /// The instance's member, as `NAME=VALUE`; another one in a new environment starts a new instance.
    pub member: Option<CString>,
    /// The snapshot that the instance was started with, as `NAME=VALUE`.
    pub snapshot: Option<CString>,
}

// Among what the loader relocates: that page is this process's own in any case.
#[unsafe(link_section = ".data")]
static CARRIED: OnceRef<'static, Carried> = OnceRef::new();

/// Sets, once, what is carried on from now.
pub fn carry(carried: &'static Carried) {
    // Only the constructor calls this; a second value would be the first one's equal.
    let _ = CARRIED.set(carried);
}

/// Returns the entry of `LD_PRELOAD` that this library was loaded by.
pub fn own_preload() -> Option<&'static CStr> {
    CARRIED.get()?.preload.as_deref()
}

/// Returns this library's path, as `LD_AUDIT` would have it.
pub fn own_audit() -> Option<&'static CStr> {
    CARRIED.get()?.audit.as_deref()
}

/// What of this library the loader is told in the variables that are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preloads {
    /// To preload it; whether it also audits stays as it is.
    AtLeastShim,
    /// To preload it.
    Shim,
    /// To preload it, and to have it audit.
    ShimAndAudit,
    /// Nothing: the program sees links by another engine.
    None,
}

/// Completes an environment for a program of this instance, on the stack, and hands it on.
///
/// A variable that the caller gives counts; one that is missing (`env -i`, clearenv(3)) is put back.
/// Nothing is handed on, and none returned, when the environment is larger than the kernel takes.
///
/// # Safety
///
/// `block` is null or an environment block.
pub unsafe fn complete<R>(
    block: Block,
    preloads: Preloads,
    then: impl FnOnce(Block) -> R,
) -> Option<R> {
    let Some(carried) = CARRIED.get() else {
        return Some(then(block));
    };
    // SAFETY: the caller's promise.
    let (count, find) = unsafe { (strings(block).count(), |name: &[u8]| find(block, name)) };
    let missing = || carried.missing(find);
    let lists = [
        List::of(
            PRELOAD,
            find,
            carried.preload.as_deref(),
            Some(preloads != Preloads::None),
        ),
        List::of(
            AUDIT,
            find,
            carried.audit.as_deref(),
            match preloads {
                Preloads::AtLeastShim => None,
                Preloads::ShimAndAudit => Some(true),
                Preloads::Shim | Preloads::None => Some(false),
            },
        ),
    ];
    if lists.iter().all(List::stays) && missing().next().is_none() {
        return Some(then(block));
    }

    let text_size = lists.iter().map(List::size).sum::<usize>();
    let text_words = text_size.div_ceil(size_of::<usize>());
    let words = count + missing().count() + lists.len() + 1 + text_words;
    frame::with_words(words, |words| {
        let (pointers, text) = words.split_at_mut(words.len() - text_words);
        let mut used = 0;
        let mut put = |string: *const c_char| {
            pointers[used] = string.expose_provenance();
            used += 1;
        };
        let mut at: *mut u8 = text.as_mut_ptr().cast();
        for list in &lists {
            // SAFETY: there is room for as much as the lists say.
            unsafe {
                if let Some(string) = list.write(at) {
                    put(string);
                    at = at.add(list.size());
                }
            }
        }
        // SAFETY: the caller's promise.
        for string in unsafe { strings(block) } {
            if !lists.iter().any(|list| list.replaces(string)) {
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

impl Carried {
    /// Iterates over what an environment lacks.
    fn missing<'e>(&self, find: impl Fn(&[u8]) -> Option<&'e CStr>) -> impl Iterator<Item = &CStr> {
        let is_same_member = match &self.member {
            Some(member) => find(b"PSL_MEMBER")
                .is_none_or(|value| super::value_of(member, b"PSL_MEMBER") == Some(value)),
            None => find(b"PSL_MEMBER").is_none(),
        };
        let snapshot = self.snapshot.as_deref().filter(|_| is_same_member);
        let variables = self.variables.iter().map(CString::as_c_str);
        variables
            .chain(self.member.as_deref())
            .chain(snapshot)
            .filter(move |string| find(super::name_of(string)).is_none())
    }
}
