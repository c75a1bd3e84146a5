//! This library's own file: how the loader found it, and how it can find it again.

use std::ffi::{CString, OsStr};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use psl_table::tree::{Host, PATH_MAX, Tree};
use rustix::fs::CWD;

use crate::environment::Start;
use crate::libraries::directory_of;
use crate::loaded::{LinkMap, file_at};

/// Finds the entry of `LD_PRELOAD` that loaded this library: by its path, or where the entry was expanded
/// (`$LIB`, a search) by its file name.
pub fn preload_entry(start: &Start, own: &[u8]) -> Option<CString> {
    let file_name = |path: &[u8]| path.rsplit(|&byte| byte == b'/').next().map(<[u8]>::to_vec);
    let list = start.get("LD_PRELOAD")?.as_bytes();
    let entries = || {
        list.split(|byte| b": ".contains(byte))
            .filter(|entry| !entry.is_empty())
    };
    let exact = entries().find(|&entry| entry == own);
    let entry = exact.or_else(|| entries().find(|&entry| file_name(entry) == file_name(own)))?;
    CString::new(entry).ok()
}

/// Returns this library's path from everywhere, as the loader can be told it: `LD_AUDIT` has colons between libraries.
pub fn absolute(own: &LinkMap) -> Option<CString> {
    let name = Path::new(OsStr::from_bytes(own.name().to_bytes()));
    let path = match name.is_absolute() {
        true => name.to_path_buf(),
        false => {
            let mut here = vec![0; PATH_MAX];
            let length = Host.path_of(CWD, &mut here).ok()?;
            Path::new(OsStr::from_bytes(&here[..length])).join(name)
        }
    };
    let path = path.into_os_string().into_vec();
    CString::new(path)
        .ok()
        .filter(|path| !path.to_bytes().contains(&b':'))
}

/// Returns what `$LIB` stands for: where libc lies, below the root or `/usr`.
pub fn library_directory(own: Option<&LinkMap>) -> Option<Box<[u8]>> {
    let is_libc = |name: &&[u8]| name.ends_with(b"/libc.so.6");
    let libc = match own {
        Some(own) => own
            .namespace()
            .map(|object| object.name().to_bytes())
            .find(is_libc)?
            .to_vec(),
        // The names of an auditing library's namespace are out of reach.
        None => file_at((libc::getauxval as *const ()).addr())?,
    };
    let dir = directory_of(&libc);
    let dir = dir.strip_prefix(b"/usr").unwrap_or(dir);
    Some(dir.strip_prefix(b"/").unwrap_or(dir).into())
}
