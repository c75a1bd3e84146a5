//! What an ELF file needs, as the loader reads it.
use crate::view;
use object::elf::{DF_1_NODEFLIB, DT_FLAGS_1, DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME};
use psl_table::executable::elf::Elf;
use psl_table::executable::script::Header;
use psl_table::executable::search::{Paths, directory_of};
use psl_table::snapshot::Snapshot;
use psl_table::tree::PATH_MAX;
use rustix::fd::AsFd;
use rustix::fs::{CWD, Mode, OFlags};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// A program or a library that the loader would load.
#[derive(Debug)]
pub struct Object {
    /// The name that it was asked for by.
    pub name: Vec<u8>,
    /// Where it lies.
    pub physical: PathBuf,
    /// Device and inode.
    pub identity: (u64, u64),
    /// The directory that `$ORIGIN` stands for.
    pub origin: Vec<u8>,
    /// What it calls itself.
    pub soname: Option<Vec<u8>>,
    /// The libraries that it needs.
    pub needed: Vec<Vec<u8>>,
    /// `DT_RPATH`.
    pub rpath: Option<Vec<u8>>,
    /// `DT_RUNPATH`.
    pub runpath: Option<Vec<u8>>,
    /// Whether default directories are not searched for it.
    pub no_defaults: bool,
}

impl Object {
    /// Returns where it has libraries searched for.
    pub fn paths(&self) -> Paths<'_> {
        Paths {
            rpath: self.rpath.as_deref(),
            runpath: self.runpath.as_deref(),
            origin: &self.origin,
        }
    }

    /// Reads the one that a path leads to; none if that is nothing for this machine, which the loader passes over.
    pub fn read(snapshot: &Snapshot, path: &[u8], name: &[u8]) -> Option<Self> {
        let physical = view::physical(snapshot, OsStr::from_bytes(path)).ok()?;
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = rustix::fs::openat(CWD, &physical, flags, Mode::empty()).ok()?;
        let stat = rustix::fs::fstat(&file).ok()?;
        let header = Header::read(file.as_fd()).ok()?;
        let elf = Elf::read(file.as_fd(), header.bytes())?.ok()?;
        let mut object = Self {
            name: name.to_vec(),
            identity: (stat.st_dev, stat.st_ino),
            origin: match name {
                // The kernel tells the loader where the program really lies.
                b"" => directory_of(physical.as_os_str().as_bytes()).to_vec(),
                _ => directory_of(path).to_vec(),
            },
            physical,
            soname: None,
            needed: Vec::new(),
            rpath: None,
            runpath: None,
            no_defaults: false,
        };
        let Some(dynamic) = elf.dynamic() else {
            return Some(object);
        };
        let mut buffer = vec![0; PATH_MAX];
        for (tag, value) in dynamic.entries() {
            let mut text = || Some(dynamic.text(value, &mut buffer)?.to_bytes().to_vec());
            match tag {
                tag if tag == DT_NEEDED.0 => object.needed.extend(text()),
                tag if tag == DT_SONAME.0 => object.soname = text(),
                tag if tag == DT_RPATH.0 => object.rpath = text().filter(|it| !it.is_empty()),
                tag if tag == DT_RUNPATH.0 => object.runpath = text().filter(|it| !it.is_empty()),
                tag if tag == DT_FLAGS_1.0 => {
                    object.no_defaults = value & DF_1_NODEFLIB.0 != 0;
                }
                _ => {}
            }
        }
        Some(object)
    }
}
