//! How callers spelt the names that they bound sockets to: a symlink keeps that in the socket's name.
//!
//! The kernel keeps what it was given, the name without links, and tells that to whoever asks. So this process
//! remembers what it gave; what another process gave cannot be known. Nothing here locks or allocates: bind(2) may be
//! called by a signal handler, and getsockname(2) in the child of a fork.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};

use super::name::{Name, ROOM};

/// How many names are remembered; the oldest makes room.
const ENTRIES: usize = 64;

/// What a name takes, in words: its room and a NUL.
const WORDS: usize = (ROOM + 1).div_ceil(size_of::<u64>());

struct Entry {
    /// Odd while the entry is written, and another number after that; 0 before it is used.
    version: AtomicU64,
    kernel: [AtomicU64; WORDS],
    given: [AtomicU64; WORDS],
}

static TABLE: [Entry; ENTRIES] = [const {
    Entry {
        version: AtomicU64::new(0),
        kernel: [const { AtomicU64::new(0) }; WORDS],
        given: [const { AtomicU64::new(0) }; WORDS],
    }
}; ENTRIES];

/// How many names have been recorded in all: the next one's turn in the table.
static RECORDED: AtomicUsize = AtomicUsize::new(0);

/// Whether there is any name to tell.
pub fn any() -> bool {
    // Relaxed: who asks for a name that another thread bound has heard of it from that thread.
    RECORDED.load(Ordering::Relaxed) != 0
}

/// Remembers that a socket has the name `kernel` because its owner called it `given`.
pub fn record(kernel: &Name, given: &Name) {
    let known = TABLE.iter().find(|entry| entry.is(kernel));
    // An entry that somebody is writing to, maybe a thread that is lost since a fork, is left alone.
    for _ in 0..ENTRIES {
        let entry =
            known.unwrap_or_else(|| &TABLE[RECORDED.fetch_add(1, Ordering::Relaxed) % ENTRIES]);
        if entry.write(kernel, given) {
            return;
        }
    }
}

/// Forgets a name: a socket has it because its owner called it so.
pub fn forget(kernel: &Name) {
    if !any() {
        return;
    }
    for entry in TABLE.iter().filter(|entry| entry.is(kernel)) {
        entry.write(kernel, kernel);
    }
}

/// Returns another spelling of `kernel` if its own stands for something else than `given` already.
///
/// Two directories may be had by one descriptor, one after the other, or one name bound again by another spelling.
pub fn distinct(kernel: Name, given: &Name) -> Name {
    let mut name = kernel;
    while any() && find(name.as_bytes(), name.length).is_some_and(|known| known != *given) {
        let text = name.as_bytes();
        let slash = text.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        let (dir, last) = text.split_at(slash);
        match Name::new(&[dir, b"/", last]).filter(|longer| longer.length < ROOM) {
            Some(longer) => name = longer,
            None => return kernel,
        }
    }
    name
}

/// Finds how the owner spelt a name, of which the beginning and the length are known.
pub fn find(beginning: &[u8], length: usize) -> Option<Name> {
    TABLE
        .iter()
        .filter_map(Entry::read)
        .find(|(kernel, _)| kernel.length == length && kernel.as_bytes().starts_with(beginning))
        .map(|(_, given)| given)
}

impl Entry {
    fn is(&self, kernel: &Name) -> bool {
        self.read().is_some_and(|(own, _)| own == *kernel)
    }

    fn read(&self) -> Option<(Name, Name)> {
        // Acquire pairs with the release at the end of `write`: the words are of this version or a later one.
        let version = self.version.load(Ordering::Acquire);
        if version == 0 || !version.is_multiple_of(2) {
            return None;
        }
        let names = (load(&self.kernel), load(&self.given));
        // Pairs with the fence in `write`: had a word been of a later version, this would see its number.
        fence(Ordering::Acquire);
        (self.version.load(Ordering::Relaxed) == version).then_some(names)
    }

    /// Writes the entry, unless somebody else does.
    fn write(&self, kernel: &Name, given: &Name) -> bool {
        let version = self.version.load(Ordering::Relaxed);
        let is_free = version.is_multiple_of(2)
            && self
                .version
                .compare_exchange(version, version + 1, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if is_free {
            // Pairs with the fence in `read`.
            fence(Ordering::Release);
            store(&self.kernel, kernel);
            store(&self.given, given);
            // Release pairs with the acquire in `read`.
            self.version.store(version + 2, Ordering::Release);
        }
        is_free
    }
}

fn load(words: &[AtomicU64; WORDS]) -> Name {
    let mut bytes = [0; ROOM + 1];
    for (chunk, word) in bytes.chunks_mut(size_of::<u64>()).zip(words) {
        let word = word.load(Ordering::Relaxed).to_ne_bytes();
        chunk.copy_from_slice(&word[..chunk.len()]);
    }
    let length = bytes.iter().position(|&byte| byte == 0).unwrap_or(ROOM);
    Name { bytes, length }
}

fn store(words: &[AtomicU64; WORDS], name: &Name) {
    for (word, chunk) in words.iter().zip(name.bytes.chunks(size_of::<u64>())) {
        let mut bytes = [0; size_of::<u64>()];
        bytes[..chunk.len()].copy_from_slice(chunk);
        word.store(u64::from_ne_bytes(bytes), Ordering::Relaxed);
    }
}
