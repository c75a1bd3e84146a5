//! What a library needs that is opened in a program without an auditing library: the loader would find it without links.
//!
//! Few programs say beforehand that they will need libraries behind links, and only those are audited. So what an opened
//! library needs from there is opened before it, by its real path; the loader then knows it by its name (`DT_SONAME`).

use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;

use object::elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME};
use psl_table::executable::elf::Elf;
use psl_table::executable::script::Header;
use psl_table::executable::search::candidates;
use psl_table::tree::PATH_MAX;
use rustix::fd::AsFd;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::cache;
use crate::libraries::member_library;
use crate::libraries::{directories, directory_of, leads_near_link, leads_through_link};
use crate::loaded::LinkMap;
use crate::tokens::expanded;

/// The prototype of dlopen(3).
pub type Dlopen = unsafe extern "C" fn(*const c_char, c_int) -> *mut c_void;

/// Opens libraries; the program's own search path was read when it started.
pub struct Opener {
    /// libc's own.
    pub real: Dlopen,
    /// `LD_LIBRARY_PATH`.
    pub library_path: Option<&'static [u8]>,
}

/// A library that was found, and whether links have a part in that.
pub struct Found {
    /// Its path without links.
    pub path: CString,
    /// Whether the loader would have found another, or none.
    pub is_linked: bool,
}

/// What one library says that it needs.
#[derive(Default)]
struct Needs {
    soname: Vec<u8>,
    needed: Vec<Vec<u8>>,
    rpath: Vec<u8>,
    runpath: Vec<u8>,
    origin: Vec<u8>,
}

/// Libraries may need each other in a circle; a chain as long as this is none that anybody made.
const MAX_DEPTH: usize = 32;

impl Opener {
    /// Opens what the library at a path needs from behind links; fails where the loader could not be kept from the
    /// wrong one.
    pub fn open_needs(&self, path: &CStr) -> Result<(), Errno> {
        self.open_needs_at_depth(path, 0)
    }

    fn open_needs_at_depth(&self, path: &CStr, depth: usize) -> Result<(), Errno> {
        let Some(needs) = Needs::read(path) else {
            return Ok(());
        };
        for name in &needs.needed {
            if name.contains(&b'/') {
                let is_linked = |path: &CStr| leads_through_link(path);
                match expanded(name, &needs.origin, is_linked) {
                    Ok(false) => continue,
                    _ => return Err(Errno::LIBACC),
                }
            }
            if depth == MAX_DEPTH || self.is_loaded(name) {
                continue;
            }
            let lists = [
                (needs.rpath.as_slice(), &*needs.origin),
                (self.library_path.unwrap_or_default(), b""),
                (needs.runpath.as_slice(), &*needs.origin),
            ];
            let Some(found) = search(name, &lists) else {
                continue;
            };
            self.open_needs_at_depth(&found.path, depth + 1)?;
            if !found.is_linked {
                continue;
            }
            // Without this name of its own it would not be found again.
            if Needs::read(&found.path).is_none_or(|it| it.soname != *name) {
                return Err(Errno::LIBACC);
            }
            // SAFETY: a C string. It stays open: whoever needs it does not know that it was opened.
            unsafe { (self.real)(found.path.as_ptr(), libc::RTLD_LAZY) };
        }
        Ok(())
    }

    /// Finds the library that a name leads to, as far as can be told without knowing who asks.
    pub fn find(&self, name: &[u8]) -> Option<Found> {
        let own = LinkMap::own()?;
        let objects: Vec<_> = own
            .namespace()
            .map(|it| (it.rpath(), it.runpath(), it.directory()))
            .collect();
        let before = objects
            .iter()
            .filter_map(|(rpath, _, origin)| Some(((*rpath)?, &**origin)));
        let behind = objects
            .iter()
            .filter_map(|(_, runpath, origin)| Some(((*runpath)?, &**origin)));
        let own = (self.library_path.unwrap_or_default(), &b""[..]);
        let lists: Vec<_> = before.chain([own]).chain(behind).collect();
        search(name, &lists)
    }

    /// Whether a library of this name is loaded already.
    pub fn is_loaded(&self, name: &[u8]) -> bool {
        let Ok(name) = CString::new(name) else {
            return false;
        };
        // SAFETY: a C string; the handle is given back.
        unsafe {
            let loaded = (self.real)(name.as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD);
            if loaded.is_null() {
                // The caller is not to find an error that it did not make.
                libc::dlerror();
                return false;
            }
            libc::dlclose(loaded);
        }
        true
    }
}

impl Needs {
    fn read(path: &CStr) -> Option<Self> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = rustix::fs::open(path, flags, Mode::empty()).ok()?;
        let header = Header::read(file.as_fd()).ok()?;
        let dynamic = Elf::read(file.as_fd(), header.bytes())?.ok()?.dynamic()?;
        let mut needs = Self {
            origin: directory_of(path.to_bytes()).to_vec(),
            ..Self::default()
        };
        let mut buffer = vec![0; PATH_MAX];
        for (tag, value) in dynamic.entries() {
            let mut text = || Some(dynamic.text(value, &mut buffer)?.to_bytes().to_vec());
            match tag {
                tag if tag == DT_NEEDED.0 => needs.needed.extend(text()),
                tag if tag == DT_RPATH.0 => needs.rpath = text()?,
                tag if tag == DT_RUNPATH.0 => needs.runpath = text()?,
                tag if tag == DT_SONAME.0 => needs.soname = text()?,
                _ => {}
            }
        }
        if !needs.runpath.is_empty() {
            needs.rpath.clear();
        }
        Some(needs)
    }
}

/// Searches in lists of directories, and then in the loader's cache.
fn search(name: &[u8], lists: &[(&[u8], &[u8])]) -> Option<Found> {
    let lists = lists.iter().filter(|(list, _)| !list.is_empty());
    let mut is_near = false;
    for &(list, origin) in lists {
        is_near |= leads_near_link(list, origin);
        let in_directory =
            |dir: &CStr| candidates(dir.to_bytes(), name).find_map(|path| found(&path, is_near));
        let found = directories(list)
            .filter_map(|dir| expanded(dir, origin, in_directory).ok())
            .find_map(|found| found);
        if found.is_some() {
            return found;
        }
    }
    cache::paths_of(name)
        .iter()
        .find_map(|path| found(path, is_near))
}

fn found(path: &[u8], is_near: bool) -> Option<Found> {
    let member = member_library(path)?;
    // SAFETY: it is a C string that is kept for ever.
    let member = unsafe { CStr::from_ptr(member) };
    Some(Found {
        is_linked: is_near || OsStr::from_bytes(member.to_bytes()) != OsStr::from_bytes(path),
        path: member.to_owned(),
    })
}
