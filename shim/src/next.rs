//! The next definition of a symbol among what the program was started with, as dlsym(3) finds it for `RTLD_NEXT`.
//!
//! It takes no lock and no memory, so that each hook can ask at its first call, wherever that is: before main nobody
//! waits for two hundred answers of which a program needs a few.

use std::ffi::{CStr, c_char, c_void};
use std::ptr::{null_mut, with_exposed_provenance, with_exposed_provenance_mut};
use std::sync::atomic::{AtomicPtr, Ordering};

use object::NativeEndian as Native;
use object::elf::{
    DT_GNU_HASH, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_VERSYM, GnuHashHeader, SHN_UNDEF, STT_FUNC,
    STT_NOTYPE, Sym64, VERSYM_HIDDEN,
};

use crate::loaded::LinkMap;

/// The last object that the program was started with: none of them is ever unloaded, and others come behind it.
// Among what the loader relocates: that page is this process's own in any case.
#[unsafe(link_section = ".data")]
static LAST: AtomicPtr<LinkMap> = AtomicPtr::new(null_mut());

/// What there is of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Here it is defined.
    At(*mut c_void),
    /// Nothing: no object has it.
    Missing,
    /// Only the loader can tell.
    Unknown,
}

/// Learns what the program was started with: before main, when nobody loads anything.
pub fn learn() {
    let last = LinkMap::own().and_then(|own| own.behind().last());
    let last = last.map_or(null_mut(), |last| std::ptr::from_ref(last).cast_mut());
    // Relaxed: threads are started later.
    LAST.store(last, Ordering::Relaxed);
}

/// Finds the next definition of a symbol, given the [`hash`] of its name.
pub fn definition(name: &CStr, hash: u32) -> Next {
    let last = LAST.load(Ordering::Relaxed);
    let Some(own) = LinkMap::own().filter(|_| !last.is_null()) else {
        return Next::Unknown;
    };
    for object in own.behind() {
        let found = match Symbols::of(object) {
            Some(symbols) => symbols.definition(name, hash),
            None => Next::Unknown,
        };
        if found != Next::Missing || std::ptr::eq(object, last) {
            return found;
        }
    }
    Next::Missing
}

/// Returns the hash of a name as it is in the tables of objects.
pub const fn hash(name: &CStr) -> u32 {
    let name = name.to_bytes();
    let mut hash = 5381_u32;
    let mut at = 0;
    while at < name.len() {
        hash = hash.wrapping_mul(33).wrapping_add(name[at] as u32);
        at += 1;
    }
    hash
}

/// The tables of an object's symbols: see elf(5).
struct Symbols {
    address: usize,
    symbols: *const Sym64<Native>,
    strings: *const c_char,
    /// Null where the object has no versions.
    versions: *const u16,
    hashes: Hashes,
}

/// Where symbols are found by their names.
enum Hashes {
    /// What linkers write by `--hash-style=gnu`, and by default.
    Gnu(*const GnuHashHeader<Native>),
    /// The older one: how many buckets and symbols there are, then both.
    SystemV(*const u32),
}

impl Symbols {
    fn of(object: &LinkMap) -> Option<Self> {
        let [symbols, strings, versions, gnu, system_v] = object.tables([
            DT_SYMTAB.0,
            DT_STRTAB.0,
            DT_VERSYM.0,
            DT_GNU_HASH.0,
            DT_HASH.0,
        ]);
        Some(Self {
            address: object.address(),
            symbols: with_exposed_provenance(symbols?),
            strings: with_exposed_provenance(strings?),
            versions: with_exposed_provenance(versions.unwrap_or(0)),
            hashes: match gnu {
                Some(gnu) => Hashes::Gnu(with_exposed_provenance(gnu)),
                None => Hashes::SystemV(with_exposed_provenance(system_v?)),
            },
        })
    }

