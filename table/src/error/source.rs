//! A place in a text: the file, and which characters of it.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file's name, as the reader knows it.
    pub file: PathBuf,
    /// The whole text, so that a diagnostic can show the line.
    pub text: String,
    /// The bytes in question.
    pub span: Range<usize>,
}

impl Source {
    /// Returns the line of the first character in question, from 1.
    pub fn line(&self) -> usize {
        position(&self.text, self.span.start).0
    }

    /// Returns the column of the first character in question, in characters from 1.
    pub fn column(&self) -> usize {
        position(&self.text, self.span.start).1
    }
}

impl fmt::Display for Source {
    /// Writes `file:line:column`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = position(&self.text, self.span.start);
        write!(f, "{}:{line}:{column}", self.file.display())
    }
}

/// Returns line and column, both from 1, of the byte at `offset`.
///
/// A byte order mark is no column.
pub(crate) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before[start..].trim_start_matches('\u{feff}').chars();
    (line, column.count() + 1)
}
