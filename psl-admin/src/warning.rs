//! What is allowed in a table and probably not meant.
use crate::view;
use psl_table::name::AbsPath;
use psl_table::table::{LinkRow, Table};
use serde::Serialize;
use std::fmt;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A place in a table, and what is strange about it.
#[derive(Debug, Serialize)]
pub struct Warning {
    /// The file, as it is shown.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is strange.
    pub message: String,
}

impl fmt::Display for Warning {
    /// Writes `file:line:column: warning: message`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            message,
        } = self;
        write!(f, "{file}:{line}:{column}: warning: {message}")
    }
}

/// Lists the warnings about a table, in the order of its lines.
pub fn of(table: &Table) -> Vec<Warning> {
    let mut found: Vec<_> = table
        .warnings()
        .into_iter()
        .map(|warning| (warning.span, warning.message))
        .collect();
    for link in &table.links {
        found.extend(place_flaw(table, link).map(|flaw| (link.from_span.clone(), flaw)));
        found.extend(target_flaw(table, link).map(|flaw| (link.to_span.clone(), flaw)));
    }
    found.sort_by_key(|(span, _)| span.start);
    found
        .into_iter()
        .map(|(span, message)| at(table, &span, message))
        .collect()
}

fn place_flaw(table: &Table, link: &LinkRow) -> Option<String> {
    let from = link.from.as_str();
    let dir = AbsPath::new(link.from.parent()?).ok()?;
    if view::is_missing(table, &link.criteria, &dir) {
        return Some(format!(
            "the place {from:?} cannot be reached: its directory does not exist"
        ));
    }
    if view::is_behind_link(table, &dir) {
        return None;
    }
    let dir: &Path = dir.as_ref();
    let physical = dir.canonicalize().ok().filter(|physical| physical != dir)?;
    let physical = physical.join(link.from.file_name()?);
    Some(format!(
        "the place {from:?} lies behind a real symlink, it is {physical:?}"
    ))
}

fn target_flaw(table: &Table, link: &LinkRow) -> Option<String> {
    let to = link.to.as_str();
    if view::is_missing(table, &link.criteria, &link.to) {
        return Some(format!("the target {to:?} does not exist"));
    }
    let mode = Path::new(to).metadata().ok()?.mode() & 0o7777;
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
    let before = &table.text()[..span.start];
    let line = before.rsplit('\n').next().unwrap_or_default();
    Warning {
        file: table.file().display().to_string(),
        line: table.line(span),
        column: line.chars().count() + 1,
        message,
    }
}
