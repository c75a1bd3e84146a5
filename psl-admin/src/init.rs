//! `init`: makes a store.
use crate::change::Change;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use clap::Args;
use psl_table::error::Error;
use psl_table::history::Author;
use psl_table::store::{Store, Trust};
use std::io;
use std::path::{Path, PathBuf};

/// Makes a store: a directory with an empty table and its history
///
/// In a directory that is a store already nothing changes.
#[derive(Args, Debug)]
#[command(after_help = "Example: psl-admin init /shared/psl")]
pub struct Init {
    /// The directory: missing, or empty; its parent must exist
    dir: PathBuf,
    #[command(flatten)]
    change: Change,
}

impl Init {
    /// Makes the store, or shows the table that it would have.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let found = match Store::open(&self.dir, Trust::Owner) {
            Ok(store) => store.read().map_or(0, |table| table.generation),
            Err(Error::NoStore { .. }) => 0,
            Err(error) => return Err(error.into()),
        };
        self.change.expect_generation(found, None)?;
        if self.change.dry_run {
            return self.preview(context, found);
        }
        let reason = self.change.reason.as_deref().unwrap_or("a new store");
        let by = Author::here(Some(reason.to_owned()));
        let store = Store::init_by(&self.dir, &by)?;
        if found > 0 {
            context
                .console
                .note(&format!("{:?} is a store already", store.dir()));
        }
        self.change
            .committed(context, store.read()?.generation, None)
    }

    /// Makes the store somewhere else, to show its table.
    fn preview(&self, context: &Context, found: u64) -> Result<Exit, Failure> {
        if found > 0 {
            return self.change.show(context, found, [("", ""), ("", "")]);
        }
        refuse_strangers(&self.dir)?;
        let elsewhere = tempfile::tempdir().map_err(|source| Error::Io {
            doing: "make a directory in",
            path: std::env::temp_dir(),
            source,
        })?;
        let table = Store::init(&elsewhere.path().join("store"))?.read()?;
        self.change
            .show(context, 0, [("nothing", ""), ("dry run", table.text())])
    }
}

/// Fails as making the store would, in a directory that holds something.
fn refuse_strangers(dir: &Path) -> Result<(), Error> {
    let failed = |source: io::Error| Error::Io {
        doing: "make",
        path: dir.to_owned(),
        source,
    };
    match dir.read_dir() {
        Ok(mut entries) => match entries.next() {
            Some(entry) => Err(Error::NotEmpty {
                path: dir.to_owned(),
                found: entry
                    .map_err(failed)?
                    .file_name()
                    .to_string_lossy()
                    .into_owned(),
            }),
            None => Ok(()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(error)),
    }
}
