//! Names of files that are there for a moment.

use std::sync::atomic::{AtomicU32, Ordering};

/// What they begin with; the thread and a number follow, as eight digits each.
const PREFIX: usize = b".psl-".len();

/// How long they are.
pub const LENGTH: usize = PREFIX + 2 * 8;

/// Makes a name that no other thread makes at this time; another process namespace may make the same.
pub fn unique_name() -> [u8; LENGTH] {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let mut name = *b".psl-0000000000000000";
    let parts = [
        rustix::thread::gettid().as_raw_nonzero().get() as u32,
        // Relaxed: the number says nothing about other memory. Where this library happens to lie tells it from
        // what a process with the same thread may have left when it was killed.
        COUNT
            .fetch_add(1, Ordering::Relaxed)
            .wrapping_add(((&raw const COUNT).addr() >> 12) as u32),
    ];
    let digits = parts
        .iter()
        .flat_map(|part| (0..8).map(move |place| (part >> (28 - 4 * place)) as usize % 16));
    for (byte, digit) in name[PREFIX..].iter_mut().zip(digits) {
        *byte = b"0123456789abcdef"[digit];
    }
    name
}
