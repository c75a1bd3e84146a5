//! The loader's cache (ldconfig(8)): names of libraries, and where they lie.
use psl_table::executable::search::variants;
use std::fs;

const FILE: &str = "/etc/ld.so.cache";

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
#[derive(Debug)]
pub struct Entry {
    /// The name that it is searched for by.
    pub name: Vec<u8>,
    /// Its path.
    pub path: Vec<u8>,
    /// Whether it is for some processors alone, as glibc before 2.33 had them.
    is_special: bool,
}

/// The libraries for this machine, in the cache's order.
#[derive(Debug, Default)]
pub struct Cache(Vec<Entry>);

impl Cache {
    /// Reads the host's; fails with why it cannot be used.
    pub fn read() -> Result<Self, String> {
        let bytes = fs::read(FILE).map_err(|error| format!("{FILE:?}: {error}"))?;
        Self::parse(&bytes).ok_or_else(|| format!("{FILE:?} has a format that is not known"))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let start = bytes
            .windows(MAGIC.len())
            .position(|window| window == MAGIC)?;
        // Offsets of strings begin at the magic.
        let bytes = &bytes[start..];
        let count = number(bytes, MAGIC.len())? as usize;
        let entries = bytes.get(HEAD..)?.chunks_exact(ENTRY).take(count);
        let entries = entries.filter_map(|entry| {
            let is_special = number(entry, 16)? != 0 || number(entry, 20)? != 0;
            (number(entry, 0)? == FLAGS).then_some(Entry {
                name: text(bytes, number(entry, 4)?)?.to_vec(),
                path: text(bytes, number(entry, 8)?)?.to_vec(),
                is_special,
            })
        });
        Some(Self(entries.collect()))
    }

    /// Returns all of them.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// Returns the paths of libraries with this name, the best for this processor first.
    pub fn paths_of(&self, name: &[u8]) -> Vec<&[u8]> {
        let rank = |entry: &Entry| {
            let has = |part: &[u8]| entry.path.windows(part.len()).any(|window| window == part);
            match variants()
                .iter()
                .position(|variant| has(variant.as_bytes()))
            {
                Some(rank) => Some(rank),
                None if entry.is_special || has(VARIANTS) => None,
                None => Some(variants().len()),
            }
        };
        let named = self.0.iter().filter(|entry| entry.name == name);
        let mut ranked: Vec<_> = named
            .filter_map(|entry| Some((rank(entry)?, &*entry.path)))
            .collect();
        ranked.sort_by_key(|&(rank, _)| rank);
        ranked.into_iter().map(|(_, path)| path).collect()
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
        assert!(Cache::parse(&cache).is_some_and(|it| it.0.is_empty()));
        for length in 0..cache.len() {
            let parsed = Cache::parse(&cache[..length]);
            assert!(parsed.is_none_or(|it| it.0.is_empty()), "{length}");
        }
        // The same entry with a path inside of the file.
        cache[HEAD + 8..HEAD + 12].copy_from_slice(&72_u32.to_ne_bytes());
        let parsed = Cache::parse(&cache).expect("it is well formed");
        assert_eq!(parsed.paths_of(b"libx.so"), [b"libx.so"]);
        assert!(parsed.paths_of(b"liby.so").is_empty());
    }
}
