//! The store: a directory on shared storage that holds the table and its history.
//!
//! At every instant, and after every crash, a reader finds one whole generation; a commit that was
//! acknowledged is never lost; a lock dies with the program that held it.

mod aside;
mod before;
mod commit;
mod deadline;
mod generations;
mod init;
mod kept;
mod lock;
mod shared;
mod stamp;
mod start;

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::AtFlags;
use rustix::io::Errno;

use before::Before;
pub use commit::CommitOptions;
pub use init::FIRST_TABLE;
pub use kept::Kept;
use shared::Doubt;
pub use stamp::Stamp;
pub use start::{Notice, Start};

use crate::document::Document;
use crate::error::{Error, Result};
use crate::file::{self, Regular};
use crate::members::Members;
use crate::table::Table;
pub use crate::trust::Trust;

/// The current table's file in the store.
pub const TABLE: &str = "table.toml";
/// The directory of all generations in the store.
pub const HISTORY: &str = "history";
/// The file in the store that says how members are started.
pub const MEMBERS: &str = "members.toml";
/// The file in the store that a committing program locks.
pub const LOCK: &str = "lock";

/// A store.
///
/// It keeps no descriptor: every operation opens the directory again and checks it again.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
    trust: Trust,
}

impl Store {
    /// Opens the store in `dir`; a relative `dir` is taken from the working directory.
    pub fn open(dir: &Path, trust: Trust) -> Result<Store> {
        Self::opened(dir, trust).map(|(store, _)| store)
    }

    /// Does the same, and returns the open directory, for whoever reads at once.
    fn opened(dir: &Path, trust: Trust) -> Result<(Store, OwnedFd)> {
        let dir = file::absolute(dir)?;
        let no_store = |why| Error::NoStore {
            path: dir.clone(),
            why,
        };
        let opened = trust.open_directory(&dir).map_err(|error| match error {
            Error::Io { ref source, .. } if source.kind() == std::io::ErrorKind::NotADirectory => {
                no_store("it is no directory")
            }
            error if file::is_missing(&error) => no_store("there is no such directory"),
            error => error,
        })?;
        rustix::fs::statat(&opened, HISTORY, AtFlags::SYMLINK_NOFOLLOW).map_err(
            |errno| match errno {
                Errno::NOENT => no_store("it has no directory history/"),
                errno => Error::io("look at", dir.join(HISTORY), errno),
            },
        )?;
        Ok((Store { dir, trust }, opened))
    }

    /// Takes a directory for a store that somebody else has opened.
    fn unchecked(dir: &Path, trust: Trust) -> Store {
        let dir = dir.to_owned();
        Store { dir, trust }
    }

    /// Returns the store's directory, from the root on.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns whose files in the store are trusted.
    pub fn trust(&self) -> Trust {
        self.trust
    }

    /// Returns the name of the current table's file.
    pub fn table_file(&self) -> PathBuf {
        self.dir.join(TABLE)
    }

    /// Returns the name of the members file.
    pub fn members_file(&self) -> PathBuf {
        self.dir.join(MEMBERS)
    }

    /// Returns the name of a generation's file.
    pub fn generation_file(&self, generation: u64) -> PathBuf {
        self.dir.join(HISTORY).join(file_name(generation))
    }

    /// Reads the current table.
    pub fn read(&self) -> Result<Table> {
        Table::parse(&self.table_file(), &self.read_raw()?)
    }

    /// Reads the text of the current table, which may be broken.
    pub fn read_raw(&self) -> Result<String> {
        self.read_table_in(&self.open_dir()?)
    }

