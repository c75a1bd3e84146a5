//! `rolls/<id>.owner`: the current token, and who has it.
use crate::members::detached::process::Identity;
use crate::store_file;
use psl_table::store::Trust;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;

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
    pub fn read(file: &Path, trust: Trust) -> io::Result<Option<Self>> {
        let text = match store_file::read(file, trust) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        serde_json::from_str(&text).map(Some).map_err(|error| {
            io::Error::other(format!("{file:?} does not say who drives a roll: {error}"))
        })
    }

    /// Writes the file, whole or not at all; only under the store's lock.
    pub fn write(&self, file: &Path) -> io::Result<()> {
        let text = serde_json::to_string(self).map_err(io::Error::other)?;
        store_file::write(file, &text)?;
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
