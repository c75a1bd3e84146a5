//! A value that is exchanged as a whole while others read it: no reader waits, locks or allocates.
//!
//! Readers may be signal handlers, and children that a process makes while they read. That is why it is no
//! `arc_swap`, whose readers allocate on a thread's first read and must not be interrupted by another read.
#![allow(unsafe_code, reason = "values are shared by counts of their readers")]

use std::cell::UnsafeCell;
use std::ops::Deref;

use crate::atomic::{AtomicU32, AtomicU64, Ordering};

/// How many values there can be: the current one, and those that somebody still reads.
pub const SLOTS: usize = 16;

/// In the count of a slot's readers: one thread has it to itself.
const CLAIMED: u32 = 1 << 31;

/// A place for one value at a time, which begins without any.
#[derive(Debug)]
pub struct Swap<T> {
    /// How often a value was put in, and in the lowest bits the slot of the last one.
    current: AtomicU64,
    slots: [Slot<T>; SLOTS],
}

#[derive(Debug)]
struct Slot<T> {
    readers: AtomicU32,
    value: UnsafeCell<Option<T>>,
}

// SAFETY: a value is reached by readers while it is current, who share it, and by who has claimed its slot while it is
// not and nobody reads it.
unsafe impl<T: Send + Sync> Sync for Swap<T> {}

/// A value that stays while this is kept.
#[derive(Debug)]
pub struct Reader<'a, T> {
    slot: &'a Slot<T>,
    /// Which of the values it is that were put in.
    version: u64,
    value: &'a T,
}

impl<T> Swap<T> {
    /// Makes one without a value.
    pub const fn new() -> Self {
        Self {
            current: AtomicU64::new(0),
            slots: [const {
                Slot {
                    readers: AtomicU32::new(0),
                    value: UnsafeCell::new(None),
                }
            }; SLOTS],
        }
    }

    /// Returns the value that was put in last.
    pub fn read(&self) -> Option<Reader<'_, T>> {
        loop {
            // Acquire pairs with the release that made it current: the count of its slot is then seen as it was left.
            let version = self.current.load(Ordering::Acquire);
            let slot = self.slots.get(index(version))?;
            // Acquire pairs with the releases of who had the slot: the value is seen, and so is that another one is current
            // where the slot is being written for another. Who claims it and writes nothing is in nobody's way.
            slot.readers.fetch_add(1, Ordering::Acquire);
            if self.current.load(Ordering::Acquire) == version {
                // SAFETY: nobody writes the slot of what is current, and nobody will before `drop`.
                if let Some(value) = unsafe { &*slot.value.get() } {
                    return Some(Reader {
                        slot,
                        version,
                        value,
                    });
                }
            }
            slot.readers.fetch_sub(1, Ordering::Release);
        }
    }

    /// Returns what [`Swap::replace`] is to be told of the value that was read; none was.
    pub fn version(seen: Option<&Reader<'_, T>>) -> u64 {
        seen.map_or(0, |reader| reader.version)
    }

    /// Puts a value in, and drops an older one that nobody reads any more; returns whether it did.
    ///
    /// It does not where another value was put in since `seen`, or all older ones are still read.
    pub fn replace(&self, seen: u64, value: T) -> bool {
        let claim = |slot: &Slot<T>| {
            // Acquire pairs with the releases of all who had the slot before: they are done with it, and what was made
            // current with it is seen. Release: who meets the claim sees that another value is current.
            let claimed =
                (slot.readers).compare_exchange(0, CLAIMED, Ordering::AcqRel, Ordering::Relaxed);
            claimed.is_ok()
        };
        let mut others = (0..SLOTS).filter(|&at| at != index(seen));
        let Some(at) = others.find(|&at| claim(&self.slots[at])) else {
            return false;
        };
        let slot = &self.slots[at];
        // What is current may have become this slot before it was claimed; from then on it cannot.
        let is_last = self.current.load(Ordering::Acquire) == seen;
        let old = match is_last {
            // SAFETY: the slot is claimed, and what is current is another one.
            true => unsafe { (*slot.value.get()).replace(value) },
            false => None,
        };
        // The claim becomes a reader's: others may read, and nobody puts another value here before it is known whether
        // this one is current. Release pairs with the acquires of both.
        slot.readers.fetch_sub(CLAIMED - 1, Ordering::Release);
        drop(old);
        let next = (((seen >> u8::BITS) + 1) << u8::BITS) | (at as u64 + 1);
        // Release pairs with the acquire of readers. A value that comes too late here stays where nobody finds it,
        // until its slot is needed.
        let is_in = is_last
            && (self.current)
                .compare_exchange(seen, next, Ordering::Release, Ordering::Relaxed)
                .is_ok();
        slot.readers.fetch_sub(1, Ordering::Release);
        is_in
    }
}

impl<T> Default for Swap<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the slot that a word names; out of range where it names none.
fn index(version: u64) -> usize {
    ((version & u64::from(u8::MAX)) as usize).wrapping_sub(1)
}

impl<T> Deref for Reader<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value
    }
}

impl<T> Drop for Reader<'_, T> {
    fn drop(&mut self) {
        // Release pairs with the acquire of who claims the slot.
        self.slot.readers.fetch_sub(1, Ordering::Release);
    }
}
