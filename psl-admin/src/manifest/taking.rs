//! The taking of a manifest: every file of a tree is looked at, read and, where that is wanted, brought to the storage.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::manifest::record::Record;
use crate::signals::Signals;
use crate::tour::{Event, Step, Tour};
use rustix::fs::{FileType, fsync, readlinkat};
use rustix::io::{Errno, retry_on_intr};
use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// How much of a file is read at once, in bytes.
const BUFFER: usize = 256 << 10;

/// A walk that makes a record of each path.
pub struct Taking<'a> {
    /// Ends the walk when one arrives.
    pub signals: &'a Signals,
    /// Waits until each file and directory is on the storage.
    pub sync: bool,
    /// Is told how many bytes have been read, and of each file.
    pub progress: &'a dyn Fn(Seen),
}

/// What a walk has seen.
#[derive(Clone, Copy, Debug)]
pub enum Seen {
    /// Bytes of a file.
    Bytes(u64),
    /// All of a file.
    File,
}

impl Taking<'_> {
    /// Hands each path below the tree, relative to it, and `.` for the tree itself, to `receive`.
    pub fn each(
        &self,
        tree: &Path,
        mut receive: impl FnMut(&[u8], Record) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut tour = Tour::of(tree)?;
        let mut buffer = vec![0; BUFFER];
        while let Some(step) = tour.next()? {
            self.signals.check()?;
            let failed = |errno: Errno| {
                let path = tree.join(step.path);
                Failure::new(Exit::Storage, format!("cannot read {path:?}: {errno}"))
            };
            match step.event {
                Event::Leave => {
                    self.bring(step.dir).map_err(failed)?;
                    continue;
                }
                Event::Enter => {}
                Event::File => (self.progress)(Seen::File),
            }
            let mut record = Record::of(&step.stat);
            match step.kind() {
                FileType::RegularFile => {
                    let file = step.open().map_err(failed)?;
                    record.content = Some(self.hash(&file, &step, &mut buffer)?.into_bytes());
                    self.bring(&file).map_err(failed)?;
                }
                FileType::Symlink => {
                    let target = readlinkat(step.dir, &step.name, Vec::new()).map_err(failed)?;
                    record.content = Some(target.into_bytes());
                }
                _ => {}
            }
            let path = step.path.as_os_str().as_bytes();
            receive(if path.is_empty() { b"." } else { path }, record)?;
        }
        Ok(())
    }

    fn hash(&self, file: &File, step: &Step<'_>, buffer: &mut [u8]) -> Result<String, Failure> {
        let mut hasher = blake3::Hasher::new();
        let mut file = file;
        loop {
            self.signals.check()?;
            let count = match file.read(buffer) {
                Ok(0) => return Ok(hasher.finalize().to_hex().to_string()),
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let message = format!("cannot read {:?}: {error}", step.path);
                    return Err(Failure::new(Exit::Storage, message));
                }
            };
            hasher.update(&buffer[..count]);
            (self.progress)(Seen::Bytes(count as u64));
        }
    }

    /// Waits until the file is on the storage; some file systems cannot sync a directory, and need not.
    fn bring(&self, file: impl AsFd) -> Result<(), Errno> {
        if !self.sync {
            return Ok(());
        }
        match retry_on_intr(|| fsync(&file)) {
            Err(Errno::INVAL) => Ok(()),
            synced => synced,
        }
    }
}