    fn definition(&self, name: &CStr, hash: u32) -> Next {
        // SAFETY: the loader looks symbols up in the same tables, which stay mapped as long as the object.
        unsafe {
            match self.hashes {
                Hashes::Gnu(header) => self.by_gnu_hash(header, name, hash),
                Hashes::SystemV(table) => self.by_old_hash(table, name),
            }
        }
    }

    /// # Safety
    ///
    /// The table is this object's.
    unsafe fn by_gnu_hash(
        &self,
        table: *const GnuHashHeader<Native>,
        name: &CStr,
        hash: u32,
    ) -> Next {
        // SAFETY: the caller's promise.
        unsafe {
            let header = &*table;
            let [buckets, first, words, shift] = [
                header.bucket_count.get(Native),
                header.symbol_base.get(Native),
                header.bloom_count.get(Native),
                header.bloom_shift.get(Native),
            ];
            if buckets == 0 || words == 0 {
                return Next::Missing;
            }
            let bloom: *const u64 = table.add(1).cast();
            let word = *bloom.add((hash / u64::BITS) as usize % words as usize);
            let bits = 1 << (hash % u64::BITS) | 1 << ((hash >> shift) % u64::BITS);
            if word & bits != bits {
                return Next::Missing;
            }
            let bucket: *const u32 = bloom.add(words as usize).cast();
            let chain = bucket.add(buckets as usize);
            let mut index = *bucket.add((hash % buckets) as usize);
            if index < first {
                return Next::Missing;
            }
            loop {
                let found = *chain.add((index - first) as usize);
                if found | 1 == hash | 1 {
                    let symbol = self.symbol(index as usize, name);
                    if symbol != Next::Missing {
                        return symbol;
                    }
                }
                // The last of a bucket has its lowest bit set.
                if found & 1 == 1 {
                    return Next::Missing;
                }
                index += 1;
            }
        }
    }

    /// # Safety
    ///
    /// The table is this object's.
    unsafe fn by_old_hash(&self, table: *const u32, name: &CStr) -> Next {
        let hash = name.to_bytes().iter().fold(0_u32, |hash, &byte| {
            let hash = (hash << 4).wrapping_add(u32::from(byte));
            let high = hash & 0xf000_0000;
            (hash ^ high >> 24) & !high
        });
        // SAFETY: the caller's promise; number 0 is no symbol's, and ends a chain.
        unsafe {
            let buckets = *table;
            if buckets == 0 {
                return Next::Missing;
            }
            let bucket = table.add(2);
            let chain = bucket.add(buckets as usize);
            let mut index = *bucket.add((hash % buckets) as usize);
            while index != 0 {
                let symbol = self.symbol(index as usize, name);
                if symbol != Next::Missing {
                    return symbol;
                }
                index = *chain.add(index as usize);
            }
        }
        Next::Missing
    }

    /// Returns what a symbol defines, if it has this name and is the version that a program gets which is linked today.
    ///
    /// # Safety
    ///
    /// The object has a symbol with this number.
    unsafe fn symbol(&self, index: usize, name: &CStr) -> Next {
        // SAFETY: the caller's promise; the strings are where the loader reads them.
        let (symbol, own_name) = unsafe {
            let symbol = &*self.symbols.add(index);
            let own_name = self.strings.add(symbol.st_name.get(Native) as usize);
            (symbol, CStr::from_ptr(own_name))
        };
        // SAFETY: there is a version for each symbol.
        let is_hidden =
            !self.versions.is_null() && unsafe { *self.versions.add(index) } & VERSYM_HIDDEN.0 != 0;
        let (section, value) = (symbol.st_shndx.get(Native), symbol.st_value.get(Native));
        if own_name != name || is_hidden || section == SHN_UNDEF || value == 0 {
            return Next::Missing;
        }
        match symbol.st_type() {
            STT_FUNC | STT_NOTYPE => {
                let at = self.address.wrapping_add(value as usize);
                Next::At(with_exposed_provenance_mut(at))
            }
            // One that decides at run time which function it is, for example.
            _ => Next::Unknown,
        }
    }
}
