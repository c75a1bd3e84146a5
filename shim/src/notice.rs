//! What the shim says after main has begun: put together by the kernel, without memory of ours.

use std::ffi::CString;
use std::io::IoSlice;

use rustix::fs::{CWD, Mode, OFlags};

use crate::report::Level;

/// Where messages go, and how many of them.
pub struct Notice {
    /// Messages that matter less are not written.
    pub level: Level,
    /// The file, instead of standard error.
    pub file: Option<CString>,
}

/// How many parts a message has at most, with what is put around them.
const MAX_PARTS: usize = 12;

/// Writes one message, as one line; what does not fit is left out.
pub fn say(notice: &Notice, level: Level, parts: &[&[u8]]) {
    if level > notice.level {
        return;
    }
    let mut line = [IoSlice::new(b""); MAX_PARTS];
    let around = [&b"psl: "[..]].into_iter().chain(parts.iter().copied());
    let mut used = 0;
    for (slot, part) in line[..MAX_PARTS - 1].iter_mut().zip(around) {
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
