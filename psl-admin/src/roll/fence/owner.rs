//! `rolls/<id>.owner`: the current token, and who has it.
use crate::members::detached::process::Identity;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The longest file that is read, in bytes.
const LONGEST: u64 = 64 << 10;

/// The program that drives a roll, or drove it last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Greater than those of all programs before it.
    pub token: u64,
    /// The administrator who started it.
    pub who: String,
    /// Its process.
    #[serde(flatten)]
    pub process: Identity,
    /// It has said that it does not drive the roll any more.
    pub released: bool,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Identity { pid, host, .. } = &self.process;
        write!(
            f,
            "{} (process {pid} on {host:?}, token {})",
            self.who, self.token
        )
    }
}

impl Owner {
    /// Reads the file, which a roll that was never begun does not have.
    pub fn read(file: &Path) -> io::Result<Option<Self>> {
        let mut text = String::new();
        match File::open(file) {
            Ok(opened) => opened.take(LONGEST).read_to_string(&mut text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        serde_json::from_str(&text).map(Some).map_err(|error| {
            io::Error::other(format!("it does not say who drives a roll ({error})"))
        })
    }

    /// Writes the file, whole or not at all; only under the store's lock.
    pub fn write(&self, file: &Path) -> io::Result<()> {
        let aside = file.with_extension("owner.aside");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o644);
        let mut written = options.open(&aside)?;
        let text = serde_json::to_string(self).map_err(io::Error::other)?;
        written.write_all(text.as_bytes())?;
        written.sync_all()?;
        fs::rename(&aside, file)?;
        File::open(file.parent().unwrap_or(Path::new("/")))?.sync_all()
    }

    /// Tells whether the program runs, or ran, on this host since it was booted.
    pub fn is_here(&self) -> bool {
        self.process.is_here()
    }

    /// Tells whether the program is there; only of one on this host.
    pub fn is_alive(&self) -> bool {
        self.process.is_alive()
    }
}
