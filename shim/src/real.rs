//! The next definition of a symbol: libc's own, or that of a library preloaded behind this one.

use std::ffi::{CStr, c_void};
use std::marker::PhantomData;
use std::mem::offset_of;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::hooks::{dl, raw};
use crate::next::{self, Next};

/// Where a symbol is that this libc lacks.
const MISSING: *mut c_void = std::ptr::without_provenance_mut(1);

/// A symbol that is hooked.
pub trait Symbol {
    /// Its name; in code, not in data, which the loader would have to relocate at each start.
    const NAME: &CStr;
}

/// Where the next definition of a symbol is.
pub struct Real<S> {
    at: AtomicPtr<c_void>,
    symbol: PhantomData<S>,
}

// SAFETY: there is no value of a symbol in it, and none is ever made.
unsafe impl<S> Sync for Real<S> {}

impl<S: Symbol> Real<S> {
    /// Where the address is that code without a frame jumps to: null until it is bound, 1 where nothing has the name.
    pub const AT: usize = offset_of!(Self, at);

    /// Declares a symbol, not bound yet.
    pub const fn new() -> Self {
        Self {
            at: AtomicPtr::new(null_mut()),
            symbol: PhantomData,
        }
    }

    /// Looks the next definition up, unless that has been done.
    ///
    /// A symbol that this libc lacks stays unbound: nobody that was linked with this libc calls it.
    pub fn bind(&self) -> *mut c_void {
        // Relaxed: the pointer leads to code that was mapped before this library was.
        let bound = self.at.load(Ordering::Relaxed);
        if bound.is_null() {
            look_up(&self.at, S::NAME, const { next::hash(S::NAME) })
        } else {
            bound
        }
    }

    /// Returns the next definition as a function, none if there is no such symbol.
    ///
    /// # Safety
    ///
    /// `F` is the `unsafe extern "C" fn` type of the symbol's prototype.
    pub unsafe fn get<F: Copy>(&self) -> Option<F> {
        const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
        let next = self.bind();
        if next == MISSING {
            return None;
        }
        // SAFETY: the caller names the symbol's own type, and the pointer leads to it.
        Some(unsafe { std::mem::transmute_copy(&next) })
    }
}

#[cold]
#[inline(never)]
fn look_up(at: &AtomicPtr<c_void>, name: &CStr, hash: u32) -> *mut c_void {
    let found = match next::definition(name, hash) {
        Next::At(next) => next,
        Next::Missing => MISSING,
        // SAFETY: the name is a C string.
        Next::Unknown => match unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) } {
            next if next.is_null() => MISSING,
            next => next,
        },
    };
    at.store(found, Ordering::Relaxed);
    found
}

/// Binds what code without a frame jumps to; all others are bound at their first call.
pub fn bind() {
    next::learn();
    raw::REAL.bind();
    dl::bind();
}
