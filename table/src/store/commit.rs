//! The commit: lock, compare, write aside, publish, replace.

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::io::Errno;

use crate::document::Document;
use crate::error::{Error, Result};
use crate::file::LIMIT;
use crate::history::{Author, Commit, now, without_header};
use crate::store::aside::{Aside, remove_leftovers, sync_names, write_new};
use crate::store::before::Before;
use crate::store::lock::Lock;
use crate::store::{HISTORY, Store, TABLE, file_name};
use crate::table::{MAX_GENERATION, Table};

/// Under which conditions a commit is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitOptions {
    /// The generation that must be current.
    pub if_generation: Option<u64>,
    /// How long to wait for another program's commit.
    pub lock_wait: Duration,
}

impl Default for CommitOptions {
    fn default() -> CommitOptions {
        CommitOptions {
            if_generation: None,
            lock_wait: Duration::from_secs(10),
        }
    }
}

impl Store {
    /// Makes a generation of what `edit` makes of the current table, and returns its number.
    ///
    /// The number in the edited text and the header above it do not matter: the commit sets both. An
    /// edit that changes nothing else commits nothing and returns the current number. When
    /// the result is invalid, nothing changes; the error counts lines as the edited text has them.
    pub fn commit(
        &self,
        by: &Author,
        options: CommitOptions,
        edit: impl FnOnce(&Table) -> Result<String>,
    ) -> Result<u64> {
        self.transact(by, options, None, |current| edit(&current?))
    }

    /// Makes a generation of the text, whatever the current table is: broken, or missing.
    ///
    /// Apart from that it does as [`Store::commit`] does.
    pub fn replace(&self, by: &Author, options: CommitOptions, text: &str) -> Result<u64> {
        self.transact(by, options, None, |_| Ok(text.to_owned()))
    }

    /// Makes a generation of the text if the current table, which may be broken, has the text `before`.
    ///
    /// Fails with [`Error::Conflict`] when it has another, be it of the same generation: somebody edited the file.
    pub fn exchange(
        &self,
        by: &Author,
        options: CommitOptions,
        before: &str,
        text: &str,
    ) -> Result<u64> {
        self.transact(by, options, Some(before), |_| Ok(text.to_owned()))
    }

    /// Does something while nobody commits, and nobody else does something exclusively.
    ///
    /// It gives up with [`Error::Locked`] after `wait`. What is done must not commit: that takes the same lock.
    pub fn exclusively<T>(
        &self,
        by: &Author,
        wait: Duration,
        act: impl FnOnce() -> T,
    ) -> Result<T> {
        let dir = self.open_dir()?;
        let _lock = Lock::take(&dir, (&self.dir, self.trust), by, wait)?;
        Ok(act())
    }

    fn transact(
        &self,
        by: &Author,
        options: CommitOptions,
        expected: Option<&str>,
        edit: impl FnOnce(Result<Table>) -> Result<String>,
    ) -> Result<u64> {
        let dir = self.open_dir()?;
        let _lock = Lock::take(&dir, (&self.dir, self.trust), by, options.lock_wait)?;
        let failed = |doing| move |errno| Error::io(doing, self.table_file(), errno);

        let history = self.open_history(&dir)?;
        // A program that has lost the lock, because its host was cut off, cannot go on without its files.
        for dir in [&dir, &history] {
            remove_leftovers(dir).map_err(failed("remove leftovers beside"))?;
        }
        let before = Before::keep(&dir, TABLE).map_err(failed("keep"))?;
        // Not beside the table: whoever lists the store would remember that it was empty.
        let aside = Aside::create(&history).map_err(failed("write aside"))?;
        let newest = self.generations_in(&history)?.pop().unwrap_or(0);
        let text = self.read_before(&dir, &before);
        let is_expected = match (expected, &text) {
            (Some(expected), Ok(text)) => text == expected,
            (expected, _) => expected.is_none(),
        };
        let header = text.as_deref().ok().and_then(Commit::of_text);
        let current = text.and_then(|text| Table::parse(&self.table_file(), &text));
        let number = match (&current, header) {
            (Ok(table), _) => table.generation,
            (Err(_), Some(commit)) => commit.generation,
            (Err(_), None) => newest,
        };
        if let Some(expected) = options.if_generation
            && expected != number
        {
            return Err(self.conflict(expected, number));
        }
        if !is_expected {
            return Err(self.conflict(options.if_generation.unwrap_or(number), number));
        }
        let unedited = current.as_ref().ok().map(unnumbered);
        let edited = edit(current)?;
        let edited = Table::parse(&self.table_file(), &edited)?;
        if unedited == Some(unnumbered(&edited)) {
            return Ok(number);
        }
        let next = number.max(newest) + 1;
        if next > MAX_GENERATION {
            let text = edited.text();
            let file = edited.file();
            let message = format!("generation {MAX_GENERATION} is the last one");
            return Err(Document { file, text }.invalid(edited.generation_span(), message));
        }
        let commit = by.commits(next, number, now());
        self.publish(&dir, &history, aside, before, &commit, &edited)?;
        Ok(next)
    }

