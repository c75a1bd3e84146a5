//! What the loader's cache says of a library.

use std::ptr::null_mut;

use rustix::fs::{Mode, OFlags};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use psl_table::executable::cache::{Cache, FILE};

/// Returns the paths of libraries with this name, the best for this processor first.
pub fn paths_of(name: &[u8]) -> Vec<Vec<u8>> {
    let Some(file) = Mapped::open() else {
        return Vec::new();
    };
    let cache = Cache::parse(file.bytes()).unwrap_or_default();
    cache
        .paths_of(name)
        .into_iter()
        .map(<[u8]>::to_vec)
        .collect()
}

/// The file in memory.
struct Mapped {
    start: *mut u8,
    length: usize,
}

impl Mapped {
    fn open() -> Option<Self> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY;
        let file = rustix::fs::open(FILE, flags, Mode::empty()).ok()?;
        let length = usize::try_from(rustix::fs::fstat(&file).ok()?.st_size).ok()?;
        // SAFETY: a fresh private mapping disturbs nothing; ldconfig(8) never changes a cache but replaces it.
        let start = unsafe {
            mmap(
                null_mut(),
                length,
                ProtFlags::READ,
                MapFlags::PRIVATE,
                &file,
                0,
            )
        };
        Some(Self {
            start: start.ok()?.cast(),
            length,
        })
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping has this length, and stays until this is dropped.
        unsafe { std::slice::from_raw_parts(self.start, self.length) }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: `open` made this mapping, and nobody else has its address.
        let unmapped = unsafe { munmap(self.start.cast(), self.length) };
        debug_assert!(unmapped.is_ok());
    }
}
