//! What ld.so(8) puts into the paths that it searches: `$ORIGIN`, `$LIB` and `$PLATFORM`.

use std::ops::Deref;

use rustix::io::Errno;

/// A path with more tokens than this is none that anybody wrote.
const MAX_TOKENS: usize = 4;

/// What the tokens stand for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Values<'a> {
    /// The directory of the object whose path it is.
    pub origin: &'a [u8],
    /// The directory of libraries below `/` and `/usr`, as glibc was configured: `lib64`, `lib/x86_64-linux-gnu`.
    pub lib: &'a [u8],
    /// What the kernel calls this processor (`AT_PLATFORM`).
    pub platform: &'a [u8],
}

/// A path in pieces, to be put together in the caller's own memory.
#[derive(Clone, Copy, Debug)]
pub struct Pieces<'a> {
    pieces: [&'a [u8]; 2 * MAX_TOKENS + 1],
    used: usize,
}

impl<'a> Deref for Pieces<'a> {
    type Target = [&'a [u8]];

    fn deref(&self) -> &Self::Target {
        &self.pieces[..self.used]
    }
}

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

/// Returns a path as the loader expands it; fails with `ENAMETOOLONG` when it has more tokens than anybody needs.
pub fn expand<'a>(path: &'a [u8], values: Values<'a>) -> Result<Pieces<'a>, Errno> {
    let mut pieces = [&b""[..]; 2 * MAX_TOKENS + 1];
    let (mut used, mut rest) = (0, path);
    while let Some((before, token, behind)) = next_token(rest) {
        if used == 2 * MAX_TOKENS {
            return Err(Errno::NAMETOOLONG);
        }
        pieces[used] = before;
        pieces[used + 1] = match token {
            Token::Origin => values.origin,
            Token::Lib => values.lib,
            Token::Platform => values.platform,
        };
        used += 2;
        rest = behind;
    }
    pieces[used] = rest;
    Ok(Pieces {
        pieces,
        used: used + 1,
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_exchanged_where_the_loader_knows_them() {
        let values = Values {
            origin: b"/o",
            lib: b"lib64",
            platform: b"p",
        };
        for (path, expected) in [
            ("$ORIGIN/../lib", "/o/../lib"),
            ("${ORIGIN}x/$LIB", "/ox/lib64"),
            ("/$PLATFORM$LIB", "/plib64"),
            ("$ORIGINAL/$", "$ORIGINAL/$"),
            ("${LIB", "${LIB"),
            ("", ""),
        ] {
            let pieces = expand(path.as_bytes(), values).map(|pieces| pieces.concat());
            assert_eq!(pieces, Ok(expected.as_bytes().to_vec()), "{path}");
        }
        let many = "$LIB".repeat(MAX_TOKENS + 1);
        assert_eq!(
            expand(many.as_bytes(), values).map(|pieces| pieces.concat()),
            Err(Errno::NAMETOOLONG)
        );
    }
}
