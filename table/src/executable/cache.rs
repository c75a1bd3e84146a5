//! The loader's cache (ldconfig(8)): names of libraries, and where they lie.

use super::search::variants;

/// Where glibc has it.
pub const FILE: &str = "/etc/ld.so.cache";

/// What the cache begins with since glibc 2.32; an older part came before it until then.
const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";

/// What an entry for this machine is marked with (`FLAG_ELF_LIBC6` and the machine's own).
const FLAGS: u32 = if cfg!(target_arch = "aarch64") {
    0x0a03
} else {
    0x0303
};

/// The bytes of the head (`struct cache_file_new` of glibc), and of an entry (`struct file_entry_new`).
const HEAD: usize = 48;
const ENTRY: usize = 24;

/// Subdirectories for variants of a processor have this in their path.
const VARIANTS: &[u8] = b"/glibc-hwcaps/";

/// A library in the cache.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'b> {
    /// The name that it is searched for by.
    pub name: &'b [u8],
    /// Its path.
    pub path: &'b [u8],
    /// Whether it is for some processors alone, as glibc before 2.33 had them.
    is_special: bool,
}

/// The bytes of a cache.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cache<'b> {
    /// From the magic on: offsets of strings begin there.
    bytes: &'b [u8],
    entries: &'b [u8],
}

impl<'b> Cache<'b> {
    /// Recognises a cache; none if its format is not known.
    pub fn parse(bytes: &'b [u8]) -> Option<Self> {
        let start = bytes
            .windows(MAGIC.len())
            .position(|window| window == MAGIC)?;
        let bytes = &bytes[start..];
        let count = number(bytes, MAGIC.len())? as usize;
        let entries = bytes.get(HEAD..)?;
        let length = entries.len().min(count.saturating_mul(ENTRY));
        Some(Self {
            bytes,
            entries: &entries[..length],
        })
    }

    /// Iterates over the libraries for this machine, in the cache's order.
    pub fn entries(self) -> impl Iterator<Item = Entry<'b>> {
        self.entries.chunks_exact(ENTRY).filter_map(move |entry| {
            let is_special = number(entry, 16)? != 0 || number(entry, 20)? != 0;
            (number(entry, 0)? == FLAGS).then_some(Entry {
                name: text(self.bytes, number(entry, 4)?)?,
                path: text(self.bytes, number(entry, 8)?)?,
                is_special,
            })
        })
    }

    /// Returns the paths of libraries with this name, the best for this processor first.
    pub fn paths_of(self, name: &[u8]) -> Vec<&'b [u8]> {
        let named = self.entries().filter(|entry| entry.name == name);
        let mut ranked: Vec<_> = named
            .filter_map(|entry| Some((entry.rank()?, entry.path)))
            .collect();
        ranked.sort_by_key(|&(rank, _)| rank);
        ranked.into_iter().map(|(_, path)| path).collect()
    }
}

impl Entry<'_> {
    /// Returns its position among the variants; none if this processor is not meant.
    fn rank(&self) -> Option<usize> {
        let has = |part: &[u8]| self.path.windows(part.len()).any(|window| window == part);
        let mut known = variants().iter();
        match known.position(|variant| has(variant.as_bytes())) {
            Some(rank) => Some(rank),
            None if self.is_special || has(VARIANTS) => None,
            None => Some(variants().len()),
        }
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

fn text(bytes: &[u8], at: u32) -> Option<&[u8]> {
    bytes.get(at as usize..)?.split(|&byte| byte == 0).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_that_lies_about_itself_yields_less() {
        let mut cache = MAGIC.to_vec();
        cache.extend(1000_u32.to_ne_bytes());
        cache.resize(HEAD, 0);
        for word in [FLAGS, 72, 9999, 0, 0, 0] {
            cache.extend(word.to_ne_bytes());
        }
        cache.extend(b"libx.so");
        let is_empty = |cache: Cache<'_>| cache.entries().next().is_none();
        assert!(Cache::parse(&cache).is_some_and(is_empty));
        for length in 0..cache.len() {
            let parsed = Cache::parse(&cache[..length]);
            assert!(parsed.is_none_or(is_empty), "{length}");
        }
        // The same entry with a path inside of the file.
        cache[HEAD + 8..HEAD + 12].copy_from_slice(&72_u32.to_ne_bytes());
        let parsed = Cache::parse(&cache).expect("it is well formed");
        assert_eq!(parsed.paths_of(b"libx.so"), [b"libx.so"]);
        assert!(parsed.paths_of(b"liby.so").is_empty());
    }
}
