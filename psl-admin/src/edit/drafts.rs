//! Where the texts of edits are while they are not committed: a private directory of the administrator's own.
use crate::base::Base;
use crate::edit::draft::{self, Draft};
use crate::exit::Exit;
use crate::failure::Failure;
use psl_table::store::Store;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The drafts of one store.
#[derive(Debug)]
pub struct Drafts {
    dir: PathBuf,
    store: PathBuf,
}

impl Drafts {
    /// Finds where they are: below $XDG_STATE_HOME, else ~/.local/state.
    pub fn of(store: &Store) -> Result<Self, Failure> {
        let named = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
        let state = named
            .filter(|path| path.is_absolute())
            .or_else(|| Some(std::env::home_dir()?.join(".local/state")))
            .filter(|path| path.is_absolute());
        let state = state.ok_or_else(|| {
            Failure::new(
                Exit::Refused,
                "there is no place for the text while it is edited",
            )
            .with_help("set XDG_STATE_HOME to a directory of your own")
        })?;
        Ok(Self {
            dir: state.join("psl/edit"),
            store: store.dir().to_owned(),
        })
    }

    /// Makes a draft of the table.
    pub fn begin(&self, base: &Base) -> Result<Draft, Failure> {
        let mut builder = DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(&self.dir);
        made.map_err(failed("make", &self.dir))?;
        self.check()?;
        let mut unique = tempfile::Builder::new();
        let unique = unique.prefix("").permissions(Permissions::from_mode(0o700));
        let dir = unique.tempdir_in(&self.dir);
        let dir = dir.map_err(failed("make a directory in", &self.dir))?;
        let draft = Draft::begin(dir.path().to_owned(), &self.store, &base.text)?;
        // From here on nothing but a commit or the administrator removes it.
        let _ = dir.keep();
        Ok(draft)
    }

    /// Returns the drafts of this store that nobody is editing, the newest first; those without changes are removed.
    pub fn kept(&self) -> Result<Vec<Draft>, Failure> {
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed("list", &self.dir))?,
        };
        self.check()?;
        let mut kept = Vec::new();
        for entry in entries {
            let dir = entry.map_err(failed("list", &self.dir))?.path();
            let Some(draft) = Draft::left_in(&dir, &self.store)? else {
                continue;
            };
            if draft::is_changed(&dir) {
                kept.push(draft);
            } else {
                draft.remove()?;
            }
        }
        kept.sort_by_key(|draft| std::cmp::Reverse(draft.changed()));
        Ok(kept)
    }

    /// Refuses a directory that others could have put something into.
    fn check(&self) -> Result<(), Failure> {
        let found = fs::symlink_metadata(&self.dir).map_err(failed("look at", &self.dir))?;
        let own = rustix::process::geteuid().as_raw();
        if found.is_dir() && found.uid() == own && found.mode() & 0o077 == 0 {
            return Ok(());
        }
        let dir = &self.dir;
        Err(Failure::new(
            Exit::Refused,
            format!("{dir:?} is no private directory of your own, and the text would be in there"),
        )
        .with_help("make it yours alone (mode 0700), or set XDG_STATE_HOME"))
    }
}

/// Makes a failure of what could not be done to a path.
pub fn failed<'a>(doing: &'a str, path: &'a Path) -> impl Fn(io::Error) -> Failure + 'a {
    move |error| Failure::new(Exit::Storage, format!("cannot {doing} {path:?}: {error}"))
}
