//! What the loader's cache says of a library: a file of paths (ldconfig(8)), of which those of one name are looked at.

use std::ffi::CStr;
use std::ptr::null_mut;

use rustix::fs::{Mode, OFlags};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use crate::libraries::variants;

const FILE: &CStr = c"/etc/ld.so.cache";

/// Subdirectories for variants of a processor have this in their path.
const VARIANTS: &[u8] = b"/glibc-hwcaps/";

/// Returns the paths of libraries with this name, the best for this processor first.
pub fn paths_of(name: &[u8]) -> Vec<Vec<u8>> {
    let Some(cache) = Cache::map() else {
        return Vec::new();
    };
    let ending = [b"/", name, b"\0"].concat();
    let rank = |path: &[u8]| {
        let is_of = |variant: &&str| contains(path, variant.as_bytes());
        match variants().iter().position(is_of) {
            Some(rank) => Some(rank),
            None if contains(path, VARIANTS) => None,
            None => Some(variants().len()),
        }
    };
    let mut ranked: Vec<_> = cache
        .strings_ending(&ending)
        .filter(|path| path.starts_with(b"/"))
        .filter_map(|path| Some((rank(path)?, path.to_vec())))
        .collect();
    ranked.sort_by_key(|&(rank, _)| rank);
    ranked.into_iter().map(|(_, path)| path).collect()
}

fn contains(path: &[u8], part: &[u8]) -> bool {
    path.windows(part.len()).any(|window| window == part)
}

/// The cache in memory.
struct Cache {
    start: *mut u8,
    length: usize,
}

impl Cache {
    fn map() -> Option<Self> {
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

    /// Iterates over the strings that end so, without the NUL.
    fn strings_ending<'c>(&'c self, ending: &'c [u8]) -> impl Iterator<Item = &'c [u8]> {
        // SAFETY: the mapping has this length, and stays until this is dropped.
        let data = unsafe { std::slice::from_raw_parts(self.start, self.length) };
        let found = data
            .windows(ending.len())
            .enumerate()
            .filter(move |(_, window)| *window == ending);
        found.filter_map(move |(at, _)| {
            let start = data[..at].iter().rposition(|&byte| byte == 0)? + 1;
            Some(&data[start..at + ending.len() - 1])
        })
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        // SAFETY: `map` made this mapping, and nobody else has its address.
        let unmapped = unsafe { munmap(self.start.cast(), self.length) };
        debug_assert!(unmapped.is_ok());
    }
}
