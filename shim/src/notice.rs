//! What the shim says after main has begun: put together by the kernel, without memory of ours.

use std::ffi::CString;
use std::io::IoSlice;

use rustix::fs::{CWD, Mode, OFlags};

use psl_table::visible::is_hidden;

use crate::report::Level;

/// Where messages go, and how many of them.
pub struct Notice {
    /// Messages that matter less are not written.
    pub level: Level,
    /// The file, instead of standard error.
    pub file: Option<CString>,
}

/// How many parts a message has at most, with what is put around them, and between what is hidden in them.
const MAX_PARTS: usize = 48;

/// The parts of a text that can be shown, and a question mark for each letter that cannot.
struct Plain<'a>(&'a [u8]);

impl<'a> Iterator for Plain<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let chunk = self.0.utf8_chunks().next()?;
        let hidden = chunk
            .valid()
            .char_indices()
            .find(|(_, letter)| is_hidden(*letter));
        let (shown, skipped) = match (hidden, chunk.invalid().len()) {
            (Some((0, letter)), _) => (&b"?"[..], letter.len_utf8()),
            (Some((at, _)), _) => (&self.0[..at], at),
            (None, invalid) if chunk.valid().is_empty() => (&b"?"[..], invalid),
            (None, _) => (&self.0[..chunk.valid().len()], chunk.valid().len()),
        };
        self.0 = &self.0[skipped..];
        Some(shown)
    }
}

/// Writes one message, as one line; what does not fit is left out.
pub fn say(notice: &Notice, level: Level, parts: &[&[u8]]) {
    if level > notice.level {
        return;
    }
    let mut line = [IoSlice::new(b""); MAX_PARTS];
    let around = [&b"psl: "[..]].into_iter().chain(parts.iter().copied());
    let mut used = 0;
    for (slot, part) in line[..MAX_PARTS - 1].iter_mut().zip(around.flat_map(Plain)) {
        *slot = IoSlice::new(part);
        used += 1;
    }
    line[used] = IoSlice::new(b"\n");
    let line = &line[..=used];
    let flags = OFlags::WRONLY
        | OFlags::CREATE
        | OFlags::APPEND
        | OFlags::CLOEXEC
        | OFlags::NOCTTY
        | OFlags::NONBLOCK;
    let to_file = notice.file.as_ref().is_some_and(|file| {
        rustix::fs::openat(CWD, file.as_c_str(), flags, Mode::from_raw_mode(0o666))
            .is_ok_and(|file| rustix::io::writev(file, line).is_ok())
    });
    if !to_file {
        // There is nowhere left to say that this failed.
        let _ = rustix::io::writev(rustix::stdio::stderr(), line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_a_question_mark_each() {
        let rows: [(&[u8], &str); 6] = [
            (b"", ""),
            (b"plain", "plain"),
            (b"\x1b]0;x\x07y\n", "?]0;x?y?"),
            ("\u{9b}31m\u{202e}ü".as_bytes(), "?31m?ü"),
            (b"a\x9bb\xff", "a?b?"),
            (b"\x1b\x1b", "??"),
        ];
        for (text, expected) in rows {
            assert_eq!(
                Plain(text).collect::<Vec<_>>().concat(),
                expected.as_bytes()
            );
        }
    }
}
