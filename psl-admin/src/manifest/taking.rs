//! The taking of a manifest: every file of a tree is looked at, read and, where that is wanted, brought to the storage.
use crate::exit::Exit;
use crate::extents::next_data;
use crate::failure::Failure;
use crate::manifest::record::Record;
use crate::signals::Signals;
use crate::tour::{Event, Tour, below};
use rustix::fs::{FileType, fstat, fsync, readlinkat};
use rustix::io::{Errno, pread, retry_on_intr};
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// How much of a file is read at once, in bytes.
const BUFFER: usize = 256 << 10;

/// What a hole reads as.
static ZEROES: [u8; BUFFER] = [0; BUFFER];

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
            let path = below(tree, step.path);
            let failed = |errno: Errno| {
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
                    record.content = Some(self.hash(&file, &mut buffer, &path)?.into_bytes());
                    self.bring(&file).map_err(failed)?;
                }
                FileType::Symlink => {
                    let target = readlinkat(step.dir, &step.name, Vec::new()).map_err(failed)?;
                    record.content = Some(target.into_bytes());
                }
                _ => {}
            }
            let name = step.path.as_os_str().as_bytes();
            receive(if name.is_empty() { b"." } else { name }, record)?;
        }
        Ok(())
    }

    /// Hashes a file; holes are not read.
    fn hash(&self, file: &File, buffer: &mut [u8], path: &Path) -> Result<String, Failure> {
        let failed = |errno: Errno| {
            let message = format!("cannot read {:?}: {errno}", path);
            Failure::new(Exit::Storage, message)
        };
        let size = fstat(file).map_err(failed)?.st_size.unsigned_abs();
        let mut hashing = Hashing {
            taking: self,
            hasher: blake3::Hasher::new(),
        };
        let mut done = 0;
        while let Some(data) = next_data(file, done..size).map_err(failed)? {
            hashing.skip(data.start - done)?;
            done = data.start;
            while done < data.end {
                let room = usize::try_from(data.end - done).map_or(BUFFER, |left| left.min(BUFFER));
                let count = retry_on_intr(|| pread(file, &mut buffer[..room], done));
                let count = count.map_err(failed)?;
                if count == 0 {
                    break;
                }
                hashing.add(&buffer[..count])?;
                done += count as u64;
            }
            // The end comes early only when the file is cut off meanwhile.
            if done < data.end {
                break;
            }
        }
        hashing.skip(size.saturating_sub(done))?;
        Ok(hashing.hasher.finalize().to_hex().to_string())
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

/// A hash that is being made of a file.
struct Hashing<'a> {
    taking: &'a Taking<'a>,
    hasher: blake3::Hasher,
}

impl Hashing<'_> {
    fn add(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.taking.signals.check()?;
        self.hasher.update(bytes);
        (self.taking.progress)(Seen::Bytes(bytes.len() as u64));
        Ok(())
    }

    /// Adds a hole, which reads as zeroes.
    fn skip(&mut self, length: u64) -> Result<(), Failure> {
        let mut left = length;
        while left > 0 {
            let count = usize::try_from(left).map_or(BUFFER, |left| left.min(BUFFER));
            self.add(&ZEROES[..count])?;
            left -= count as u64;
        }
        Ok(())
    }
}
