//! The text of a manifest: a line that says what it is, a line a path, and a line with its own hash.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::manifest::record::Record;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The first line.
const HEAD: &str = "psl-manifest 1 blake3\n";

/// What begins the last line.
const END: &str = "end ";

/// A manifest that is being written.
#[derive(Debug)]
pub struct Writing {
    file: BufWriter<File>,
    hasher: blake3::Hasher,
}

impl Writing {
    /// Begins in an empty file.
    pub fn begin(file: File) -> io::Result<Self> {
        let mut writing = Self {
            file: BufWriter::new(file),
            hasher: blake3::Hasher::new(),
        };
        writing.put(HEAD)?;
        Ok(writing)
    }

    /// Writes the line of a path.
    pub fn add(&mut self, path: &[u8], record: &Record) -> io::Result<()> {
        let mut line = record.line(path);
        line.push('\n');
        self.put(&line)
    }

    /// Writes the last line, and waits until all is on the storage.
    pub fn end(mut self) -> io::Result<()> {
        let hash = self.hasher.finalize().to_hex();
        writeln!(self.file, "{END}{hash}")?;
        self.file.into_inner()?.sync_all()
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        self.hasher.update(text.as_bytes());
        self.file.write_all(text.as_bytes())
    }
}

/// Reads a manifest as it was written: what each path is.
pub fn read(path: &Path) -> Result<BTreeMap<Vec<u8>, Record>, Failure> {
    let text = std::fs::read(path).map_err(|error| {
        Failure::new(Exit::Storage, format!("cannot read {path:?}: {error}"))
            .with_help("`psl-admin stage` writes it beside the tree that it makes")
    })?;
    let invalid = |line: usize, what: &str| {
        let shown = path.display();
        Failure::new(Exit::Invalid, format!("{shown}:{line}:1: {what}"))
    };
    let Ok(text) = String::from_utf8(text) else {
        return Err(invalid(1, "this is no manifest, expected ASCII text"));
    };
    let Some(rest) = text.strip_prefix(HEAD) else {
        let message = format!("this is no manifest, expected {:?}", HEAD.trim_end());
        return Err(invalid(1, &message));
    };
    let mut records = BTreeMap::new();
    let mut length = HEAD.len();
    for (number, line) in (2..).zip(rest.split_inclusive('\n')) {
        if let Some(hash) = line.strip_prefix(END) {
            let own = blake3::hash(&text.as_bytes()[..length]).to_hex();
            let is_last = length + line.len() == text.len();
            if is_last && hash.strip_suffix('\n') == Some(own.as_str()) {
                return Ok(records);
            }
            return Err(invalid(number, "the manifest is not as it was written"));
        }
        length += line.len();
        let Some((path, record)) = line.strip_suffix('\n').and_then(Record::parse) else {
            return Err(invalid(number, "expected what a path is"));
        };
        records.insert(path, record);
    }
    let lines = text.lines().count();
    Err(invalid(lines, "the manifest is cut off after this line"))
}
