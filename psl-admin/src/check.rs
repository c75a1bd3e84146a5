//! `check`: what is wrong, or probably not meant, in a table and its store, or in a tree.
mod drift;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::warning::{self, Warning};
use clap::Args;
use psl_table::error::Error;
use psl_table::store::Store;
use psl_table::table::Table;
use psl_table::trust::Trust;
use serde::Serialize;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples: psl-admin check
          psl-admin check ./table.toml
          psl-admin check --tree /binaries/version2";

/// Checks the table, members.toml and who can write the store; or the table in FILE; or a tree
///
/// Prints a line for each warning: rows between which only their order decides, targets and places that are missing,
/// places behind a real symlink, targets that others can write. Warnings alone exit with 0, an invalid file with 3, a
/// store that others can write with 5.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Check {
    /// Compares a tree that `stage` has made with its manifest instead: prints a line for each path that is missing, was
    /// added, or has changed its content, mode, owner or target, and exits with 1 when there is one
    #[arg(long, value_name = "DST", conflicts_with = "file")]
    tree: Option<PathBuf>,
    /// A table outside of a store
    file: Option<PathBuf>,
}

/// What `check --json` prints for files that are valid.
#[derive(Serialize)]
struct Shown<'a> {
    generation: u64,
    links: usize,
    warnings: &'a [Warning],
}

impl Check {
    /// Prints the warnings, and fails with what is wrong.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        if let Some(tree) = &self.tree {
            return drift::run(tree, context);
        }
        let (table, distrust) = match &self.file {
            Some(file) => (Table::load(file)?, None),
            None => in_store(context)?,
        };
        let warnings = warning::of(&table);
        if context.console.json {
            context.console.print_json(&Shown {
                generation: table.generation,
                links: table.links.len(),
                warnings: &warnings,
            })?;
        } else {
            context.console.print(text(&table, &warnings))?;
        }
        match distrust {
            Some(error) => Err(error.into()),
            None => Ok(Exit::Done),
        }
    }
}

/// Reads the store's table and members; distrust is told afterwards, since it hides nothing else.
fn in_store(context: &Context) -> Result<(Table, Option<Error>), Failure> {
    let host = context.host()?;
    let dir = context.store_dir(&host)?;
    let read = |trust| {
        let store = Store::open(&dir, trust)?;
        let table = store.read()?;
        store.read_members()?;
        Ok(table)
    };
    match read(Trust::Owner) {
        Err(error @ Error::NotTrusted { .. }) => {
            let table = read(Trust::Any)?;
            if host.trust == Trust::Owner {
                return Ok((table, Some(error)));
            }
            context.console.warn(&error.to_string());
            Ok((table, None))
        }
        result => Ok((result?, None)),
    }
}

fn text(table: &Table, warnings: &[Warning]) -> String {
    let mut text = String::new();
    for warning in warnings {
        text += &format!("{warning}\n");
    }
    let count = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    text + &format!(
        "{}: generation {}, {}, {}\n",
        table.file().display(),
        table.generation,
        count(table.links.len(), "link"),
        count(warnings.len(), "warning")
    )
}
