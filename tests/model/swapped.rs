//! Values that are exchanged while others read them.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use crate::atomic::{tried, use_first};
use crate::swap::Swap;

/// A value that notices when it is dropped while somebody reads it, or read before it is there.
#[derive(Debug)]
struct Value(UnsafeCell<u64>);

impl Value {
    fn new(number: u64) -> Self {
        Self(UnsafeCell::new(number))
    }

    fn number(&self) -> u64 {
        // SAFETY: loom checks that nobody changes it meanwhile.
        self.0.with(|number| unsafe { *number })
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        // SAFETY: loom checks that nobody reads it meanwhile.
        self.0.with_mut(|number| unsafe { *number = u64::MAX });
    }
}

/// Makes one that has had as many values, the numbers from 1.
fn swap(values: u64) -> Arc<Swap<Value>> {
    let swap = Arc::new(Swap::new());
    use_first(&*swap);
    for number in 1..=values {
        assert!(put(&swap, number));
    }
    swap
}

/// Puts a number in the place of the one that is read.
fn put(swap: &Swap<Value>, number: u64) -> bool {
    let seen = Swap::version(swap.read().as_ref());
    swap.replace(seen, Value::new(number))
}

fn last(swap: &Swap<Value>) -> u64 {
    swap.read().map_or(0, |value| value.number())
}

#[test]
fn a_value_stays_while_it_is_read_and_is_never_older_than_the_one_before() {
    tried(|| {
        let swap = swap(1);
        let readers = [(); 1].map(|()| {
            let swap = Arc::clone(&swap);
            thread::spawn(move || {
                let first = last(&swap);
                let second = last(&swap);
                assert!(first >= 1 && second >= first, "{second} after {first}");
            })
        });
        for number in 2..=3 {
            assert!(put(&swap, number));
        }
        for reader in readers {
            reader.join().expect("what a reader asserts holds");
        }
        assert_eq!(last(&swap), 3);
    });
}

#[test]
fn of_two_writers_each_finds_its_own_value_in_or_is_told_that_it_is_not() {
    tried(|| {
        let swap = swap(0);
        let other = Arc::clone(&swap);
        let other = thread::spawn(move || put(&other, 20));
        let is_in = put(&swap, 10);
        let other_is_in = other.join().expect("a writer asserts nothing");
        assert!(is_in || other_is_in);
        match (is_in, other_is_in, last(&swap)) {
            (true, false, 10) | (false, true, 20) | (true, true, 10 | 20) => {}
            found => panic!("{found:?}"),
        }
    });
}
