//! A store's first day.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::file;
use crate::history::{Author, now};
use crate::store::aside::{Aside, is_aside, sync_names};
use crate::store::before::Before;
use crate::store::commit::CommitOptions;
use crate::store::lock::Lock;
use crate::store::shared::names;
use crate::store::{HISTORY, LOCK, MEMBERS, Store, TABLE};
use crate::table::Table;
use crate::trust::Trust;

/// The text of a store's first table, without its header: no links, and how to write one.
pub const FIRST_TABLE: &str = include_str!("first.toml");

/// The mode of the store's directories, whatever the umask: everybody may read.
const DIR_MODE: Mode = Mode::from_raw_mode(0o755);

const DIR_FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// What may lie in a directory that becomes a store: parts of one, and what the file system itself puts there.
const PARTS: [&str; 6] = [HISTORY, LOCK, MEMBERS, "rolls", "running", "lost+found"];

impl Store {
    /// Makes a store with an empty table, generation 1.
    ///
    /// The directory is made when it is missing, its parents are not. In a directory that is a store already
    /// nothing changes; one that was being made when its program died is completed.
    /// Refused is a directory that holds anything else, and one that only its owner should be able to
    /// write but others can.
    pub fn init(dir: &Path) -> Result<Store> {
        Store::init_by(dir, &Author::here(Some("a new store".to_owned())))
    }

    /// Does as [`Store::init`] does, and says who made the first generation and why.
    pub fn init_by(dir: &Path, by: &Author) -> Result<Store> {
        let dir = file::absolute(dir)?;
        let trust = Trust::Owner;
        let opened = match trust.open_directory(&dir) {
            Err(error) if file::is_missing(&error) => {
                make(&dir).map_err(|errno| Error::io("make", &dir, errno))?;
                trust.open_directory(&dir)?
            }
            opened => opened?,
        };
        let store = Store { dir, trust };
        store.refuse_strangers(&opened)?;
        if !store.has_table(&opened)? {
            store.fill(&opened, by)?;
        }
        Store::open(&store.dir, trust)
    }

    fn fill(&self, dir: &OwnedFd, by: &Author) -> Result<()> {
        make_in(dir, Path::new(HISTORY))
            .map_err(|errno| Error::io("make", self.dir.join(HISTORY), errno))?;
        // A table that a loss of power leaves without a history would be no store, and nothing else either.
        sync_names(dir).map_err(|errno| Error::io("sync", &self.dir, errno))?;
        let _lock = Lock::take(
            dir,
            (&self.dir, self.trust),
            by,
            CommitOptions::default().lock_wait,
        )?;
        if self.has_table(dir)? {
            return Ok(());
        }
        let history = self.open_history(dir)?;
        let newest = self.generations_in(&history)?.pop().unwrap_or(0);
        // One generation without a table is what a dead init leaves; more are a store that lost its table.
        if newest > 1 {
            return Err(Error::LostTable {
                path: self.dir.clone(),
            });
        }
        let first = Table::parse(&self.table_file(), FIRST_TABLE)?;
        let aside =
            Aside::create(&history).map_err(|errno| Error::io("write", &self.dir, errno))?;
        let before = Before::nothing(dir, TABLE);
        self.publish(
            dir,
            &history,
            aside,
            before,
            &by.commits(newest + 1, 0, now()),
            &first,
        )
    }

    /// Tells whether anything lies in the table's place.
    fn has_table(&self, dir: &OwnedFd) -> Result<bool> {
        let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
        match rustix::fs::statat(dir, TABLE, flags) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(Error::io("stat", self.table_file(), errno)),
        }
    }

    /// Refuses a directory that is no store and holds anything else than parts of one.
    fn refuse_strangers(&self, dir: &OwnedFd) -> Result<()> {
        let mut stranger = None;
        let mut is_store = false;
        let names = names(dir).map_err(|errno| Error::io("list", &self.dir, errno))?;
        for name in names.iter().map(|name| name.to_bytes()) {
            is_store |= name == HISTORY.as_bytes();
            if !is_aside(name) && !PARTS.iter().any(|part| part.as_bytes() == name) {
                stranger = Some(String::from_utf8_lossy(name).into_owned());
            }
        }
        match stranger {
            Some(found) if !is_store => Err(Error::NotEmpty {
                path: self.dir.clone(),
                found,
            }),
            _ => Ok(()),
        }
    }
}

/// Makes a directory, and makes sure that it is there after a crash.
fn make(dir: &Path) -> rustix::io::Result<()> {
    make_in(CWD, dir)?;
    let parent = dir.parent().unwrap_or(Path::new("/"));
    match rustix::fs::open(parent, DIR_FLAGS, Mode::empty()) {
        Ok(parent) => sync_names(&parent),
        // A parent that may be searched but not read cannot be synced.
        Err(Errno::ACCESS) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Makes a directory unless it is there.
fn make_in(parent: impl AsFd, name: &Path) -> rustix::io::Result<()> {
    match rustix::fs::mkdirat(&parent, name, DIR_MODE) {
        Ok(()) => {
            let made = rustix::fs::openat(&parent, name, DIR_FLAGS, Mode::empty())?;
            rustix::fs::fchmod(made, DIR_MODE)
        }
        Err(Errno::EXIST) => Ok(()),
        Err(errno) => Err(errno),
    }
}
