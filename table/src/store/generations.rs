//! The history: every generation, immutable.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use crate::error::{Error, Result};
use crate::history::Commit;
use crate::store::shared::names;
use crate::store::{HISTORY, Store, file_name};
use crate::table::{MAX_GENERATION, Table};

impl Store {
    /// Returns the numbers of the generations that are kept, ascending.
    ///
    /// Among them can be some that never became current, because the committing program died.
    pub fn generations(&self) -> Result<Vec<u64>> {
        let history = self.open_history(&self.open_dir()?)?;
        self.generations_in(&history)
    }

    /// Returns the commits that became current, the newest first.
    ///
    /// Of two commits that follow the same generation the earlier one never became current: its
    /// program died after it had published, and the next one started again.
    pub fn history(&self) -> Result<Vec<Commit>> {
        let dir = self.open_dir()?;
        let history = self.open_history(&dir)?;
        let current = self.current_number(&dir);
        let mut followed: BTreeSet<u64> = current.into_iter().collect();
        let mut commits = Vec::new();
        for generation in self.generations_in(&history)?.into_iter().rev() {
            let path = self.generation_file(generation);
            let name = file_name(generation);
            let file = self.trust.open_in(&history, Path::new(&name), &path)?;
            // A file without its header was being written when its program died.
            let Some(commit) = Commit::of_text(&file.read_head(&path)?) else {
                continue;
            };
            if followed.insert(commit.after) || current == Some(generation) {
                commits.push(commit);
            }
        }
        Ok(commits)
    }

    /// Tells whether the history has this very text for the table's generation.
    ///
    /// It has not when somebody edited the current table in place.
    pub fn is_published(&self, table: &Table) -> Result<bool> {
        match self.read_generation(table.generation) {
            Ok(published) => Ok(published.text() == table.text()),
            Err(Error::UnknownGeneration(_) | Error::Invalid { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) fn open_history(&self, dir: &OwnedFd) -> Result<OwnedFd> {
        let path = self.dir.join(HISTORY);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let history = rustix::fs::openat(dir, HISTORY, flags, Mode::empty())
            .map_err(|errno| Error::io("open", &path, errno))?;
        self.trust.check(&path, &history)?;
        Ok(history)
    }

    pub(super) fn generations_in(&self, history: &OwnedFd) -> Result<Vec<u64>> {
        let names = names(history);
        let names = names.map_err(|errno| Error::io("list", self.dir.join(HISTORY), errno))?;
        let numbers = names
            .iter()
            .filter_map(|name| generation_of(name.to_bytes()));
        let mut generations: Vec<u64> = numbers.collect();
        generations.sort_unstable();
        Ok(generations)
    }

    /// Returns the number of the current table, from its header when its text is broken.
    fn current_number(&self, dir: &OwnedFd) -> Option<u64> {
        self.number_of(&self.read_table_in(dir).ok()?)
    }

    /// Returns the number of the current table that has this text.
    pub(super) fn number_of(&self, text: &str) -> Option<u64> {
        match Table::parse(&self.table_file(), text) {
            Ok(table) => Some(table.generation),
            Err(_) => Commit::of_text(text).map(|commit| commit.generation),
        }
    }
}

/// Returns the number in a history file's name.
fn generation_of(name: &[u8]) -> Option<u64> {
    let digits = name.strip_suffix(b".toml")?;
    let canonical = digits.first() != Some(&b'0') && digits.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (canonical && number <= MAX_GENERATION).then_some(number)
}
