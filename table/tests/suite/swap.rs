//! Values that are exchanged while many threads read them.

use std::sync::atomic::{AtomicUsize, Ordering};

use psl_table::swap::{SLOTS, Swap};

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
