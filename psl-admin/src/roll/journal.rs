//! The journal of a roll: what is about to be done, line by line, each on the storage before it is done.
//!
//! A line is a JSON object whose last key is a checksum of all before. A last line that is torn was never written. A
//! line with a token that another program has overtaken was written by one that no longer drives the roll: it is none.
pub mod event;
mod line;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::roll::directory::failed;
use crate::store_file;
use event::Event;
use psl_table::store::Trust;
use rustix::fs::OFlags;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

pub use line::Line;

/// The longest journal that is read, in bytes.
const LONGEST: u64 = 64 << 20;

/// A journal that is being written.
#[derive(Debug)]
pub struct Journal {
    file: File,
    token: u64,
}

impl Journal {
    /// Makes the journal of a roll that nobody has heard of.
    pub fn create(path: &Path, token: u64) -> Result<Self, Failure> {
        let made = store_file::make(path, OFlags::WRONLY | OFlags::APPEND, store_file::READABLE);
        let made = made.and_then(|file| {
            let parent = path.parent().unwrap_or(Path::new("/"));
            File::open(parent)?.sync_all()?;
            Ok(file)
        });
        Ok(Self {
            file: made.map_err(|error| failed("make", path, &error))?,
            token,
        })
    }

    /// Opens the journal of a roll that goes on; what is torn at its end is cut off.
    pub fn resume(path: &Path, token: u64, trust: Trust) -> Result<(Self, Vec<Line>), Failure> {
        let (lines, end) = read_with_end(path, trust)?;
        let file = store_file::open(path, OFlags::WRONLY | OFlags::APPEND, trust);
        let file = file.map_err(|error| failed("open", path, &error))?;
        file.set_len(end)
            .map_err(|error| failed("cut", path, &error))?;
        Ok((Self { file, token }, lines))
    }

    /// Writes a line, and returns when it is on the storage. What fails leaves no line.
    pub fn append(&mut self, event: Event) -> io::Result<Line> {
        let line = Line::of_this_moment(self.token, event);
        let text = line.to_text();
        let end = self.file.metadata()?.len();
        // At the end, wherever that is: what another program has written since it took over stays.
        let written = (self.file.write_all(text.as_bytes())).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => Ok(line),
            Err(error) => {
                let torn = self.file.metadata()?.len();
                if (end..=end + text.len() as u64).contains(&torn) {
                    self.file.set_len(end)?;
                }
                Err(error)
            }
        }
    }
}

/// Reads a journal.
pub fn read(path: &Path, trust: Trust) -> Result<Vec<Line>, Failure> {
    read_with_end(path, trust).map(|(lines, _)| lines)
}

fn read_with_end(path: &Path, trust: Trust) -> Result<(Vec<Line>, u64), Failure> {
    let mut bytes = Vec::new();
    let opened = store_file::open(path, OFlags::RDONLY, trust);
    let opened = opened.map_err(|error| failed("open", path, &error))?;
    // What is too long is not cut: those who go on with a roll would cut off what they have not read.
    let read = opened.take(LONGEST + 1).read_to_end(&mut bytes);
    read.and_then(|_| match bytes.len() as u64 > LONGEST {
        true => Err(io::Error::other(
            "it is longer than 64 MiB, which no roll has written",
        )),
        false => Ok(()),
    })
    .map_err(|error| failed("read", path, &error))?;
    parse(path, &bytes)
}

/// Returns the lines that count, and where the last whole one ends.
pub fn parse(path: &Path, bytes: &[u8]) -> Result<(Vec<Line>, u64), Failure> {
    let mut lines: Vec<Line> = Vec::new();
    let mut start = 0;
    let mut flaw: Option<(usize, String)> = None;
    for (index, text) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        if let Some((number, flaw)) = flaw {
            return Err(damaged(path, number, &flaw));
        }
        match Line::of_text(text) {
            Ok(line) => {
                start += text.len();
                let overtaken = lines.last().is_some_and(|last| line.token < last.token);
                if !overtaken {
                    lines.push(line);
                }
            }
            Err(what) => flaw = Some((index + 1, what)),
        }
    }
    // The last line alone may be torn.
    Ok((lines, start as u64))
}

fn damaged(path: &Path, number: usize, flaw: &str) -> Failure {
    let place = PathBuf::from(path);
    Failure::new(
        Exit::Invalid,
        format!("{}:{number}: {flaw}, expected a line as psl-admin wrote it", place.display()),
    )
    .with_help(
        "the journal was changed or damaged: put it back from a backup, or bring the members to where they belong by \
         hand, and move the journal away",
    )
}

#[cfg(test)]
mod tests;
