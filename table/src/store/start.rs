//! How an instance that starts gets its table: from the store, in time, or what this host has kept of it.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::kept::Kept;
use super::{Store, deadline};
use crate::config::{HostConfig, OnError};
use crate::error::{Error, Result};
use crate::table::Table;
use crate::{file, history, mountinfo};

/// A table to start with.
#[derive(Debug)]
pub struct Start {
    /// The table.
    pub table: Table,
    /// The store's directory, from the root on.
    pub store: PathBuf,
    /// What the user has to be told of it.
    pub notice: Option<Notice>,
}

/// What is not as it should be, and does not keep an instance from starting.
#[derive(Debug)]
pub enum Notice {
    /// The store cannot be read: the table is one that this host has kept.
    LastGood {
        /// Why it cannot be read.
        error: Error,
        /// The generation.
        generation: u64,
        /// How long ago it was committed, in seconds, where it says so.
        age: Option<u64>,
    },
    /// The table could not be kept for when the store cannot be read.
    NotKept(String),
}

impl Start {
    /// Reads a table as this host's `start_deadline` and `on_error` say; the current one if no generation is asked for.
    ///
    /// With `on_error = "last-good"` a table that cannot be read is the one that was kept, if it is the generation
    /// that was asked for; else it fails with [`Error::NothingKept`]. What `"ignore"` means is the caller's concern.
    /// `variable` looks into the environment.
    pub fn read(
        host: &HostConfig,
        store: &Path,
        generation: Option<u64>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self> {
        let store = file::absolute(store)?;
        let (table, notice) = match current(host, &store, generation) {
            Ok(table) => (table, None),
            Err(error) if host.on_error == OnError::LastGood => {
                let kept = Kept::of(&store, variable);
                let (table, notice) = last_good(kept, host, generation, error)?;
                (table, Some(notice))
            }
            Err(error) => return Err(error),
        };
        Ok(Self {
            table,
            store,
            notice,
        })
    }

    /// Does the same for an instance that starts with it: the current table is kept, for when the store cannot be read.
    ///
    /// It is kept under every policy, so that `"last-good"` may be chosen when the store is away already; what cannot
    /// be kept is told under this policy alone.
    pub fn launch(
        host: &HostConfig,
        store: &Path,
        generation: Option<u64>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self> {
        let mut start = Self::read(host, store, generation, &variable)?;
        if generation.is_none() && start.notice.is_none() {
            let failed = match Kept::of(&start.store, variable) {
                Some(kept) => kept.keep(&start.table).err().map(|error| error.to_string()),
                None => Some(NOWHERE.into()),
            };
            start.notice = failed
                .filter(|_| host.on_error == OnError::LastGood)
                .map(Notice::NotKept);
        }
        Ok(start)
    }
}

const NOWHERE: &str = "there is no place to keep a generation: set XDG_CACHE_HOME or HOME";

fn current(host: &HostConfig, dir: &Path, generation: Option<u64>) -> Result<Table> {
    let text = || {
        let (store, opened) = Store::opened(dir, host.trust)?;
        match generation {
            Some(generation) => store.read_generation_in(&opened, generation),
            None => store.read_table_in(&opened),
        }
    };
    let text = match mountinfo::is_remote(dir) {
        true => deadline::within(dir, host.start_deadline, text)?,
        false => text()?,
    };
    let store = Store::unchecked(dir, host.trust);
    match generation {
        Some(generation) => store.parse_generation(generation, &text),
        None => Table::parse(&store.table_file(), &text),
    }
}

fn last_good(
    kept: Option<Kept>,
    host: &HostConfig,
    generation: Option<u64>,
    error: Error,
) -> Result<(Table, Notice)> {
    let table = kept.ok_or_else(|| NOWHERE.to_owned()).and_then(|kept| {
        let table = kept.read(host.trust)?;
        match generation.filter(|generation| *generation != table.generation) {
            Some(wanted) => Err(format!(
                "this host has kept generation {} and not generation {wanted}",
                table.generation
            )),
            None => Ok(table),
        }
    });
    match table {
        Ok(table) => {
            let age = u64::try_from(history::now_in_seconds() - table.committed()).ok();
            let notice = Notice::LastGood {
                error,
                generation: table.generation,
                age: age.filter(|_| table.committed() != 0),
            };
            Ok((table, notice))
        }
        Err(why) => Err(Error::NothingKept {
            error: Box::new(error),
            why,
        }),
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LastGood {
                error,
                generation,
                age,
            } => {
                write!(
                    f,
                    "{error}; this starts with generation {generation}, the last one that was good on this host"
                )?;
                match age {
                    Some(age) => write!(f, ", committed {} ago", Age(*age)),
                    None => Ok(()),
                }
            }
            Self::NotKept(why) => write!(
                f,
                "{why}; on_error = \"last-good\" will have nothing to start with when the store cannot be read"
            ),
        }
    }
}

/// So many seconds, as people say it.
struct Age(u64);

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            age @ ..120 => write!(f, "{age} s"),
            age @ ..7200 => write!(f, "{} min", age / 60),
            age @ ..172_800 => write!(f, "{} h", age / 3600),
            age => write!(f, "{} days", age / 86_400),
        }
    }
}
