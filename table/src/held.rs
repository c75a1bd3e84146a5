//! A descriptor in memory that begins as zeroes.

use rustix::fd::{FromRawFd, IntoRawFd, OwnedFd};

/// A descriptor that is kept until the next walk in the same memory; none at first.
#[derive(Debug)]
pub struct Held {
    /// One more than the descriptor: fresh memory holds none.
    above: i32,
}

impl Held {
    /// Holds nothing.
    pub const fn new() -> Self {
        Self { above: 0 }
    }

    /// Keeps a descriptor instead of the one before.
    pub fn keep(&mut self, fd: OwnedFd) {
        self.release();
        self.above = fd.into_raw_fd() + 1;
    }

    /// Closes the descriptor, if there is one.
    #[allow(unsafe_code, reason = "the descriptor is kept as a number")]
    pub fn release(&mut self) {
        let fd = std::mem::take(&mut self.above) - 1;
        if fd >= 0 {
            // SAFETY: `keep` took it from its owner, and it is forgotten here.
            drop(unsafe { OwnedFd::from_raw_fd(fd) });
        }
    }

    /// Whether there is a descriptor.
    pub fn is_held(&self) -> bool {
        self.above > 0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.release();
    }
}
