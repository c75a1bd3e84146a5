//! How others find this process: by a mapping whose name /proc/PID/maps shows, whatever becomes of the environment.

use std::ffi::CString;
use std::ptr::null_mut;

use psl_table::pinned::MARK_ROOM;
use rustix::fs::MemfdFlags;
use rustix::mm::{MapFlags, ProtFlags, mmap};

/// The size of the mapping: a page that is never touched, and takes no memory.
const SIZE: usize = 4096;

/// Maps a page by this name, for as long as the program runs; a child of fork(2) has it, too.
///
/// Where that does not work it is done without: the environment tells as much of most processes.
pub fn register(name: &str) {
    let Ok(name) = CString::new(&name[..name.len().min(MARK_ROOM)]) else {
        return;
    };
    let Ok(file) = rustix::fs::memfd_create(&name, MemfdFlags::CLOEXEC) else {
        return;
    };
    // SAFETY: a fresh mapping disturbs nothing; nobody may read it, so that its file may well be empty.
    let mapped = unsafe {
        let flags = MapFlags::PRIVATE;
        mmap(null_mut(), SIZE, ProtFlags::empty(), flags, &file, 0)
    };
    // One that could not be made is none.
    let _ = mapped;
}
