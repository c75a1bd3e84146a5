//! A value that is exchanged as a whole while others read it: no reader waits, locks or allocates.
//!
//! Readers may be signal handlers, and children that a process makes while they read. That is why it is no
//! `arc_swap`, whose readers allocate on a thread's first read and must not be interrupted by another read.
#![allow(unsafe_code, reason = "values are shared by counts of their readers")]

use std::cell::UnsafeCell;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// How many values there can be: the current one, and those that somebody still reads.
const SLOTS: usize = 16;

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

// SAFETY: a value is reached by readers, who share it, and by who has claimed its slot, which excludes them.
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
            // SeqCst here and in `replace`: either this sees that another value is current, or who wants the slot
            // sees that it is read.
            let version = self.current.load(Ordering::SeqCst);
            let slot = self.slots.get(index(version))?;
            let before = slot.readers.fetch_add(1, Ordering::SeqCst);
            if before & CLAIMED == 0 && self.current.load(Ordering::SeqCst) == version {
                // SAFETY: the slot is not claimed, and will not be before `drop`.
                if let Some(value) = unsafe { &*slot.value.get() } {
                    return Some(Reader {
                        slot,
                        version,
                        value,
                    });
                }
            }
            slot.readers.fetch_sub(1, Ordering::SeqCst);
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
            let claimed =
                (slot.readers).compare_exchange(0, CLAIMED, Ordering::SeqCst, Ordering::Relaxed);
            claimed.is_ok()
        };
        let mut others = (0..SLOTS).filter(|&at| at != index(seen));
        let Some(at) = others.find(|&at| claim(&self.slots[at])) else {
            return false;
        };
        let slot = &self.slots[at];
        // What is current may have become this slot before it was claimed; from then on it cannot.
        let is_last = self.current.load(Ordering::SeqCst) == seen;
        let old = match is_last {
            // SAFETY: the slot is claimed, and what is current is another one.
            true => unsafe { (*slot.value.get()).replace(value) },
            false => None,
        };
        slot.readers.fetch_and(!CLAIMED, Ordering::SeqCst);
        drop(old);
        let next = (((seen >> u8::BITS) + 1) << u8::BITS) | (at as u64 + 1);
        // A value that comes too late here stays where nobody finds it, until its slot is needed.
        is_last
            && (self.current)
                .compare_exchange(seen, next, Ordering::SeqCst, Ordering::Relaxed)
                .is_ok()
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
        self.slot.readers.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Two numbers that belong together, and a count of those that are there.
    struct Pair<'a>(u64, u64, &'a AtomicUsize);

    impl<'a> Pair<'a> {
        fn new(number: u64, count: &'a AtomicUsize) -> Self {
            count.fetch_add(1, Ordering::Relaxed);
            Self(number, !number, count)
        }
    }

    impl Drop for Pair<'_> {
        fn drop(&mut self) {
            self.0 = 0;
            self.1 = 0;
            self.2.fetch_sub(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_is_read_is_whole_and_never_older_than_before() {
        const COUNT: u64 = 20_000;
        let there = AtomicUsize::new(0);
        let swap = Swap::<Pair<'_>>::new();
        assert!(swap.read().is_none());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut last = 0;
                    while last < COUNT {
                        let Some(pair) = swap.read() else { continue };
                        assert_eq!(pair.0, !pair.1);
                        assert!(pair.0 >= last, "{} after {last}", pair.0);
                        last = pair.0;
                    }
                });
            }
            for number in 1..=COUNT {
                let is_in = || {
                    let seen = Swap::version(swap.read().as_ref());
                    swap.replace(seen, Pair::new(number, &there))
                };
                while !is_in() {}
            }
        });
        assert!(there.load(Ordering::Relaxed) <= SLOTS);
        drop(swap);
        assert_eq!(there.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_value_that_comes_too_late_is_not_put_in() {
        let swap = Swap::new();
        assert!(swap.replace(0, 'a'));
        let seen = Swap::version(swap.read().as_ref());
        assert!(swap.replace(seen, 'b'));
        assert!(!swap.replace(seen, 'c') && !swap.replace(0, 'd'));
        assert_eq!(swap.read().as_deref(), Some(&'b'));
    }

    #[test]
    fn values_that_are_read_stay_and_others_make_room() {
        let swap = Swap::new();
        let mut readers = Vec::new();
        let put = |number| swap.replace(Swap::version(swap.read().as_ref()), number);
        for number in 0..SLOTS {
            assert!(put(number));
            readers.extend(swap.read());
        }
        assert!(!put(SLOTS));
        assert!(readers.iter().map(|reader| **reader).eq(0..SLOTS));
        readers.remove(3);
        assert!(put(SLOTS));
        assert_eq!(swap.read().as_deref(), Some(&SLOTS));
    }

    #[test]
    fn of_many_writers_each_puts_its_value_in_once() {
        const EACH: u64 = 2000;
        let swap = Swap::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..EACH {
                        loop {
                            let (seen, next) = match swap.read() {
                                Some(value) => (Swap::version(Some(&value)), *value + 1),
                                None => (0, 1),
                            };
                            if swap.replace(seen, next) {
                                break;
                            }
                        }
                    }
                });
            }
        });
        let last = swap.read().map(|value| *value);
        assert_eq!(last, Some(4 * EACH));
    }
}
