//! Whether the preload engine carries a program, and whether it takes the loader's audit interface to.

use std::ffi::CStr;

use object::elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH};
use rustix::fd::BorrowedFd;

use super::elf::{Dynamic, Elf};
use super::script::Header;
use super::search::directory_of;
use super::{Uncovered, read_at, rights};
use crate::tree::{Host, Tree};

/// How much of an ELF file is read at once, in bytes: its segments, notes and loader's path are in there.
const BEGINNING: usize = 1024;

/// What a program's path calls take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carriage {
    /// The shim, preloaded.
    Preload,
    /// The shim, preloaded, and once more to tell the loader where libraries lie: some lie behind links.
    PreloadAndAudit(Search),
    /// Another engine.
    Uncovered(Uncovered),
}

/// What has the loader search for libraries behind links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// `LD_LIBRARY_PATH`.
    LibraryPath,
    /// `LD_PRELOAD`.
    Preload,
    /// The program's file: `DT_RPATH`, `DT_RUNPATH`, or a path in `DT_NEEDED`.
    Program,
    /// What was loaded when the program was started before.
    Loaded,
}

impl Search {
    /// Says what it is, as the beginning of a sentence that ends with "leads through a link".
    pub fn subject(self) -> &'static str {
        match self {
            Self::LibraryPath => "a directory of LD_LIBRARY_PATH",
            Self::Preload => "a library of LD_PRELOAD",
            Self::Program => {
                "the program's own search path (RPATH, RUNPATH) or a library's path in it"
            }
            Self::Loaded => "a library, or the search path of one,",
        }
    }
}

/// The links that a process has, as far as libraries are concerned.
pub trait Links {
    /// Whether a path leads through a link, or to what the process must not see.
    fn lead(&self, path: &CStr) -> bool;

    /// Whether a search path of an object in the directory `origin` leads to what only links lead to.
    fn lead_near(&self, list: &[u8], origin: &[u8]) -> bool;
}

/// What the loader is told by the environment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told<'e> {
    /// `LD_LIBRARY_PATH`.
    pub library_path: Option<&'e [u8]>,
    /// `LD_PRELOAD`.
    pub preload: Option<&'e [u8]>,
    /// The entry of `LD_PRELOAD` that is the shim.
    pub shim: &'e [u8],
}

/// Room for two paths: a program's own, and what it says.
pub type Room<'r> = Option<(&'r mut [u8], &'r mut [u8])>;

impl Carriage {
    /// Judges an open program by how it begins, for the environment that it will get.
    ///
    /// Without room to look, the dearer way is the safe one.
    pub fn of(
        file: BorrowedFd<'_>,
        header: &Header,
        told: Told<'_>,
        links: &impl Links,
        room: Room<'_>,
    ) -> Self {
        if rights::gains(file) {
            return Self::Uncovered(Uncovered::Rights);
        }
        let mut beginning = [0; BEGINNING];
        let read = match header.is_elf() {
            true => read_at(file, &mut beginning, 0).unwrap_or_default(),
            false => 0,
        };
        let known = match header.bytes() {
            header if header.len() > read => header,
            _ => &beginning[..read],
        };
        let elf = match Elf::read(file, known) {
            // The kernel knows other formats, or does not.
            None => return Self::Preload,
            Some(Err(reason)) => return Self::Uncovered(reason),
            Some(Ok(elf)) => elf,
        };
        if let Err(reason) = elf.is_covered() {
            return Self::Uncovered(reason);
        }
        let mut loader = [0; 256];
        if elf.loader(&mut loader).is_some_and(|path| links.lead(path)) {
            return Self::Uncovered(Uncovered::LoaderBehindLink);
        }
        let searches = |dynamic| searches(file, &dynamic, links, room);
        let by_file = || elf.dynamic().is_some_and(searches);
        match told.search(links) {
            Some(search) => Self::PreloadAndAudit(search),
            None if by_file() => Self::PreloadAndAudit(Search::Program),
            None => Self::Preload,
        }
    }
}

impl Told<'_> {
    /// Returns what has the loader search behind links.
    fn search(&self, links: &impl Links) -> Option<Search> {
        let is_near = |list| links.lead_near(list, b"");
        if self.library_path.is_some_and(is_near) {
            return Some(Search::LibraryPath);
        }
        let mut preloads = self
            .preload
            .unwrap_or_default()
            .split(|byte| b": ".contains(byte));
        preloads
            .any(|entry| {
                entry.contains(&b'/') && entry != self.shim && is_near(directory_of(entry))
            })
            .then_some(Search::Preload)
    }
}

/// Whether an ELF file has the loader search behind links.
fn searches(
    file: BorrowedFd<'_>,
    dynamic: &Dynamic<'_>,
    links: &impl Links,
    room: Room<'_>,
) -> bool {
    let Some((origin, text)) = room else {
        return true;
    };
    let mut known = None;
    let mut strings = dynamic.strings(text);
    dynamic.entries().any(|(tag, value)| {
        let is_search = tag == DT_RUNPATH.0 || tag == DT_RPATH.0;
        if !is_search && tag != DT_NEEDED.0 {
            return false;
        }
        let Some(entry) = strings.get(value).map(CStr::to_bytes) else {
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
        links.lead_near(list, directory_of(&origin[..length]))
    })
}
