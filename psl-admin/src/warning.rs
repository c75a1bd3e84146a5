//! What is allowed in a table and probably not meant.
use crate::view::Places;
use psl_table::name::AbsPath;
use psl_table::table::{LinkRow, Table};
use serde::Serialize;
use std::fmt;
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
    let places = Places::of(table);
    for link in &table.links {
        found.extend(place_flaw(&places, link).map(|flaw| (link.from_span.clone(), flaw)));
        found.extend(target_flaw(&places, link).map(|flaw| (link.to_span.clone(), flaw)));
    }
    found.sort_by_key(|(span, _)| span.start);
    let mut lines = Lines::of(table.text());
    found
        .into_iter()
        .map(|(span, message)| {
            let (line, column) = lines.position(span.start);
            Warning {
                file: table.file().display().to_string(),
                line,
                column,
                message,
            }
        })
        .collect()
}

fn place_flaw(places: &Places<'_>, link: &LinkRow) -> Option<String> {
    let from = link.from.as_str();
    let dir = AbsPath::new(link.from.parent()?).ok()?;
    if places.is_missing(&link.criteria, &dir) {
        return Some(format!(
            "the place {from:?} cannot be reached: its directory does not exist"
        ));
    }
    if places.is_behind_one(&dir) {
        return None;
    }
    let dir: &Path = dir.as_ref();
    let physical = dir.canonicalize().ok().filter(|physical| physical != dir)?;
    let physical = physical.join(link.from.file_name()?);
    Some(format!(
        "the place {from:?} lies behind a real symlink, it is {physical:?}"
    ))
}

fn target_flaw(places: &Places<'_>, link: &LinkRow) -> Option<String> {
    let to = link.to.as_str();
    if places.is_missing(&link.criteria, &link.to) {
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

/// Lines and columns of a text, from one position to the next one: a long table may have as many warnings as lines.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    line_start: usize,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
            line_start: 0,
        }
    }

    /// Returns line and column in characters, from 1, of a byte that is not before the last one that was asked for.
    fn position(&mut self, offset: usize) -> (usize, usize) {
        for (newline, _) in self.text[self.at..offset].match_indices('\n') {
            self.line += 1;
            self.line_start = self.at + newline + 1;
        }
        self.at = offset;
        let column = self.text[self.line_start..offset].chars().count() + 1;
        (self.line, column)
    }
}
