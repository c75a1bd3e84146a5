//! `check`: what is wrong, or probably not meant, in a table and its store.
use crate::add::is_missing;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use clap::Args;
use psl_table::error::{Error, Source};
use psl_table::store::Store;
use psl_table::table::{LinkRow, Table};
use psl_table::trust::Trust;
use serde::Serialize;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Checks the table, members.toml and who can write the store; or the table in FILE
///
/// Prints a line for each warning: rows between which only their order decides, targets and places that are missing,
/// places behind a real symlink, targets that others can write. Warnings alone exit with 0, an invalid file with 3, a
/// store that others can write with 5.
#[derive(Args, Debug)]
#[command(after_help = "Examples: psl-admin check\n          psl-admin check ./table.toml")]
pub struct Check {
    /// A table outside of a store
    file: Option<PathBuf>,
}

/// Something that is allowed and probably not meant.
#[derive(Debug, Serialize)]
struct Warning {
    file: PathBuf,
    line: usize,
    column: usize,
    message: String,
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
        let (table, distrust) = match &self.file {
            Some(file) => (Table::load(file)?, None),
            None => in_store(context)?,
        };
        let warnings = warnings(&table);
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
    let mut distrust = None;
    let read = |trust| {
        let store = Store::open(&dir, trust)?;
        let table = store.read()?;
        store.read_members()?;
        Ok(table)
    };
    let table = match read(host.trust) {
        Err(error @ Error::NotTrusted { .. }) => {
            distrust = Some(error);
            read(Trust::Any)?
        }
        result => result?,
    };
    Ok((table, distrust))
}

fn text(table: &Table, warnings: &[Warning]) -> String {
    let mut text = String::new();
    for Warning {
        file,
        line,
        column,
        message,
    } in warnings
    {
        text += &format!("{}:{line}:{column}: warning: {message}\n", file.display());
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

fn warnings(table: &Table) -> Vec<Warning> {
    let own = table.warnings().into_iter();
    let mut warnings: Vec<_> = own
        .map(|warning| at(table, &warning.span, warning.message))
        .collect();
    for link in &table.links {
        let place = place_flaw(link).map(|flaw| (&link.from_span, flaw));
        let target = target_flaw(link).map(|flaw| (&link.to_span, flaw));
        for (span, flaw) in place.into_iter().chain(target) {
            warnings.push(at(table, span, flaw));
        }
    }
    warnings.sort_by_key(|warning| (warning.line, warning.column));
    warnings
}

fn place_flaw(link: &LinkRow) -> Option<String> {
    let from = link.from.as_str();
    let dir = Path::new(link.from.parent()?);
    if is_missing(dir) {
        return Some(format!(
            "the place {from:?} cannot be reached: its directory does not exist"
        ));
    }
    let physical = dir.canonicalize().ok().filter(|physical| physical != dir)?;
    let physical = physical.join(link.from.file_name()?);
    Some(format!(
        "the place {from:?} lies behind a real symlink, it is {physical:?}"
    ))
}

fn target_flaw(link: &LinkRow) -> Option<String> {
    let to = link.to.as_str();
    let path: &Path = link.to.as_ref();
    if is_missing(path) {
        return Some(format!("the target {to:?} does not exist"));
    }
    let mode = path.metadata().ok()?.mode() & 0o7777;
    let who = match mode & 0o022 {
        0 => return None,
        0o020 => "its group",
        0o002 => "others",
        _ => "group and others",
    };
    Some(format!(
        "the target {to:?} is writable by {who} (mode {mode:04o})"
    ))
}

fn at(table: &Table, span: &Range<usize>, message: String) -> Warning {
    let source = Source {
        file: table.file().to_owned(),
        text: table.text().to_owned(),
        span: span.clone(),
    };
    Warning {
        line: source.line(),
        column: source.column(),
        file: source.file,
        message,
    }
}
