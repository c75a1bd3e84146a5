//! The next definition of a symbol: libc's own, or that of a library preloaded behind this one.

use std::ffi::{CStr, c_void};
use std::mem::offset_of;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::hooks;
use crate::next::{self, Next};

/// Where a symbol is that this libc lacks: asking the loader again would allocate.
const MISSING: *mut c_void = std::ptr::without_provenance_mut(1);

/// A symbol and where its next definition is.
pub struct Real {
    name: &'static CStr,
    hash: u32,
    at: AtomicPtr<c_void>,
}

impl Real {
    /// Where the address is that code without a frame jumps to: null until it is bound, 1 where nothing has the name.
    pub const AT: usize = offset_of!(Self, at);

    /// Declares a symbol, not bound yet.
    pub const fn new(name: &'static CStr) -> Self {
        Self {
            name,
            hash: next::hash(name),
            at: AtomicPtr::new(null_mut()),
        }
    }

    /// Looks the next definition up, unless that has been done.
    ///
    /// A symbol that this libc lacks stays unbound: nobody that was linked with this libc calls it.
    pub fn bind(&self) -> *mut c_void {
        // Relaxed: the pointer leads to code that was mapped before this library was.
        let bound = self.at.load(Ordering::Relaxed);
        if bound.is_null() {
            self.look_up()
        } else {
            bound
        }
    }

    #[cold]
    #[inline(never)]
    fn look_up(&self) -> *mut c_void {
        let next = match next::definition(self.name, self.hash) {
            Next::At(next) => next,
            Next::Missing => MISSING,
            // SAFETY: the name is a C string.
            Next::Unknown => match unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()) } {
                next if next.is_null() => MISSING,
                next => next,
            },
        };
        self.at.store(next, Ordering::Relaxed);
        next
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

/// Binds what code without a frame jumps to; the others are bound at their first call, unless only the loader could, who
/// locks and may allocate.
pub fn bind() {
    let others: &[&Real] = match next::learn() {
        true => &[],
        false => hooks::REAL,
    };
    for real in hooks::dl::REAL
        .iter()
        .chain([&&hooks::raw::REAL])
        .chain(others)
    {
        real.bind();
    }
}
