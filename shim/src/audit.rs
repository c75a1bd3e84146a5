//! What rtld-audit(7) asks: the loader opens libraries itself, out of the reach of hooks, and is told here where they lie.
//!
//! Only programs that search for libraries behind links are audited (`LD_AUDIT`); this library is loaded once more for
//! them, into a namespace of its own. The loader calls these functions with its lock held.

use std::ffi::{CStr, c_char, c_long, c_uint};

use psl_table::walk::Last;

use crate::intern::intern;
use crate::loaded::LinkMap;
use crate::resolve::{Operand, resolve, snapshot};

mod order;

/// The name as it was asked for.
const LA_SER_ORIG: c_uint = 1;

/// See rtld-audit(7): with 0 the loader asks nothing more.
#[unsafe(no_mangle)]
pub extern "C" fn la_version(version: c_uint) -> c_uint {
    match snapshot() {
        Some(_) => version,
        None => 0,
    }
}

/// See rtld-audit(7).
///
/// # Safety
///
/// The loader calls it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn la_objopen(
    object: *const LinkMap,
    _namespace: c_long,
    _cookie: *mut usize,
) -> c_uint {
    order::opened(object);
    // Calls between objects are not of interest.
    0
}

/// See rtld-audit(7).
///
/// # Safety
///
/// The loader calls it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn la_objclose(cookie: *mut usize) -> c_uint {
    // SAFETY: a cookie is the object's address until somebody changes it, which nobody does.
    order::closed(std::ptr::with_exposed_provenance(unsafe { *cookie }));
    0
}

/// See rtld-audit(7): returns the path to try, another one where a link leads there.
///
/// A name without a slash is answered at once if a directory that is searched lies behind a link: the loader remembers
/// which directories are missing, and would not ask for those that only links lead to.
///
/// # Safety
///
/// The loader calls it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn la_objsearch(
    name: *const c_char,
    cookie: *mut usize,
    flag: c_uint,
) -> *const c_char {
    // SAFETY: the loader's strings end with a NUL; a cookie is an object's address.
    unsafe {
        let text = CStr::from_ptr(name);
        let object: *const LinkMap = std::ptr::with_exposed_provenance(*cookie);
        if flag == LA_SER_ORIG {
            order::asks(object);
        }
        if text.to_bytes().contains(&b'/') {
            return member_path(name);
        }
        match object.as_ref().filter(|_| flag == LA_SER_ORIG) {
            Some(object) => order::find(object, text.to_bytes()).unwrap_or(name),
            None => name,
        }
    }
}

/// Returns where a path leads through links; nowhere is a path without a file.
unsafe fn member_path(path: *const c_char) -> *const c_char {
    /// Names nothing, ever.
    const NOTHING: &CStr = c"/proc/self/fd/-1";
    // SAFETY: the caller's promise.
    unsafe {
        let found = resolve(
            libc::AT_FDCWD,
            path,
            Last::Followed,
            |operand| match operand {
                Operand::Given => Some(path),
                Operand::Rewritten(name) => intern(&[name.to_bytes()]),
                Operand::Link(_) | Operand::Error(_) => Some(NOTHING.as_ptr()),
            },
        );
        found.unwrap_or(NOTHING.as_ptr())
    }
}
