//! Atomics whose every interleaving and every reordering is tried, for code whose own are made by const functions.

use std::fmt;
use std::sync::OnceLock;

use loom::sync::atomic as loomed;
pub use loom::sync::atomic::Ordering;

/// Declares an atomic that is made at its first use: loom's cannot be made by a const function.
macro_rules! atomics {
    ($($name:ident: $value:ty,)*) => { $(
        /// The atomic of its name.
        pub struct $name {
            first: $value,
            tried: OnceLock<loomed::$name>,
        }

        #[allow(dead_code, reason = "not all of them need all")]
        impl $name {
            pub const fn new(first: $value) -> Self {
                Self { first, tried: OnceLock::new() }
            }

            fn tried(&self) -> &loomed::$name {
                self.tried.get_or_init(|| loomed::$name::new(self.first))
            }

            pub fn load(&self, order: Ordering) -> $value {
                self.tried().load(order)
            }

            pub fn store(&self, value: $value, order: Ordering) {
                self.tried().store(value, order);
            }

            pub fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                self.tried().fetch_add(value, order)
            }

            pub fn fetch_sub(&self, value: $value, order: Ordering) -> $value {
                self.tried().fetch_sub(value, order)
            }

            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.tried().compare_exchange(current, new, success, failure)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.load(Ordering::Relaxed).fmt(f)
            }
        }
    )* };
}

atomics! {
    AtomicU32: u32,
    AtomicU64: u64,
}

/// Uses all atomics of something that is shown with them, as a thread has to before others may use them.
pub fn use_first(shown: &impl fmt::Debug) {
    assert!(!format!("{shown:?}").is_empty());
}

/// Tries a model with every choice of which thread goes on where, and of what it reads.
///
/// Threads are interrupted, where they need not wait, at most three times in all: what more interruptions would show has
/// been found to need three or fewer in all but contrived programs, and they would take days.
pub fn tried(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}