    /// Writes the table as the generation of `commit`: into the history, then in the place of the current one.
    ///
    /// The two are files of their own, so that an editor that writes in place cannot change the history. When the
    /// last step fails, the table that was current is current again.
    pub(super) fn publish(
        &self,
        dir: &OwnedFd,
        history: &OwnedFd,
        aside: Aside<'_>,
        before: Before<'_>,
        commit: &Commit,
        table: &Table,
    ) -> Result<()> {
        let text = numbered(table, commit);
        if text.len() as u64 > LIMIT {
            return Err(Error::TooLarge {
                path: self.table_file(),
                limit: LIMIT,
            });
        }
        let in_history = self.generation_file(commit.generation);
        let failed = |errno| match errno {
            // Somebody commits without the lock, as on a file system that does not carry locks between hosts.
            Errno::EXIST => self.conflict(commit.after, commit.generation),
            errno => Error::io("publish", &in_history, errno),
        };
        let name = file_name(commit.generation);
        let copy = Aside::create(history).map_err(failed)?;
        copy.write(&text).map_err(failed)?;
        match copy.link(history, &name) {
            Err(Errno::PERM | Errno::NOSYS | Errno::OPNOTSUPP | Errno::MLINK) => {
                write_new(history, &name, &text)
            }
            linked => linked,
        }
        .map_err(failed)?;
        sync_names(history).map_err(|errno| Error::io("sync", self.dir.join(HISTORY), errno))?;

        let failed = |doing| move |errno| Error::io(doing, self.table_file(), errno);
        aside.write(&text).map_err(failed("write aside"))?;
        aside.rename(dir, TABLE).map_err(failed("replace"))?;
        sync_names(dir).map_err(|errno| {
            // The storage may have kept it all the same: that nobody was told of it is what counts.
            let doing = match before.put_back() {
                Ok(()) => "sync",
                Err(_) => "take back the generation that is current, after a failure to sync",
            };
            Error::io(doing, &self.dir, errno)
        })
    }

    fn conflict(&self, expected: u64, found: u64) -> Error {
        let table = self.read_generation(found).ok();
        let by = table.and_then(|table| Commit::of_text(table.text()));
        Error::Conflict {
            expected,
            found,
            by: by.map(|commit| commit.to_string()),
        }
    }
}

/// Returns the table's text without what a commit sets: the header, and the generation's number.
fn unnumbered(table: &Table) -> (String, String) {
    let span = table.generation_span();
    let (before, after) = (&table.text()[..span.start], &table.text()[span.end..]);
    (without_header(before).to_owned(), after.to_owned())
}

/// Returns the table's text with the header and the number of a commit.
fn numbered(table: &Table, commit: &Commit) -> String {
    let (before, after) = unnumbered(table);
    format!("{}{before}{}{after}", commit.header(), commit.generation)
}
