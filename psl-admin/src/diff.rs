//! `diff`: what differs between two tables.
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::unified;
use clap::Args;
use psl_table::table::Table;
use serde::Serialize;
use std::path::PathBuf;

mod rows;

use rows::Rows;

const AFTER_HELP: &str = "\
Examples: psl-admin diff 41
          psl-admin diff 41 42
          psl-admin diff 42 ./table.toml";

/// Shows what differs between two tables; exits with 1 when something does
///
/// A and B are generations or files; a file whose name is a number is written ./41. The header that a commit writes and the
/// number of the generation are no difference. Broken tables can be compared, too, but not with --json, which tells the
/// links and members that are added, removed and changed.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Diff {
    /// The old table
    #[arg(value_parser = version)]
    a: Version,
    /// The new table; when it is not given, the current one
    #[arg(value_parser = version)]
    b: Option<Version>,
}

/// Where a table is.
#[derive(Clone, Debug)]
enum Version {
    Generation(u64),
    File(PathBuf),
}

/// A table's text and what the diff calls it.
struct Side {
    name: String,
    file: PathBuf,
    text: String,
}

/// What `diff --json` prints.
#[derive(Serialize)]
struct Shown<'a> {
    old: &'a str,
    new: &'a str,
    #[serde(flatten)]
    rows: Rows<'a>,
    diff: &'a str,
}

impl Diff {
    /// Prints the differences.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let [old, new] = [
            read(context, Some(&self.a))?,
            read(context, self.b.as_ref())?,
        ];
        let texts = [&old, &new].map(|side| unified::comparable(&side.text));
        let diff = unified::plain([(&old.name, &texts[0]), (&new.name, &texts[1])]);
        if context.console.json {
            let tables = [&old, &new].map(|side| Table::parse(&side.file, &side.text));
            let [before, after] = tables;
            let (before, after) = (before?, after?);
            context.console.print_json(&Shown {
                old: &old.name,
                new: &new.name,
                rows: Rows::between(&before, &after),
                diff: &diff,
            })?;
        } else {
            context.console.print_styled(&unified::styled(&diff))?;
        }
        Ok(if texts[0] == texts[1] {
            Exit::Done
        } else {
            Exit::No
        })
    }
}

fn read(context: &Context, version: Option<&Version>) -> Result<Side, Failure> {
    let (name, file, text) = match version {
        None => {
            let store = context.open()?;
            (
                "current table".into(),
                store.table_file(),
                store.read_raw()?,
            )
        }
        Some(Version::Generation(generation)) => {
            let table = context.open()?.read_generation(*generation)?;
            let name = format!("generation {generation}");
            (name, table.file().to_owned(), table.text().to_owned())
        }
        Some(Version::File(file)) => {
            let text = Table::read_text(file)?;
            (file.display().to_string(), file.clone(), text)
        }
    };
    Ok(Side { name, file, text })
}

/// Parses A or B: digits alone are a generation.
fn version(argument: &str) -> Result<Version, String> {
    if argument.bytes().all(|byte| byte.is_ascii_digit()) {
        let generation = argument.parse();
        return generation
            .map(Version::Generation)
            .map_err(|_| "expected a generation or a file".into());
    }
    Ok(Version::File(argument.into()))
}
