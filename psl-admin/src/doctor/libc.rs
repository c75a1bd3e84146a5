//! What only the running libc and loader can tell.
#![allow(unsafe_code, reason = "libc answers by pointers to its own strings")]
use std::ffi::{CStr, c_char};

/// Returns the version of this host's glibc, as `2.36`.
pub fn version() -> String {
    // SAFETY: glibc returns a string that is part of it.
    let version = unsafe { CStr::from_ptr(libc::gnu_get_libc_version()) };
    version.to_string_lossy().into_owned()
}

/// Returns what the kernel calls this processor (`AT_PLATFORM`), which the loader puts in the place of `$PLATFORM`.
pub fn platform() -> &'static [u8] {
    // SAFETY: getauxval(3) can always be asked.
    let address = unsafe { libc::getauxval(libc::AT_PLATFORM) };
    let text: *const c_char = std::ptr::with_exposed_provenance(address as usize);
    if text.is_null() {
        return b"";
    }
    // SAFETY: the kernel put the string on the initial stack, where it stays.
    unsafe { CStr::from_ptr(text) }.to_bytes()
}
