//! `init`: makes a store.
use crate::change::Change;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::unified;
use clap::Args;
use psl_table::error::Error;
use psl_table::history::Author;
use psl_table::store::{FIRST_TABLE, Store, Trust};
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

    fn preview(&self, context: &Context, found: u64) -> Result<Exit, Failure> {
        let text = if found == 0 {
            refuse_strangers(&self.dir)?;
            FIRST_TABLE
        } else {
            ""
        };
        let diff = unified::plain([("nothing", ""), ("dry run", text)]);
        self.change.show(context, found, &diff)
    }
}

/// Fails as making the store would, in a directory that holds something or that nothing leads to.
fn refuse_strangers(dir: &Path) -> Result<(), Error> {
    let failed = |source: io::Error| Error::Io {
        doing: "make",
        path: dir.to_owned(),
        source,
    };
    let mut entries = match dir.read_dir() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let parent = std::path::absolute(dir).map_err(failed)?;
            return match parent.parent().map(Path::metadata) {
                Some(Err(error)) => Err(failed(error)),
                _ => Ok(()),
            };
        }
        entries => entries.map_err(failed)?,
    };
    match entries.next() {
        Some(entry) => Err(Error::NotEmpty {
            path: dir.to_owned(),
            found: entry
                .map_err(failed)?
                .file_name()
                .to_string_lossy()
                .into_owned(),
        }),
        None => Ok(()),
    }
}
