//! `rolls/` in the store: a journal for each roll, and who drives it.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::store_file;
use psl_table::store::Store;
use rustix::fs::Dir;
use rustix::io::Errno;
use std::io;
use std::path::PathBuf;

pub use store_file::failed;

/// The directory's name in the store.
const ROLLS: &str = "rolls";

/// The journals of a store.
#[derive(Clone, Copy, Debug)]
pub struct Rolls<'s> {
    /// The store.
    pub store: &'s Store,
}

impl Rolls<'_> {
    /// Makes sure that the directory is there, and belongs to those who may write the store.
    pub fn prepare(&self) -> Result<(), Failure> {
        let path = self.path();
        let made = store_file::made_directory(&path, self.store.trust());
        made.map(drop)
            .map_err(|error| failed("make", &path, &error))
    }

    /// Returns the names of all rolls, the oldest first.
    pub fn ids(&self) -> Result<Vec<String>, Failure> {
        let path = self.path();
        let opened = store_file::directory(&path, self.store.trust());
        let entries = match opened.and_then(|opened| Ok(Dir::read_from(opened)?)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("list", &path, &error)),
        };
        let mut ids = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|errno| failed("list", &path, &errno.into()))?;
            ids.extend(entry.file_name().to_str().ok().and_then(parsed));
        }
        ids.sort();
        Ok(ids
            .iter()
            .map(|(day, number)| format!("{day}.{number}"))
            .collect())
    }

    /// Returns a name that no roll has.
    pub fn unused(&self, day: &str) -> Result<String, Failure> {
        let ids = self.ids()?;
        let numbers = ids.iter().filter_map(|id| parsed(id));
        let last = numbers
            .filter(|(found, _)| found == day)
            .map(|(_, number)| number);
        Ok(format!("{day}.{}", last.max().unwrap_or(0) + 1))
    }

    /// Removes what killed programs have left of files that are written under the store's lock, which is held.
    pub fn tidy(&self) -> Result<(), Failure> {
        for id in self.ids()? {
            let left = store_file::aside(&self.owner(&id));
            match rustix::fs::unlink(&left) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(failed("remove", &left, &errno.into())),
            }
        }
        Ok(())
    }

    /// Refuses what is no name of a roll.
    pub fn require(&self, id: &str) -> Result<(), Failure> {
        let ids = self.ids()?;
        if ids.iter().any(|known| known == id) {
            return Ok(());
        }
        let failure = Failure::new(Exit::Usage, format!("there is no roll {id:?}"));
        Err(match ids.last() {
            Some(last) => failure.with_help(format!("the last one is {last:?}")),
            None => failure.with_help("`psl-admin upgrade start` begins one"),
        })
    }

    /// Returns the file of a roll's journal.
    pub fn journal(&self, id: &str) -> PathBuf {
        self.path().join(id)
    }

    /// Returns the file that says who drives a roll.
    pub fn owner(&self, id: &str) -> PathBuf {
        self.path().join(format!("{id}.owner"))
    }

    /// Returns the file that whoever drives a roll holds, and writes again and again.
    pub fn beat(&self, id: &str) -> PathBuf {
        self.path().join(format!("{id}.beat"))
    }

    /// Returns the file that asks whoever drives a roll to stop.
    pub fn request(&self, id: &str) -> PathBuf {
        self.path().join(format!("{id}.request"))
    }

    /// Returns the directory.
    pub fn path(&self) -> PathBuf {
        self.store.dir().join(ROLLS)
    }
}

/// Returns the day and the number in a roll's name.
fn parsed(id: &str) -> Option<(String, u64)> {
    let (day, number) = id.split_once('.')?;
    let shape = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
    let is_day = day.bytes().map(shape).eq(*b"0000-00-00");
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
    (is_day && is_number).then(|| Some((day.to_owned(), number.parse().ok()?)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roll_is_named_by_day_and_number() {
        let rows = [
            ("2031-05-07.1", true),
            ("2031-05-07.120", true),
            ("2031-05-07.0", false),
            ("2031-05-07.01", false),
            ("2031-05-07.", false),
            ("2031-05-07", false),
            ("2031-05-07.1.owner", false),
            ("2031-5-07.1", false),
            ("../table.toml", false),
            ("", false),
        ];
        for (id, is_one) in rows {
            assert_eq!(parsed(id).is_some(), is_one, "{id:?}");
        }
    }
}
