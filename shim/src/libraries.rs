//! Whether a link has a part in what ld.so(8) finds where it searches for libraries.

use std::ffi::{CStr, CString, OsStr, c_char};
use std::os::unix::ffi::OsStrExt;

use psl_table::executable::elf::Elf;
use psl_table::executable::script::Header;
use psl_table::executable::search::has_places;
use rustix::fd::AsFd;
use rustix::fs::{Mode, OFlags};

use crate::intern::intern;
use crate::resolve::{Operand, resolve_own, snapshot};
use crate::scratch::Lease;
use crate::tokens::expanded;

pub use psl_table::executable::search::{directories, directory_of};

/// Whether a search path of an object in the directory `origin` leads to what only links lead to.
pub fn leads_near_link(list: &[u8], origin: &[u8]) -> bool {
    directories(list).any(|dir| expanded(dir, origin, is_near_link).unwrap_or(true))
}

/// Whether a directory lies behind a link, or has links in it that could be libraries.
pub fn is_near_link(dir: &CStr) -> bool {
    match leads_through_link(dir) {
        false => snapshot().is_some_and(|snapshot| {
            let mut lease = Lease::take();
            has_places(snapshot, dir, lease.as_mut().map(|it| &mut it.buffer()[..]))
        }),
        true => true,
    }
}

/// Whether a path leads through a link, or to what this process must not see.
pub fn leads_through_link(path: &CStr) -> bool {
    resolve_own(path, |operand| !matches!(operand, Operand::Given))
}

/// Returns where a path leads, if to a library for this machine.
pub fn member_library(path: &[u8]) -> Option<*const c_char> {
    let name = CString::new(path).ok()?;
    let found = resolve_own(&name, |operand| match operand {
        Operand::Given => Some(path.to_vec()),
        Operand::Rewritten(name) => Some(name.to_bytes().to_vec()),
        Operand::Link(_) | Operand::Error(_) => None,
    })?;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = rustix::fs::open(OsStr::from_bytes(&found), flags, Mode::empty()).ok()?;
    let header = Header::read(file.as_fd()).ok()?;
    // The loader passes over libraries for another machine.
    Elf::read(file.as_fd(), header.bytes())?.ok()?;
    intern(&[&found])
}
