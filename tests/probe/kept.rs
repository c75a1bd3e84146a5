//! What libc opens by itself: streams of commands, files of users, shared memory, names that it keeps.

use std::ffi::{CStr, c_char, c_int};
use std::ptr::with_exposed_provenance_mut;

use rustix::fd::{FromRawFd, OwnedFd};

use crate::call::symbol;
use crate::seen::text;

/// Says what was returned, and what that shows.
pub fn shown(shows: &str, value: isize) -> (String, String) {
    let number = value as c_int;
    let pointer = if value == 0 { "null" } else { "pointer" };
    match shows {
        "kept" if value == 0 => (pointer.into(), String::new()),
        // SAFETY: the call returned a C string of libc's.
        "kept" => (pointer.into(), unsafe {
            text(CStr::from_ptr(with_exposed_provenance_mut::<c_char>(value as usize)).to_bytes())
        }),
        "users" => (number.to_string(), users()),
        "piped" if value == 0 => (pointer.into(), String::new()),
        "piped" => (
            pointer.into(),
            piped(with_exposed_provenance_mut(value as usize)),
        ),
        "refused" => (pointer.into(), String::new()),
        "shared" if number < 0 => (number.to_string(), String::new()),
        "shared" => {
            // SAFETY: the call gave it to us.
            drop(unsafe { OwnedFd::from_raw_fd(number) });
            // SAFETY: the prototype is shm_unlink(3)'s.
            let removed = unsafe {
                let remove: unsafe extern "C" fn(*const c_char) -> c_int =
                    std::mem::transmute(symbol("shm_unlink"));
                remove(c"/psl-probe".as_ptr())
            };
            ("descriptor".into(), format!("removed {removed}"))
        }
        _ => panic!("nothing is known to show {shows}"),
    }
}

/// Whether the file that was named can be read; where a link is in the way, libc is told of another that cannot.
fn users() -> String {
    // SAFETY: getutxent(3) takes nothing; errno can always be used.
    unsafe {
        libc::setutxent();
        *libc::__errno_location() = 0;
        let found = !libc::getutxent().is_null();
        let fails = *libc::__errno_location() != 0;
        libc::endutxent();
        format!("found {found} fails {fails}")
    }
}

/// What a command says and how it ends.
fn piped(stream: *mut libc::FILE) -> String {
    let mut said = [0_u8; 256];
    // SAFETY: the call returned an open stream; the buffer has room.
    unsafe {
        let length = libc::fread(said.as_mut_ptr().cast(), 1, said.len(), stream);
        let status = libc::pclose(stream);
        format!("{} and ends with {status:x}", text(&said[..length]))
    }
}
