//! What must hold of input that nobody vouches for: `tests/fuzz` looks for input that breaks it.

use std::ops::ControlFlow;

mod cache;
mod elf;
mod journal;
mod members;
mod script;
mod snapshot;
mod table;
mod walk;

/// Reads bytes as one kind of input, and panics where something that must hold does not.
///
/// Breaks off where it makes nothing of them.
pub type Check = fn(&[u8]) -> ControlFlow<()>;

/// All kinds, by the names of their corpora.
pub const KINDS: [(&str, Check); 8] = [
    ("cache", cache::check),
    ("elf", elf::check),
    ("journal", journal::check),
    ("members", members::check),
    ("script", script::check),
    ("snapshot", snapshot::check),
    ("table", table::check),
    ("walk", walk::check),
];

/// Checks input of the kind with this name.
pub fn check(kind: &str, bytes: &[u8]) -> ControlFlow<()> {
    let known = KINDS.iter().find(|(name, _)| *name == kind);
    let (_, check) = known.expect("a kind is one of all kinds");
    check(bytes)
}

/// Takes the value of what was understood.
fn understood<T, E>(result: Result<T, E>) -> ControlFlow<(), T> {
    match result {
        Ok(value) => ControlFlow::Continue(value),
        Err(_) => ControlFlow::Break(()),
    }
}

/// Opens a file with these bytes that has no name.
fn file(bytes: &[u8]) -> rustix::fd::OwnedFd {
    let file = rustix::fs::memfd_create("hostile", rustix::fs::MemfdFlags::CLOEXEC);
    let file = file.expect("a file can be made in memory");
    let written = rustix::io::pwrite(&file, bytes, 0);
    assert_eq!(written, Ok(bytes.len()), "memory takes it at once");
    file
}
