//! What ld.so(8) puts into the paths that it searches: `$ORIGIN`, `$LIB` and `$PLATFORM`.

use std::ffi::{CStr, c_char};

use once_cell::race::OnceRef;
use rustix::io::Errno;

use crate::search::with_text;

/// The directory of libraries below `/` and `/usr`, as glibc was configured: `lib64`, `lib/x86_64-linux-gnu`.
pub static LIB: OnceRef<'static, Box<[u8]>> = OnceRef::new();

/// A path with more tokens than this is none that anybody wrote.
const MAX_TOKENS: usize = 4;

#[derive(Clone, Copy)]
enum Token {
    Origin,
    Lib,
    Platform,
}

const TOKENS: [(&[u8], Token); 3] = [
    (b"ORIGIN", Token::Origin),
    (b"LIB", Token::Lib),
    (b"PLATFORM", Token::Platform),
];

/// Whether the loader puts something of its own into a path.
pub fn has_tokens(path: &[u8]) -> bool {
    next_token(path).is_some()
}

/// Hands on a path as the loader expands it, for an object in the directory `origin`.
///
/// Fails when it has more tokens than anybody needs, or the result is too long.
pub fn expanded<R>(path: &[u8], origin: &[u8], then: impl FnOnce(&CStr) -> R) -> Result<R, Errno> {
    let mut parts = [&b""[..]; 2 * MAX_TOKENS + 1];
    let (mut used, mut rest) = (0, path);
    while let Some((before, token, behind)) = next_token(rest) {
        if used == 2 * MAX_TOKENS {
            return Err(Errno::NAMETOOLONG);
        }
        parts[used] = before;
        parts[used + 1] = match token {
            Token::Origin => origin,
            Token::Lib => LIB.get().map_or(b"lib", |lib| &**lib),
            Token::Platform => platform(),
        };
        used += 2;
        rest = behind;
    }
    parts[used] = rest;
    with_text(&parts[..=used], |text| {
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

/// Returns what is before the first token of a path, the token, and what is behind it.
fn next_token(path: &[u8]) -> Option<(&[u8], Token, &[u8])> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut from = 0;
    loop {
        let dollar = from + path[from..].iter().position(|&byte| byte == b'$')?;
        let behind = &path[dollar + 1..];
        let (name, close) = match behind.strip_prefix(b"{") {
            Some(name) => (name, &b"}"[..]),
            None => (behind, &b""[..]),
        };
        for (spelt, token) in TOKENS {
            let rest = name
                .strip_prefix(spelt)
                .and_then(|rest| rest.strip_prefix(close));
            if let Some(rest) = rest
                && (!close.is_empty() || !rest.first().is_some_and(is_name))
            {
                return Some((&path[..dollar], token, rest));
            }
        }
        from = dollar + 1;
    }
}
