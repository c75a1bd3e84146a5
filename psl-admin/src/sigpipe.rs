//! The caller's disposition of SIGPIPE, which Rust's start-up code overwrites.
#![allow(unsafe_code, reason = "signal dispositions are reached through libc")]
use std::sync::atomic::{AtomicBool, Ordering};

static IGNORED: AtomicBool = AtomicBool::new(false);

/// Remembers the disposition that the caller left, before Rust's start-up code runs.
#[ctor::ctor(unsafe)]
fn remember() {
    // SAFETY: an all-zero sigaction is a valid value, and the call only fills it in.
    let ignored = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGPIPE, std::ptr::null(), &raw mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    };
    // Relaxed: the only other access is made by the same thread, in `restore`.
    IGNORED.store(ignored, Ordering::Relaxed);
}

/// Gives SIGPIPE back as the caller left it: `list | head` ends quietly, and what `run` starts inherits it.
pub fn restore() {
    let disposition = if IGNORED.load(Ordering::Relaxed) {
        libc::SIG_IGN
    } else {
        libc::SIG_DFL
    };
    // SAFETY: both dispositions are the kernel's own; no handler is installed.
    unsafe {
        libc::signal(libc::SIGPIPE, disposition);
    }
}
