//! The objects that the loader has loaded: their names, and where they have it search for others.

use std::ffi::{CStr, CString, c_char, c_int};

use object::elf::{DT_NULL, DT_RPATH, DT_RUNPATH, DT_STRTAB};
use rustix::fs::{CWD, Mode, OFlags};

use psl_table::executable::search::Paths;

use crate::libraries::directory_of;

/// A loaded object: the public part of link.h's `struct link_map`.
#[repr(C)]
pub struct LinkMap {
    address: usize,
    name: *const c_char,
    dynamic: *const [u64; 2],
    next: *const LinkMap,
    previous: *const LinkMap,
}

/// What the loader tells debuggers: the beginning of link.h's `struct r_debug`.
#[repr(C)]
struct Debug {
    version: c_int,
    first: *const LinkMap,
}

unsafe extern "C" {
    /// ABI: the loader exports it; `first` heads the objects of the namespace that the program is in.
    static _r_debug: Debug;
    /// ABI: the linker defines it, at the beginning of this library's dynamic section.
    static _DYNAMIC: [u64; 2];
}

impl LinkMap {
    /// Returns the object that this library is; none where it is an auditing library, in a namespace of its own.
    ///
    /// Functions of libdl cannot be asked: until glibc 2.34 they crash while auditing libraries are loaded.
    pub fn own() -> Option<&'static Self> {
        // SAFETY: the loader sets it before any constructor runs.
        let first = unsafe { _r_debug.first.as_ref() }?;
        let own = &raw const _DYNAMIC;
        first.namespace().find(|it| it.dynamic == own)
    }

    /// Iterates over the objects of this one's namespace, the program first.
    pub fn namespace(&self) -> impl Iterator<Item = &Self> {
        let mut first = self;
        // SAFETY: the loader's list changes under its lock alone, which holds where this is called: before main, or
        // in a function that the loader itself calls.
        unsafe {
            while let Some(previous) = first.previous.as_ref() {
                first = previous;
            }
        }
        let mut next: *const Self = first;
        std::iter::from_fn(move || {
            // SAFETY: as above.
            let object = unsafe { next.as_ref() }?;
            next = object.next;
            Some(object)
        })
    }

    /// Iterates over the objects behind this one, in the order in which the loader has loaded them.
    ///
    /// What the program was started with stays as it is for ever; further on holds what [`LinkMap::namespace`] says.
    pub fn behind(&self) -> impl Iterator<Item = &Self> {
        let mut at = self;
        std::iter::from_fn(move || {
            // SAFETY: as above.
            at = unsafe { at.next.as_ref() }?;
            Some(at)
        })
    }

    /// Returns the difference between the addresses in its file and those in memory.
    pub fn address(&self) -> usize {
        self.address
    }

    /// Whether this is an object of the program's namespace, and not of an auditing library's.
    pub fn is_of_program(&self) -> bool {
        // SAFETY: the loader sets it before any constructor runs.
        let first = unsafe { _r_debug.first };
        self.namespace()
            .next()
            .is_some_and(|own| std::ptr::eq(own, first))
    }

    /// Whether this is the program itself.
    pub fn is_program(&self) -> bool {
        self.previous.is_null() && self.is_of_program()
    }

    /// Whether this is what the kernel maps into every process (vdso(7)): no file, and nobody searches for it.
    pub fn is_kernels(&self) -> bool {
        // SAFETY: it only reads the auxiliary vector.
        let at = unsafe { libc::getauxval(libc::AT_SYSINFO_EHDR) };
        at != 0 && at == self.address as u64
    }

    /// Returns the path that it was loaded by; empty for the program.
    pub fn name(&self) -> &CStr {
        if self.name.is_null() {
            return c"";
        }
        // SAFETY: the loader's strings end with a NUL, and live as long as the object.
        unsafe { CStr::from_ptr(self.name) }
    }

    /// Returns the path of the file that is mapped for it: with an auditing library the loader keeps the name that it
    /// asked for, not the one that it was told.
    pub fn file(&self) -> Option<Vec<u8>> {
        file_at(self.dynamic.addr())
    }

    /// Returns the directory that it lies in: `$ORIGIN`.
    pub fn directory(&self) -> Vec<u8> {
        let path = match self.is_program() {
            true => rustix::fs::readlinkat(CWD, c"/proc/self/exe", Vec::new())
                .map(CString::into_bytes)
                .unwrap_or_default(),
            false => self.name().to_bytes().to_vec(),
        };
        directory_of(&path).to_vec()
    }

    /// Returns where it has libraries searched for before `LD_LIBRARY_PATH`, unless it has a `RUNPATH`.
    pub fn rpath(&self) -> Option<&[u8]> {
        self.runpath().is_none().then(|| self.text(DT_RPATH.0))?
    }

    /// Returns where it has libraries searched for after `LD_LIBRARY_PATH`.
    pub fn runpath(&self) -> Option<&[u8]> {
        self.text(DT_RUNPATH.0)
    }

    /// Returns where it has libraries searched for, given the directory that it lies in.
    pub fn paths<'p>(&'p self, origin: &'p [u8]) -> Paths<'p> {
        Paths {
            rpath: self.rpath(),
            runpath: self.runpath(),
            origin,
        }
    }

    fn text(&self, tag: i64) -> Option<&[u8]> {
        let [strings] = self.tables([DT_STRTAB.0]);
        let at = strings? + self.values([tag])[0]? as usize;
        // SAFETY: the loader has checked the object, and uses the string itself.
        let text = unsafe { CStr::from_ptr(std::ptr::with_exposed_provenance(at)) };
        Some(text.to_bytes()).filter(|text| !text.is_empty())
    }

    /// Returns the addresses of what its dynamic section has by these tags.
    pub fn tables<const COUNT: usize>(&self, tags: [i64; COUNT]) -> [Option<usize>; COUNT] {
        self.values(tags).map(|table| match table? as usize {
            // The loader adds the object's address to it, but where the section is read-only.
            table if table < self.address => Some(table + self.address),
            table => Some(table),
        })
    }

    fn values<const COUNT: usize>(&self, tags: [i64; COUNT]) -> [Option<u64>; COUNT] {
        let mut values = [None; COUNT];
        let mut entry = self.dynamic;
        while !entry.is_null() {
            // SAFETY: the section ends with DT_NULL, and stays mapped as long as the object.
            let [found, value] = unsafe { *entry };
            if found as i64 == DT_NULL.0 {
                break;
            }
            if let Some(at) = tags.iter().position(|tag| *tag == found as i64) {
                values[at].get_or_insert(value);
            }
            entry = entry.wrapping_add(1);
        }
        values
    }
}

/// Returns the path of the file that is mapped at an address.
pub fn file_at(address: usize) -> Option<Vec<u8>> {
    let maps = rustix::fs::open(
        c"/proc/self/maps",
        OFlags::RDONLY | OFlags::CLOEXEC,
        Mode::empty(),
    );
    let maps = maps.ok()?;
    let mut text = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match rustix::io::read(&maps, &mut chunk).ok()? {
            0 => break,
            length => text.extend_from_slice(&chunk[..length]),
        }
    }
    text.split(|&byte| byte == b'\n').find_map(|line| {
        let mut ends = line.splitn(3, |byte| b"- ".contains(byte)).map(|end| {
            let digits = std::str::from_utf8(end).ok()?;
            usize::from_str_radix(digits, 16).ok()
        });
        let range = ends.next()??..ends.next()??;
        let path = line.iter().position(|&byte| byte == b'/')?;
        range.contains(&address).then(|| line[path..].to_vec())
    })
}
