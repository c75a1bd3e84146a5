//! Names that libc makes up: where they are counts, not which letters they have.

use std::ffi::{CStr, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::with_exposed_provenance_mut;

use rustix::fd::{AsRawFd, FromRawFd, OwnedFd};

use crate::call::{Prepared, symbol};
use crate::seen::text;

/// How many letters are made up.
const LETTERS: usize = 6;

/// Says what `made up ...` has returned and made, which is removed.
pub fn shown(shows: &str, value: isize, prepared: &Prepared) -> (String, String) {
    let number = value as c_int;
    match shows {
        "made up" if number == -1 => ("-1".into(), String::new()),
        "made up" => {
            // SAFETY: the call gave it to us.
            let fd = unsafe { OwnedFd::from_raw_fd(number) };
            let path = rustix::fs::readlink(format!("/proc/self/fd/{number}"), []);
            let made = path.expect("procfs tells");
            let flags = rustix::fs::fcntl_getfl(&fd).expect("it is open");
            let closes = rustix::io::fcntl_getfd(&fd).expect("it is open");
            rustix::fs::unlink(&made).expect("it was made");
            let (template, made) = (hidden(prepared.text_at(0)), hidden(&made));
            let seen = format!("{template} is {made} flags {:x} {closes:?}", flags.bits());
            ("descriptor".into(), seen)
        }
        "made up directory" if value == 0 => ("null".into(), String::new()),
        "made up directory" => {
            let template = prepared.text_at(0);
            // By an ordinary call: it may lie behind a link.
            // SAFETY: the prototype is that of open(2) with two arguments, and the name a C string.
            let fd = unsafe {
                let open: unsafe extern "C" fn(*const c_char, c_int) -> c_int =
                    std::mem::transmute(symbol("open"));
                OwnedFd::from_raw_fd(open(template.as_ptr(), libc::O_PATH))
            };
            let path = rustix::fs::readlink(format!("/proc/self/fd/{}", fd.as_raw_fd()), []);
            let made = path.expect("procfs tells");
            rustix::fs::rmdir(&made).expect("it was made");
            let seen = format!("{} is {}", hidden(template), hidden(&made));
            ("pointer".into(), seen)
        }
        "made up name" => {
            let name = prepared.text_at(0);
            let is_free =
                rustix::fs::lstat(Path::new(std::ffi::OsStr::from_bytes(name.to_bytes())));
            (
                "pointer".into(),
                format!("{} {}", hidden(name), is_free.is_err()),
            )
        }
        "made up string" if value == 0 => ("null".into(), String::new()),
        "made up string" => {
            let name = with_exposed_provenance_mut(value as usize);
            // SAFETY: the call returned a string that was allocated for the caller.
            let seen = unsafe { hidden(CStr::from_ptr(name)) };
            // SAFETY: likewise, and it is not used any more.
            unsafe { libc::free(name.cast()) };
            ("pointer".into(), seen)
        }
        _ => panic!("nothing is known to show {shows}"),
    }
}

/// A name without the letters that were made up, if any were.
fn hidden(name: &CStr) -> String {
    let bytes = name.to_bytes();
    let base = bytes
        .iter()
        .rposition(|&byte| byte == b'/')
        .map_or(0, |slash| slash + 1);
    let end = bytes.strip_suffix(b".txt").map_or(bytes.len(), <[u8]>::len);
    let made = end.saturating_sub(LETTERS).max(base)..end;
    let kept = if &bytes[made.clone()] == b"XXXXXX" {
        "template"
    } else {
        "letters"
    };
    format!(
        "{}<{kept}>{}",
        text(&bytes[..made.start]),
        text(&bytes[end..])
    )
}
