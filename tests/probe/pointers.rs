//! What a pointer that a call returned leads to: a string, a stream, a catalog of messages, a library.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::with_exposed_provenance_mut;

use rustix::fd::BorrowedFd;

use crate::call::{Prepared, Returned, symbol};
use crate::facts;
use crate::play::World;
use crate::seen::text;

/// A string that the caller has to free, or one in a buffer of its own.
pub fn string(returned: Returned, prepared: &Prepared) -> String {
    if returned.value == 0 {
        return String::new();
    }
    let pointer: *mut c_char = with_exposed_provenance_mut(returned.value as usize);
    // SAFETY: the call returned a C string.
    let seen = text(unsafe { CStr::from_ptr(pointer) }.to_bytes());
    if prepared.words.contains(&pointer.addr()) {
        return seen + " in the given buffer";
    }
    // SAFETY: a string that is not in the caller's memory was allocated for the caller.
    unsafe { libc::free(pointer.cast()) };
    seen
}

/// An open stream, which is closed then.
pub fn stream(world: &World, value: isize) -> String {
    if value == 0 {
        return String::new();
    }
    let stream: *mut libc::FILE = with_exposed_provenance_mut(value as usize);
    // SAFETY: the call returned an open stream.
    let fd = unsafe { BorrowedFd::borrow_raw(libc::fileno(stream)) };
    let closes = rustix::io::fcntl_getfd(fd).expect("it is open");
    let copy = rustix::io::fcntl_dupfd_cloexec(fd, 100).expect("descriptors are left");
    let seen = facts::descriptor(world, std::os::fd::IntoRawFd::into_raw_fd(copy));
    // SAFETY: it is open, and not used any more.
    unsafe { libc::fclose(stream) };
    format!("{seen} {closes:?}")
}

/// The first message of an open catalog, which is closed then.
pub fn catalog(value: isize) -> String {
    type Get = unsafe extern "C" fn(isize, c_int, c_int, *const c_char) -> *const c_char;
    type Close = unsafe extern "C" fn(isize) -> c_int;
    if value == -1 {
        return String::new();
    }
    // SAFETY: the prototypes are catgets(3)'s and catclose(3)'s, and the catalog is open.
    unsafe {
        let get: Get = std::mem::transmute(symbol("catgets"));
        let close: Close = std::mem::transmute(symbol("catclose"));
        let message = text(CStr::from_ptr(get(value, 1, 1, c"none".as_ptr())).to_bytes());
        close(value);
        message
    }
}

/// Which file was loaded; it is unloaded then.
pub fn library(world: &World, value: isize) -> String {
    /// The beginning of `struct link_map`, see dlinfo(3).
    #[repr(C)]
    struct LinkMap {
        address: usize,
        name: *const c_char,
    }
    if value == 0 {
        return String::new();
    }
    let handle: *mut c_void = with_exposed_provenance_mut(value as usize);
    let mut map: *const LinkMap = std::ptr::null();
    // SAFETY: the call returned a handle, which is closed here; its name is a C string.
    unsafe {
        let told = libc::dlinfo(handle, libc::RTLD_DI_LINKMAP, (&raw mut map).cast());
        assert_eq!(told, 0, "a library has a map");
        let name = text(CStr::from_ptr((*map).name).to_bytes());
        let seen = match name.as_str() {
            "" => "the program".into(),
            name => facts::opened(world, name),
        };
        libc::dlclose(handle);
        seen
    }
}
