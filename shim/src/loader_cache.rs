//! What the loader's cache says of a library that a program without an auditing library opens by its name.
//!
//! Most programs need no audit, and one that opens a library that way need not say so before. The cache is a file of
//! paths (ldconfig(8)); only those of this name are looked at.

use std::ffi::{CStr, c_char};
use std::ptr::null_mut;

use rustix::fs::{Mode, OFlags};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use crate::libraries::{directories, leads_through_link, member_library, variants};
use crate::loaded::LinkMap;
use crate::tokens::expanded;

const CACHE: &CStr = c"/etc/ld.so.cache";

/// Subdirectories for variants of a processor have this in their path.
const VARIANTS: &[u8] = b"/glibc-hwcaps/";

/// Finds the library that links lead to, if the loader would take one of this name from a path behind a link.
pub fn find(name: &[u8], library_path: Option<&[u8]>) -> Option<*const c_char> {
    let cache = Cache::map()?;
    let ending = [b"/", name, b"\0"].concat();
    let paths: Vec<&[u8]> = cache.paths_ending(&ending).collect();
    let is_linked = |path: &&[u8]| CStr::from_bytes_with_nul(path).is_ok_and(leads_through_link);
    if !paths.iter().any(is_linked) || is_found_before(name, library_path) {
        return None;
    }
    let best_first = variants().iter().map(Some).chain([None]);
    best_first
        .flat_map(|variant| {
            let is_variant = move |path: &&&[u8]| match variant {
                Some(variant) => contains(path, variant.as_bytes()),
                None => !contains(path, VARIANTS),
            };
            paths.iter().filter(is_variant)
        })
        .find_map(|path| member_library(&path[..path.len() - 1]))
}

/// Whether the loader finds a library of this name before it looks into the cache.
fn is_found_before(name: &[u8], library_path: Option<&[u8]>) -> bool {
    let in_directory = |dir: &[u8], origin: &[u8]| {
        let found = expanded(dir, origin, |dir| {
            member_library(&[dir.to_bytes(), b"/", name].concat()).is_some()
        });
        found.unwrap_or(false)
    };
    let in_list =
        |list: &[u8], origin: &[u8]| directories(list).any(|dir| in_directory(dir, origin));
    library_path.is_some_and(|list| in_list(list, b""))
        || LinkMap::own().is_some_and(|own| {
            own.namespace().any(|object| {
                let origin = object.directory();
                [object.rpath(), object.runpath()]
                    .iter()
                    .flatten()
                    .any(|list| in_list(list, &origin))
            })
        })
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
        let file = rustix::fs::open(CACHE, flags, Mode::empty()).ok()?;
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

    /// Iterates over the paths that end so, with their NUL.
    fn paths_ending<'c>(&'c self, ending: &'c [u8]) -> impl Iterator<Item = &'c [u8]> {
        // SAFETY: the mapping has this length, and stays until this is dropped.
        let data = unsafe { std::slice::from_raw_parts(self.start, self.length) };
        let found = data
            .windows(ending.len())
            .enumerate()
            .filter(move |(_, window)| *window == ending);
        found.filter_map(move |(at, _)| {
            let start = data[..at].iter().rposition(|&byte| byte == 0)? + 1;
            let path = &data[start..at + ending.len()];
            path.starts_with(b"/").then_some(path)
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