    /// Reads the same for somebody who is to mend it: what is not UTF-8 in it is replaced.
    pub fn read_lossy(&self) -> Result<String> {
        let table = self.table_file();
        let bytes = self.read_table_by(&self.open_dir()?, |file| file.read_bytes(&table))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Reads one generation.
    pub fn read_generation(&self, generation: u64) -> Result<Table> {
        self.parse_generation(
            generation,
            &self.read_generation_in(&self.open_dir()?, generation)?,
        )
    }

    /// Reads the text of one generation in the store's directory.
    fn read_generation_in(&self, dir: &OwnedFd, generation: u64) -> Result<String> {
        let file = self.generation_file(generation);
        let history = self.open_history(dir)?;
        self.read_in(&history, &file).map_err(|error| match error {
            error if file::is_missing(&error) => Error::UnknownGeneration(generation),
            error => error,
        })
    }

    fn parse_generation(&self, generation: u64, text: &str) -> Result<Table> {
        let file = self.generation_file(generation);
        let table = Table::parse(&file, text)?;
        if table.generation != generation {
            let document = Document { file: &file, text };
            let found = table.generation;
            let message =
                format!("`generation` is {found}, expected {generation} as the file's name says");
            return Err(document.invalid(table.generation_span(), message));
        }
        Ok(table)
    }

    /// Reads how members are started; a store without the file starts none.
    pub fn read_members(&self) -> Result<Members> {
        let file = self.members_file();
        let dir = self.open_dir()?;
        shared::recall(&dir);
        match self.read_in(&dir, &file) {
            Ok(text) => Members::parse(&file, &text),
            Err(error) if file::is_missing(&error) => Ok(Members::default()),
            Err(error) => Err(error),
        }
    }

    fn open_dir(&self) -> Result<OwnedFd> {
        self.trust.open_directory(&self.dir)
    }

    fn read_table_in(&self, dir: &OwnedFd) -> Result<String> {
        let table = self.table_file();
        let mut doubt = Doubt::of(dir);
        loop {
            let text = self.read_table_by(dir, |file| file.read(&table))?;
            if doubt.is_there() && self.is_old(dir, &text) && doubt.is_worth_looking_again() {
                continue;
            }
            return Ok(text);
        }
    }

    fn read_table_by<T>(&self, dir: &OwnedFd, read: impl Fn(&Regular) -> Result<T>) -> Result<T> {
        shared::recall(dir);
        let table = self.table_file();
        let mut doubt = Doubt::of(dir);
        loop {
            match self.read_in_by(dir, &table, &read) {
                Err(error) if file::is_missing(&error) && doubt.is_worth_looking_again() => {}
                result => return result.map_err(|error| self.lost(error)),
            }
        }
    }

    /// Tells whether the table was not written yet, as this host remembers it, or the history has the one after it.
    ///
    /// Then it can be the current one all the same: the next one was published, and its program died.
    fn is_old(&self, dir: &OwnedFd, text: &str) -> bool {
        let Some(number) = self.number_of(text) else {
            return text.is_empty();
        };
        let next = Path::new(HISTORY).join(file_name(number.saturating_add(1)));
        rustix::fs::statat(dir, &next, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// Reads the table that a commit is to replace.
    fn read_before(&self, dir: &OwnedFd, before: &Before<'_>) -> Result<String> {
        let table = self.table_file();
        let mut doubt = Doubt::of(dir);
        loop {
            let file = self.trust.open_in(dir, Path::new(before.name()), &table);
            match file.and_then(|file| file.read(&table)) {
                Ok(text) if text.is_empty() && doubt.is_worth_looking_again() => {}
                result => return result.map_err(|error| self.lost(error)),
            }
        }
    }

    fn lost(&self, error: Error) -> Error {
        match error {
            error if file::is_missing(&error) => Error::LostTable {
                path: self.dir.clone(),
            },
            error => error,
        }
    }

    /// Reads the file called as the last component of `path` says, in the directory `dir`.
    fn read_in(&self, dir: &OwnedFd, path: &Path) -> Result<String> {
        self.read_in_by(dir, path, |file| file.read(path))
    }

    fn read_in_by<T>(
        &self,
        dir: &OwnedFd,
        path: &Path,
        read: impl Fn(&Regular) -> Result<T>,
    ) -> Result<T> {
        let name = path.file_name().map_or(path, Path::new);
        let mut doubt = Doubt::of(dir);
        loop {
            let file = self.trust.open_in(dir, name, path);
            match file.and_then(|file| read(&file)) {
                Err(error) if file::is_stale(&error) && doubt.is_worth_asking_again() => {}
                result => return result,
            }
        }
    }
}

/// Returns the name of a generation's file in the history.
fn file_name(generation: u64) -> String {
    format!("{generation}.toml")
}
