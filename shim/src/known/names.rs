//! What is known of names by their hashes, which counts until something changes where names lead.

use psl_table::hash::hash;

use crate::atomic::{AtomicU64, Ordering};

/// Names by their hashes, each in one slot alone, with a number that says what is known of it.
#[derive(Debug)]
pub struct Names<const SLOTS: usize>([Slot; SLOTS]);

/// Two words that are written one after the other: a reader who meets halves of two entries finds neither.
#[derive(Debug)]
struct Slot {
    /// The hash, and the number over it.
    key: AtomicU64,
    number: AtomicU64,
}

/// How often something was changed.
#[derive(Debug)]
pub struct Changes(AtomicU64);

/// The time between two changes, as far as one name is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Moment(u64);

impl<const SLOTS: usize> Names<SLOTS> {
    /// Makes room for as many.
    pub const fn new() -> Self {
        Self(
            [const {
                Slot {
                    key: AtomicU64::new(0),
                    number: AtomicU64::new(0),
                }
            }; SLOTS],
        )
    }

    fn slot(&self, hash: u64) -> &Slot {
        &self.0[(hash >> 32) as usize % SLOTS]
    }

    /// Returns what was added of a name with this hash, unless another one took its slot.
    #[inline]
    pub fn get(&self, hash: u64) -> Option<u64> {
        let slot = self.slot(hash);
        // Relaxed, as in `add`: an entry says nothing of other memory, and halves of two have no one's hash.
        let number = slot.number.load(Ordering::Relaxed);
        (slot.key.load(Ordering::Relaxed) ^ number == hash).then_some(number)
    }

    /// Adds a name by its hash, in a moment that was seen before it was asked for.
    pub fn add(&self, hash: u64, number: u64) {
        let slot = self.slot(hash);
        slot.key.store(hash ^ number, Ordering::Relaxed);
        slot.number.store(number, Ordering::Relaxed);
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

    /// Returns how many there were, to compare with what is returned later.
    pub fn number(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Returns the present moment of names that begin at `directory`, within a tick of the clock.
    #[inline]
    pub fn moment(&self, tick: u64, directory: u64) -> Moment {
        // In no tick are there as many changes as would make another one of it.
        let moment = (tick << 32).wrapping_add(self.number());
        Moment(moment ^ directory.wrapping_mul(SPREAD))
    }
}

/// Odd, without a pattern.
const SPREAD: u64 = 0xd6e8_feb8_6659_fd93;

impl Moment {
    /// Returns the same moment for names that are asked for in one way of several.
    #[inline]
    pub fn of(self, way: u8) -> Self {
        Self(self.0 ^ u64::from(way) << 62)
    }

    /// Returns what stands for a name in this moment, and for no name in another one.
    #[inline]
    pub fn hash(self, name: &[u8]) -> u64 {
        hash(self.0, name)
    }
}
