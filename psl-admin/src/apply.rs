//! `apply`: the whole table, from a file.
use crate::change::Change;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use clap::Args;
use psl_table::error::Error;
use psl_table::table::{LIMIT, Table};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
Examples: psl-admin apply --dry-run ./table.toml
          psl-admin apply --reason 'roll 7' ./table.toml
          make-table | psl-admin apply --if-generation 41 -";

/// What errors and diffs call standard input.
const INPUT: &str = "<stdin>";

/// Shows what differs from FILE, then replaces the whole table by it in one commit
///
/// The number of the generation in FILE does not matter, for the commit sets it. A table that is the same already is not
/// committed again. A current table that is broken is replaced, too.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Apply {
    /// A table outside of the store; - for standard input
    file: PathBuf,
    #[command(flatten)]
    change: Change,
}

impl Apply {
    /// Checks the table in the file, and commits it.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let store = context.open()?;
        let table = if self.file == Path::new("-") {
            from_input()?
        } else {
            Table::load(&self.file)?
        };
        let name = table.file().display().to_string();
        self.change.replace(context, &store, (&name, &table), None)
    }
}

fn from_input() -> Result<Table, Error> {
    let mut bytes = Vec::new();
    // One byte more than a table may have, so that it is seen to be too large.
    let read = io::stdin().lock().take(LIMIT + 1).read_to_end(&mut bytes);
    read.map_err(|source| Error::Io {
        doing: "read",
        path: INPUT.into(),
        source,
    })?;
    Table::decode(Path::new(INPUT), bytes)
}
