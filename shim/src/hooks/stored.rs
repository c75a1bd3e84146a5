//! Names that libc keeps, and opens later by itself: it gets the one without links, the caller its own.

use std::ffi::{CStr, c_char, c_int};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use psl_table::walk::Last;
use rustix::io::Errno;

use crate::call::fail;
use crate::intern::intern;
use crate::resolve::{Operand, resolve, snapshot};

/// What libc is given for a name that cannot be reached: a descriptor's that is none.
pub const NOWHERE: &CStr = c"/proc/self/fd/-1";

/// See utmpname(3): it takes any name, and says later that it leads nowhere.
pub unsafe fn utmpname(
    real: unsafe extern "C" fn(*const c_char) -> c_int,
    path: *const c_char,
) -> c_int {
    // SAFETY: the argument is the caller's, who called utmpname(3) with it; libc copies it.
    unsafe { with_kept(path, |path, _| real(path)) }
}

/// See bindtextdomain(3): what it returns, then and later, is the directory as the caller gave it.
///
/// A relative directory behind a link stays where it leads to at this time.
pub unsafe fn bindtextdomain(
    real: unsafe extern "C" fn(*const c_char, *const c_char) -> *mut c_char,
    domain: *const c_char,
    dir: *const c_char,
) -> *mut c_char {
    // SAFETY: the arguments are the caller's, who called bindtextdomain(3) with them.
    unsafe {
        if domain.is_null() || snapshot().is_none() {
            return real(domain, dir);
        }
        if dir.is_null() {
            let kept = real(domain, dir);
            return match Binding::find(domain, kept) {
                Some(binding) => binding.given.load(Ordering::Relaxed),
                None => kept,
            };
        }
        with_kept(dir, |kept, is_given| {
            let bound = real(domain, kept);
            if bound.is_null() || (is_given && Binding::find(domain, kept).is_none()) {
                return bound;
            }
            Binding::keep(domain, kept, dir).unwrap_or_else(|| fail(Errno::NOMEM))
        })
    }
}

/// Hands on the name that libc has to keep, and whether it is the caller's.
unsafe fn with_kept<R>(path: *const c_char, keep: impl FnOnce(*const c_char, bool) -> R) -> R {
    // SAFETY: the caller's promise.
    unsafe {
        resolve(
            libc::AT_FDCWD,
            path,
            Last::Followed,
            |operand| match operand {
                Operand::Given => keep(path, true),
                Operand::Rewritten(name) => keep(name.as_ptr(), false),
                Operand::Link(_) | Operand::Error(_) => keep(NOWHERE.as_ptr(), false),
            },
        )
    }
}

/// The directory of a text domain: as libc keeps it, and as the caller gave it.
struct Binding {
    next: *mut Binding,
    domain: *const c_char,
    kept: *const c_char,
    given: AtomicPtr<c_char>,
}

/// The last one; programs bind the same few directories, so none is ever freed.
static LAST: AtomicPtr<Binding> = AtomicPtr::new(null_mut());

impl Binding {
    /// Finds what a domain is bound to, if it was by a link.
    unsafe fn find(domain: *const c_char, kept: *const c_char) -> Option<&'static Self> {
        // SAFETY: the caller's promise: they are null or C strings; bindings stay for ever.
        unsafe {
            if kept.is_null() {
                return None;
            }
            let (domain, kept) = (CStr::from_ptr(domain), CStr::from_ptr(kept));
            // Acquire pairs with the release in `keep`.
            let mut next = LAST.load(Ordering::Acquire).as_ref();
            while let Some(binding) = next {
                if CStr::from_ptr(binding.domain) == domain && CStr::from_ptr(binding.kept) == kept
                {
                    return Some(binding);
                }
                next = binding.next.as_ref();
            }
            None
        }
    }

    /// Remembers how a directory was given, and returns that; none when there is no memory for it.
    unsafe fn keep(
        domain: *const c_char,
        kept: *const c_char,
        given: *const c_char,
    ) -> Option<*mut c_char> {
        // SAFETY: the caller's promise: C strings. A fresh allocation is nobody else's.
        unsafe {
            let own = |text: *const c_char| intern(&[CStr::from_ptr(text).to_bytes()]);
            let given = own(given)?.cast_mut();
            if let Some(binding) = Self::find(domain, kept) {
                binding.given.store(given, Ordering::Relaxed);
                return Some(given);
            }
            let (domain, kept) = (own(domain)?, own(kept)?);
            let binding: *mut Self = libc::malloc(size_of::<Self>()).cast();
            if binding.is_null() {
                return None;
            }
            let mut next = LAST.load(Ordering::Relaxed);
            loop {
                binding.write(Self {
                    next,
                    domain,
                    kept,
                    given: AtomicPtr::new(given),
                });
                // Release pairs with the acquire in `find`.
                match LAST.compare_exchange(next, binding, Ordering::Release, Ordering::Relaxed) {
                    Ok(_) => return Some(given),
                    Err(other) => next = other,
                }
            }
        }
    }
}
