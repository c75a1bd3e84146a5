//! Paths as ld.so(8) expands them, on the stack.

use std::ffi::{CStr, c_char};

use once_cell::race::OnceRef;
use psl_table::executable::tokens::{Values, expand};
use rustix::io::Errno;

use crate::search::with_text;

pub use psl_table::executable::tokens::has_tokens;

/// The directory of libraries below `/` and `/usr`, as glibc was configured: `lib64`, `lib/x86_64-linux-gnu`.
// Among what the loader relocates: that page is this process's own in any case.
#[unsafe(link_section = ".data")]
pub static LIB: OnceRef<'static, Box<[u8]>> = OnceRef::new();

/// Hands on a path as the loader expands it, for an object in the directory `origin`.
///
/// Fails when it has more tokens than anybody needs, or the result is too long.
pub fn expanded<R>(path: &[u8], origin: &[u8], then: impl FnOnce(&CStr) -> R) -> Result<R, Errno> {
    let values = Values {
        origin,
        lib: LIB.get().map_or(b"lib", |lib| &**lib),
        platform: platform(),
    };
    with_text(&expand(path, values)?, |text| {
        // SAFETY: `with_text` ends it with a NUL.
        Ok(then(unsafe { CStr::from_ptr(text) }))
    })
}

/// Returns what the kernel calls this processor (`AT_PLATFORM`).
fn platform() -> &'static [u8] {
    // SAFETY: the value is null or a string that the kernel put on the initial stack.
    unsafe {
        let text = libc::getauxval(libc::AT_PLATFORM) as usize;
        let text: *const c_char = std::ptr::with_exposed_provenance(text);
        if text.is_null() {
            return b"";
        }
        CStr::from_ptr(text).to_bytes()
    }
}
