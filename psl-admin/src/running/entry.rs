//! One registration: what its file says, and what it is called.
use crate::members::detached::process::Identity;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The format that is written, and the newest that is read.
const FORMAT: u32 = 1;

/// What the names of entries end with.
const SUFFIX: &str = ".toml";

/// What an instance was started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launched {
    /// The member.
    pub member: String,
    /// The generation of the table.
    pub generation: u64,
    /// What makes it see its links, as its first process began: `preload` or `mount`.
    pub engine: String,
    /// The command as it was typed; what is not UTF-8 in it is replaced.
    pub program: String,
}

/// An instance that was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    format: u32,
    /// What it was started with.
    #[serde(flatten)]
    pub launched: Launched,
    /// Its first process.
    #[serde(flatten)]
    pub process: Identity,
    /// What tells the host from others of its name; empty when it has no machine-id(5).
    pub machine: String,
    /// When it was started.
    pub started: Timestamp,
}

/// The one key that every format has.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

impl Entry {
    /// Describes a process that starts at this moment.
    pub fn of(process: Identity, machine: &str, launched: Launched) -> Self {
        let seconds = Timestamp::now().as_second();
        Self {
            format: FORMAT,
            launched,
            process,
            machine: machine.to_owned(),
            started: Timestamp::from_second(seconds).unwrap_or_default(),
        }
    }

    /// Reads the file of this name; what is wrong with it is told in words.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let flaw = |error: toml::de::Error| error.message().to_owned();
        let Format { format } = toml::from_str(text).map_err(flaw)?;
        if format != FORMAT {
            return Err(format!("its format is {format}, expected {FORMAT}"));
        }
        let entry: Self = toml::from_str(text).map_err(flaw)?;
        match entry.name() == name {
            true => Ok(entry),
            false => Err(format!(
                "its name does not say what is in it, expected {:?}",
                entry.name()
            )),
        }
    }

    /// Returns the name of its file, which no other process has or had.
    pub fn name(&self) -> String {
        let Identity {
            pid,
            start,
            boot,
            namespace,
            ..
        } = &self.process;
        let host = host_part(&self.process.host);
        format!("{host}{boot}.{namespace}.{pid}.{start}{SUFFIX}")
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = toml::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

/// Tells whether a file is called like an entry.
pub fn is_name(name: &str) -> bool {
    name.ends_with(SUFFIX) && !name.starts_with('.')
}

/// Returns what the names of a host's entries begin with.
pub fn host_part(host: &str) -> String {
    let plain = |character: char| match character.is_ascii_alphanumeric() || character == '-' {
        true => character,
        false => '_',
    };
    host.chars().map(plain).chain(['.']).collect()
}
