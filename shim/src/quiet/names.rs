//! Names by their hashes, which count until something changes where names lead.

use psl_table::hash::{combined, hash};

use crate::atomic::{AtomicU64, Ordering};

/// Names by their hashes, each in one slot alone.
#[derive(Debug)]
pub struct Names<const SLOTS: usize>([AtomicU64; SLOTS]);

/// How often something was changed.
#[derive(Debug)]
pub struct Changes(AtomicU64);

/// The time between two changes, as far as one name is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Moment(u64);

impl<const SLOTS: usize> Names<SLOTS> {
    /// Makes room for as many.
    pub const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; SLOTS])
    }

    fn slot(&self, hash: u64) -> &AtomicU64 {
        &self.0[(hash >> 32) as usize % SLOTS]
    }

    /// Whether a name with this hash was added, and no other one took its slot.
    pub fn has(&self, hash: u64) -> bool {
        // Relaxed, as in `add`: an entry is one word, which says nothing of other memory.
        self.slot(hash).load(Ordering::Relaxed) == hash
    }

    /// Adds a name by its hash, in a moment that was seen before it was asked for.
    pub fn add(&self, hash: u64) {
        self.slot(hash).store(hash, Ordering::Relaxed);
    }
}

impl Changes {
    /// Makes a count that begins at nothing.
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Has it begin somewhere else.
    pub fn begin_at(&self, count: u64) {
        // Relaxed: nothing was added before.
        self.0.store(count, Ordering::Relaxed);
    }

    /// Counts one that was made: what was added in the moments before it is in none from here on.
    pub fn count(&self) {
        // Release pairs with the acquire below: who asks the kernel in a later moment gets an answer after the change.
        self.0.fetch_add(1, Ordering::Release);
    }

    /// Returns the present moment of names that begin at `directory`, within a tick of the clock.
    pub fn moment(&self, tick: u64, directory: u64) -> Moment {
        Moment(combined([tick, self.0.load(Ordering::Acquire), directory]))
    }
}

impl Moment {
    /// Returns what stands for a name in this moment, and for no name in another one.
    #[inline]
    pub fn hash(self, name: &[u8]) -> u64 {
        hash(self.0, name)
    }
}
