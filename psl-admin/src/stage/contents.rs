//! The bytes of a regular file: shared with the copy, or copied hole by hole.
use crate::extents::next_data;
use crate::failure::Failure;
use crate::signals::Signals;
use crate::stage::progress::Progress;
use crate::stage::route::cannot;
use reflink_copy::reflink_file;
use rustix::fs::{copy_file_range, ftruncate};
use rustix::io::{Errno, pread, pwrite, retry_on_intr};
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;

/// How much is copied between two looks at the signals, in bytes.
const STEP: u64 = 4 << 20;

/// How large the buffer is where the kernel cannot copy by itself, in bytes.
const BUFFER: usize = 256 << 10;

/// What can do the copying, as far as it has turned out.
#[derive(Debug)]
pub struct Contents<'a> {
    signals: &'a Signals,
    progress: &'a Progress,
    /// The devices whose files cannot share their data with the copy's.
    unshared: BTreeSet<u64>,
    is_kernel_able: bool,
    buffer: Vec<u8>,
    /// How many files share their data with the copy.
    pub shared: u64,
}

/// A regular file, and the one that becomes its copy.
#[derive(Debug)]
pub struct Pair<'a> {
    /// The file to copy, with its size and device.
    pub from: &'a File,
    /// Its size in bytes.
    pub size: u64,
    /// Its device.
    pub device: u64,
    /// The empty copy.
    pub to: &'a File,
    /// The path of the copy, for messages.
    pub path: &'a Path,
}

impl<'a> Contents<'a> {
    /// Begins without knowing anything.
    pub fn new(signals: &'a Signals, progress: &'a Progress) -> Self {
        Self {
            signals,
            progress,
            unshared: BTreeSet::new(),
            is_kernel_able: true,
            buffer: Vec::new(),
            shared: 0,
        }
    }

    /// Gives the copy the file's bytes; fewer when the file shrinks meanwhile.
    pub fn copy(&mut self, pair: &Pair<'_>) -> Result<(), Failure> {
        if pair.size == 0 || self.share(pair)? {
            self.progress.add_bytes(pair.size);
            return Ok(());
        }
        let mut done = 0;
        let failed = cannot("read", pair.path);
        while let Some(data) = next_data(pair.from, done..pair.size).map_err(&failed)? {
            self.progress.add_bytes(data.start - done);
            done = data.end;
            self.copy_range(pair, data)?;
        }
        self.progress.add_bytes(pair.size - done);
        ftruncate(pair.to, pair.size).map_err(cannot("write", pair.path))
    }

    fn share(&mut self, pair: &Pair<'_>) -> Result<bool, Failure> {
        if self.unshared.contains(&pair.device) {
            return Ok(false);
        }
        match reflink_file(pair.from, pair.to) {
            Ok(()) => {
                self.shared += 1;
                Ok(true)
            }
            Err(error) if is_full(&error) => Err(cannot("write", pair.path)(error)),
            Err(error) => {
                // Any other reason may be one of this file alone.
                if matches!(
                    Errno::from_io_error(&error),
                    Some(Errno::OPNOTSUPP | Errno::XDEV | Errno::NOTTY | Errno::NOSYS)
                ) {
                    self.unshared.insert(pair.device);
                }
                Ok(false)
            }
        }
    }

    fn copy_range(&mut self, pair: &Pair<'_>, range: Range<u64>) -> Result<(), Failure> {
        let mut at = range.start;
        while at < range.end {
            self.signals.check()?;
            let count = self
                .copy_some(pair, at, (range.end - at).min(STEP))
                .map_err(cannot("copy to", pair.path))?;
            if count == 0 {
                break;
            }
            at += count;
            self.progress.add_bytes(count);
        }
        Ok(())
    }

    /// Copies at most `length` bytes, and none only at the end of the file.
    fn copy_some(&mut self, pair: &Pair<'_>, at: u64, length: u64) -> Result<u64, Errno> {
        if self.is_kernel_able {
            let (mut input, mut output) = (at, at);
            let step = usize::try_from(length).unwrap_or(usize::MAX);
            let copied = retry_on_intr(|| {
                copy_file_range(
                    pair.from,
                    Some(&mut input),
                    pair.to,
                    Some(&mut output),
                    step,
                )
            });
            match copied {
                // Some file systems answer 0 for what they cannot copy.
                Ok(0) => {}
                Ok(count) => return Ok(count as u64),
                Err(Errno::XDEV | Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS | Errno::PERM) => {
                    self.is_kernel_able = false;
                }
                Err(errno) => return Err(errno),
            }
        }
        self.buffer.resize(BUFFER, 0);
        let room = usize::try_from(length).map_or(BUFFER, |length| length.min(BUFFER));
        let count = retry_on_intr(|| pread(pair.from, &mut self.buffer[..room], at))?;
        let mut written = 0;
        while written < count {
            let (rest, place) = (&self.buffer[written..count], at + written as u64);
            written += retry_on_intr(|| pwrite(pair.to, rest, place))?;
        }
        Ok(count as u64)
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::NOSPC | Errno::DQUOT | Errno::IO)
    )
}
