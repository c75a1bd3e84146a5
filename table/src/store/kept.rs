//! The newest generation that was good, as a host keeps it for when the store cannot be read.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::aside::Aside;
use crate::error::{Error, Result};
use crate::file;
use crate::table::Table;
use crate::trust::Trust;

/// Above root's generations.
const OF_ROOT: &str = "/var/cache";

/// Where a host keeps a store's newest good generation for one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    dir: PathBuf,
    name: String,
    /// The last line of the file: names of files are hashes, and could be another store's.
    mark: String,
}

impl Kept {
    /// Returns it for the calling user: in `$XDG_CACHE_HOME/psl`, else in `/var/cache/psl` for root, else in
    /// `~/.cache/psl`.
    ///
    /// `store` is absolute; `variable` looks into the environment. None where that names no directory.
    pub fn of(store: &Path, variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let user = rustix::process::geteuid();
        let named = |name| {
            variable(name)
                .map(PathBuf::from)
                .filter(|dir| dir.is_absolute())
        };
        let home = || match user.is_root() {
            true => Some(OF_ROOT.into()),
            false => Some(named("HOME")?.join(".cache")),
        };
        let dir = named("XDG_CACHE_HOME").or_else(home)?;
        Some(Self::in_dir(dir.join("psl"), store))
    }

    fn in_dir(dir: PathBuf, store: &Path) -> Self {
        let user = rustix::process::geteuid().as_raw();
        let hash = hash(store.as_os_str().as_bytes());
        Self {
            dir,
            name: format!("{hash:016x}-{user}.toml"),
            mark: format!("#: kept of {store:?}\n"),
        }
    }

    /// Returns the file.
    pub fn file(&self) -> PathBuf {
        self.dir.join(&self.name)
    }

    /// Keeps a table, unless it is kept already; the file is the old one or the new one at every instant.
    pub(super) fn keep(&self, table: &Table) -> Result<()> {
        let text = table.text();
        let line = if text.ends_with('\n') { "" } else { "\n" };
        let text = [text, line, &self.mark].concat();
        let is_same = |kept: &Result<String>| kept.as_ref().is_ok_and(|kept| *kept == text);
        if is_same(&file::read(&self.file())) {
            return Ok(());
        }
        let failed = |errno| Error::io("keep the table as", self.file(), errno);
        let dir = self.open_dir().map_err(failed)?;
        let aside = Aside::create(&dir).map_err(failed)?;
        aside.write(&text).map_err(failed)?;
        aside.rename(&dir, &self.name).map_err(failed)
    }

    /// Returns the table that was kept; fails with why there is none that can be used.
    pub(super) fn read(&self, trust: Trust) -> Result<Table, String> {
        let file = self.file();
        let text = trust.read(&file).map_err(|error| match error {
            error if file::is_missing(&error) => {
                format!("this host has kept no generation as {file:?}")
            }
            error => error.to_string(),
        })?;
        if !text.ends_with(&self.mark) {
            return Err(format!("{file:?} was kept of another store"));
        }
        Table::parse(&file, &text).map_err(|error| error.to_string())
    }

    fn open_dir(&self) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = || rustix::fs::open(&self.dir, flags, Mode::empty());
        match open() {
            Err(Errno::NOENT) => {}
            opened => return opened,
        }
        let above: Vec<&Path> = self.dir.ancestors().collect();
        for dir in above.into_iter().rev() {
            match rustix::fs::mkdir(dir, Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => {}
                // What is there need not be one that this user could make.
                Err(_) if rustix::fs::stat(dir).is_ok() => {}
                Err(errno) => return Err(errno),
            }
        }
        open()
    }
}

/// FNV-1a.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn table(generation: u64) -> Table {
        let text = format!("format = 1\ngeneration = {generation}\n");
        Table::parse(Path::new("table.toml"), &text).expect("it is valid")
    }

    #[test]
    fn what_was_kept_last_is_read_by_the_same_store_if_nobody_else_can_write_it() {
        let dir = tempfile::tempdir().expect("a directory can be made");
        let at = dir.path().join("cache/psl");
        let kept = Kept::in_dir(at.clone(), Path::new("/a"));
        let why = kept.read(Trust::Owner).expect_err("there is none");
        assert!(why.contains("kept no generation"), "{why}");
        for generation in [7, 7, 8] {
            kept.keep(&table(generation)).expect("there is room");
            let read = kept.read(Trust::Owner).expect("it was just kept");
            assert_eq!(read.generation, generation);
        }
        assert_eq!(fs::read_dir(&at).expect("it was made").count(), 1);

        let other = Kept::in_dir(at, Path::new("/b"));
        fs::copy(kept.file(), other.file()).expect("there is room");
        let why = other.read(Trust::Owner).expect_err("it is not its own");
        assert!(why.contains("another store"), "{why}");

        let lax = Kept::in_dir(dir.path().join("cache/psl"), Path::new("/a"));
        fs::set_permissions(lax.file(), fs::Permissions::from_mode(0o666)).expect("it is ours");
        let why = lax.read(Trust::Owner).expect_err("others can write it");
        assert!(why.contains("chmod"), "{why}");
        assert!(lax.read(Trust::Any).is_ok());
    }

    #[test]
    fn users_have_directories_of_their_own() {
        let store = Path::new("/shared/psl");
        let with = |variables: &'static [(&str, &str)]| {
            Kept::of(store, move |name| {
                let found = variables.iter().find(|(key, _)| *key == name)?;
                Some(found.1.into())
            })
        };
        let dir = |variables| with(variables).map(|kept| kept.dir);
        let both: &[_] = &[("HOME", "/home/a"), ("XDG_CACHE_HOME", "/x")];
        assert_eq!(dir(both), Some("/x/psl".into()));
        let (home, nowhere) = match rustix::process::geteuid().is_root() {
            true => ("/var/cache/psl", Some("/var/cache/psl".into())),
            false => ("/home/a/.cache/psl", None),
        };
        assert_eq!(dir(&both[..1]), Some(home.into()));
        assert_eq!(dir(&[("XDG_CACHE_HOME", "relative")]), nowhere);
    }
}
