//! Whether the preload engine carries a program, and whether it takes the loader's audit interface to.

use std::ffi::CStr;
use std::sync::atomic::{AtomicBool, Ordering};

use object::elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH};
use psl_table::executable::elf::{Dynamic, Elf};
use psl_table::executable::script::Header;
use psl_table::executable::{Uncovered, rights};
use psl_table::tree::{Host, Tree};
use rustix::fd::BorrowedFd;

use crate::environment::{self, Block};
use crate::libraries::{directory_of, leads_near_link, leads_through_link};
use crate::scratch::Lease;

/// What a program's path calls take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carriage {
    /// The shim, preloaded.
    Preload,
    /// The shim, preloaded, and once more to tell the loader where libraries lie: some lie behind links.
    PreloadAndAudit,
    /// Another engine.
    Uncovered(Uncovered),
}

/// The program that is executed next searches for libraries behind links, whatever its file says.
static AUDIT_NEXT: AtomicBool = AtomicBool::new(false);

/// Has the loader audited in the program that is executed next.
pub fn audit_next() {
    // Relaxed: only this thread looks at it again.
    AUDIT_NEXT.store(true, Ordering::Relaxed);
}

impl Carriage {
    /// Judges an open program by how it begins, for the environment that it will get.
    ///
    /// # Safety
    ///
    /// `envp` is null or an environment block.
    pub unsafe fn of(file: BorrowedFd<'_>, header: &Header, envp: Block) -> Self {
        if rights::gains(file) {
            return Self::Uncovered(Uncovered::Rights);
        }
        let elf = match Elf::read(file, header.bytes()) {
            // The kernel knows other formats, or does not.
            None => return Self::Preload,
            Some(Err(reason)) => return Self::Uncovered(reason),
            Some(Ok(elf)) => elf,
        };
        if let Err(reason) = elf.is_covered() {
            return Self::Uncovered(reason);
        }
        if is_loader_behind_link(&elf) {
            return Self::Uncovered(Uncovered::LoaderBehindLink);
        }
        // SAFETY: the caller's promise.
        let is_told = unsafe { is_told_of_links(envp) };
        let searches = is_told
            || AUDIT_NEXT.load(Ordering::Relaxed)
            || elf.dynamic().is_some_and(|it| searches_links(file, &it));
        match searches {
            true => Self::PreloadAndAudit,
            false => Self::Preload,
        }
    }
}

fn is_loader_behind_link(elf: &Elf<'_>) -> bool {
    let mut buffer = [0; 256];
    elf.loader(&mut buffer).is_some_and(leads_through_link)
}

/// Whether the environment has the loader search behind links.
unsafe fn is_told_of_links(envp: Block) -> bool {
    // SAFETY: the caller's promise.
    let find = |name| unsafe { environment::find(envp, name) };
    let is_searched = |list: &CStr| leads_near_link(list.to_bytes(), b"");
    find(b"LD_LIBRARY_PATH").is_some_and(is_searched)
        || find(b"LD_PRELOAD").is_some_and(|list| names_link(list.to_bytes()))
}

/// Whether a list of libraries has one behind a link.
fn names_link(list: &[u8]) -> bool {
    let own = environment::own_preload().map_or(&b""[..], CStr::to_bytes);
    list.split(|byte| b": ".contains(byte))
        .filter(|entry| entry.contains(&b'/') && *entry != own)
        .any(|entry| leads_near_link(directory_of(entry), b""))
}

/// Whether an ELF file has the loader search behind links.
fn searches_links(file: BorrowedFd<'_>, dynamic: &Dynamic<'_>) -> bool {
    // Without memory to look, the dearer way is the safe one.
    let (Some(mut origin), Some(mut text)) = (Lease::take(), Lease::take()) else {
        return true;
    };
    let (origin, text) = (origin.buffer(), text.buffer());
    let mut known = None;
    dynamic.entries().any(|(tag, value)| {
        let is_search = tag == DT_RUNPATH.0 || tag == DT_RPATH.0;
        if !is_search && tag != DT_NEEDED.0 {
            return false;
        }
        let Some(entry) = dynamic.text(value, text).map(CStr::to_bytes) else {
            return true;
        };
        if !is_search && !entry.contains(&b'/') {
            return false;
        }
        let length = *known.get_or_insert_with(|| Host.path_of(file, origin).unwrap_or_default());
        let list = if is_search {
            entry
        } else {
            directory_of(entry)
        };
        leads_near_link(list, directory_of(&origin[..length]))
    })
}
