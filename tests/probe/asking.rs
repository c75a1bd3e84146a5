//! The allocator that looks at files: what it is told, and what it has to say.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::call::symbol;

/// The counters of an allocator that looks at files, if that is the one in use.
pub struct Asking([*const AtomicU64; 4]);

impl Asking {
    /// Finds them.
    pub fn find() -> Self {
        let names = ["psl_expected", "psl_asked", "psl_recursions", "psl_wrong"];
        Self(names.map(|name| symbol(name).cast_const().cast()))
    }

    fn counters(&self) -> Option<[&AtomicU64; 4]> {
        // SAFETY: the allocator has these as atomics of 64 bits, for as long as the process runs.
        self.0
            .map(|it| unsafe { it.as_ref() })
            .into_iter()
            .collect::<Option<Vec<_>>>()?
            .try_into()
            .ok()
    }

    /// Tells it how large the file is that it has to see from here on.
    pub fn expect_links(&self) {
        if let Some([expected, ..]) = self.counters() {
            expected.store(3, Ordering::Relaxed);
        }
    }

    /// Checks that it looked, that it always saw what it had to, and that nothing it called came back to it.
    pub fn assert_never_wrong(&self) {
        if let Some([_, asked, recursions, wrong]) = self.counters() {
            assert!(asked.load(Ordering::Relaxed) > 10, "it looks at files");
            assert_eq!(recursions.load(Ordering::Relaxed), 0, "no call allocates");
            assert_eq!(wrong.load(Ordering::Relaxed), 0, "links hold in it");
        }
    }
}
