//! `running/<member>.json`: which process is the instance of a member.
use crate::members::detached::process::Identity;
use crate::members::trouble::{State, Trouble};
use crate::store_file;
use psl_table::store::Trust;
use rustix::fs::{FlockOperation, OFlags, fcntl_lock};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How long another program may hold a member.
pub const HELD: Duration = Duration::from_secs(10);

/// Which process is the instance of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The member.
    pub member: String,
    /// The instance's first process.
    #[serde(flatten)]
    pub identity: Identity,
    /// The generation that it was started with; unknown when somebody typed `psl-admin run`.
    pub generation: Option<u64>,
}

impl Record {
    /// Returns the name of a member's record.
    pub fn file(directory: &Path, member: &str) -> PathBuf {
        directory.join(format!("{member}.json"))
    }

    /// Reads a member's record.
    pub fn read(directory: &Path, member: &str, trust: Trust) -> io::Result<Option<Self>> {
        let file = Self::file(directory, member);
        let text = match store_file::read(&file, trust) {
            // Of a store that is away, nothing is known.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let store = directory.parent().unwrap_or(directory);
                return store.metadata().map(|_| None);
            }
            read => read?,
        };
        let record = serde_json::from_str(&text);
        record.map(Some).map_err(|error| {
            io::Error::other(format!("{file:?} is no record of an instance: {error}"))
        })
    }

    /// Refuses an instance that was started with an older generation; for generation 0 any will do.
    pub fn require(&self, generation: u64) -> Result<(), Trouble> {
        match self.generation.unwrap_or(0) >= generation {
            true => Ok(()),
            false => Err(Trouble::new(
                State::DidNotStop,
                format!(
                    "process {} runs, and was not started with generation {generation}",
                    self.identity.pid
                ),
            )),
        }
    }

    /// Writes the record, whole or not at all.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        let text = serde_json::to_string(self).map_err(io::Error::other)?;
        store_file::write(&Self::file(directory, &self.member), &text)
    }

    /// Removes a member's record, if there is one.
    pub fn remove(directory: &Path, member: &str) -> io::Result<()> {
        match fs::remove_file(Self::file(directory, member)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Keeps others from starting and stopping a member's instance, until it is dropped or its holder ends.
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes it, or gives up after `wait`.
    pub fn take(directory: &Path, member: &str, wait: Duration, trust: Trust) -> io::Result<Self> {
        let path = directory.join(format!("{member}.lock"));
        let file = store_file::open_or_make(&path, OFlags::WRONLY, store_file::OWN, trust)?;
        let deadline = Instant::now() + wait;
        loop {
            match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS) => {}
                Err(errno) => return Err(errno.into()),
            }
            if Instant::now() >= deadline {
                let message = format!("another program holds {path:?}, waited {wait:?} for it");
                return Err(io::Error::new(io::ErrorKind::TimedOut, message));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}
