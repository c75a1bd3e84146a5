//! A text that is being edited: on disk from the first moment, so that nothing can lose it.
use crate::base::Base;
use crate::edit::drafts::failed;
use crate::failure::Failure;
use psl_table::table::Table;
use rustix::fs::FlockOperation;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What the administrator edits.
const TEXT: &str = "table.toml";
/// The table that the text was made from.
const BASE: &str = "base.toml";
/// A symlink to the store. It is made last: what has none is no whole draft.
const STORE: &str = "store";
/// Locked while somebody edits the text, by the kernel, so that the lock ends with the process.
const LOCK: &str = "lock";

/// A directory with the text, what it was made from, and of which store.
#[derive(Debug)]
pub struct Draft {
    dir: PathBuf,
    file: PathBuf,
    /// Keeps the draft from other edits.
    _lock: File,
}

impl Draft {
    /// Fills an empty directory.
    pub fn begin(dir: PathBuf, store: &Path, text: &str) -> Result<Self, Failure> {
        let lock = lock(&dir).map_err(failed("lock", &dir))?;
        for name in [BASE, TEXT] {
            let file = dir.join(name);
            fs::write(&file, text).map_err(failed("write", &file))?;
        }
        symlink(store, dir.join(STORE)).map_err(failed("make a symlink in", &dir))?;
        Ok(Self {
            file: dir.join(TEXT),
            dir,
            _lock: lock,
        })
    }

    /// Takes a draft that somebody left; none when it is another store's, or being edited.
    pub fn left_in(dir: &Path, store: &Path) -> Result<Option<Self>, Failure> {
        if fs::read_link(dir.join(STORE)).ok().as_deref() != Some(store) {
            return Ok(None);
        }
        match lock(dir) {
            Ok(lock) => Ok(Some(Self {
                file: dir.join(TEXT),
                dir: dir.to_owned(),
                _lock: lock,
            })),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            // Whoever edited it has just removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("lock", dir)(error)),
        }
    }

    /// Merges what others have committed since into a text that was left.
    ///
    /// Returns whether that needs the administrator: where both changed the same lines, the text gets both, marked as
    /// git(1) does, and is no table until one is chosen.
    pub fn merge(&self, base: &Base) -> Result<bool, Failure> {
        let before = self.dir.join(BASE);
        let then = Table::read_text(&before)?;
        if then == base.text {
            return Ok(false);
        }
        let text = Table::read_text(&self.file)?;
        let (merged, is_marked) = match diffy::merge(&then, &text, &base.text) {
            Ok(merged) => (merged, false),
            Err(marked) => (marked, true),
        };
        for (file, text) in [(&self.file, merged.as_str()), (&before, &base.text)] {
            let aside = self.dir.join("aside");
            fs::write(&aside, text).map_err(failed("write", &aside))?;
            fs::rename(&aside, file).map_err(failed("replace", file))?;
        }
        Ok(is_marked)
    }

    /// Returns the file to edit.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Returns its directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns when the text was written last, as far as that is known.
    pub fn changed(&self) -> Option<SystemTime> {
        self.file.metadata().ok()?.modified().ok()
    }

    /// Says where the text is, with what failed; a text that nobody changed is removed.
    pub fn left(self, failure: Failure) -> Failure {
        if is_changed(&self.dir) {
            failure.with_help(kept(&self.dir))
        } else {
            // What is left of it is removed by the next edit.
            let _ = self.remove();
            failure
        }
    }

    /// Removes it, for good.
    pub fn remove(self) -> Result<(), Failure> {
        fs::remove_dir_all(&self.dir).map_err(failed("remove", &self.dir))
    }
}

/// Tells whether a draft has anything that would be missed: another text, or files that an editor left beside it.
pub fn is_changed(dir: &Path) -> bool {
    let [text, base] = [TEXT, BASE].map(|name| fs::read(dir.join(name)).ok());
    if text.is_some() && text != base {
        return true;
    }
    let own = [TEXT, BASE, STORE, LOCK].map(|name| dir.join(name));
    let entries = fs::read_dir(dir).into_iter().flatten();
    let mut names = entries.filter_map(|entry| Some(entry.ok()?.path()));
    names.any(|name| !own.contains(&name))
}

/// Says where the text of a draft is, and how to go on with it.
pub fn kept(dir: &Path) -> String {
    let file = dir.join(TEXT);
    format!("your text is kept in {file:?}; `psl-admin edit` offers it again")
}

fn lock(dir: &Path) -> io::Result<File> {
    let mut options = File::options();
    let options = options.write(true).create(true).truncate(false).mode(0o600);
    let lock = options.open(dir.join(LOCK))?;
    rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
    Ok(lock)
}
