//! A TOML text whose every key and value knows its place, so that every refusal names line and column.

mod fields;

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::DeTable;

pub(crate) use fields::{Fields, quoted};

use crate::error::{Error, Result, Source};

/// A text and the name of the file it came from.
#[derive(Clone, Copy)]
pub(crate) struct Document<'d> {
    pub(crate) file: &'d Path,
    pub(crate) text: &'d str,
}

impl<'d> Document<'d> {
    /// Parses the text, which may have any keys.
    pub(crate) fn parse(self) -> Result<Spanned<DeTable<'d>>> {
        DeTable::parse(self.text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            self.invalid(span, error.message().to_owned())
        })
    }

    /// Returns the error for the characters of `span`.
    pub(crate) fn invalid(self, span: Range<usize>, message: impl Into<String>) -> Error {
        self.invalid_with(span, message, None)
    }

    /// Returns the error for the characters of `span`, with what to do next.
    pub(crate) fn invalid_with(
        self,
        span: Range<usize>,
        message: impl Into<String>,
        help: Option<String>,
    ) -> Error {
        Error::Invalid {
            source: Box::new(self.place(span)),
            message: message.into(),
            help,
        }
    }

    /// Returns the place of `span`.
    pub(crate) fn place(self, span: Range<usize>) -> Source {
        Source {
            file: self.file.to_owned(),
            text: self.text.to_owned(),
            span,
        }
    }

    /// Returns the line of a byte, from 1.
    pub(crate) fn line(self, offset: usize) -> usize {
        crate::error::position(self.text, offset).0
    }
}

/// Returns the known word that a typing error most likely meant.
pub(crate) fn nearest<'k>(unknown: &str, known: &[&'k str]) -> Option<&'k str> {
    let distance = |word: &str| strsim::damerau_levenshtein(&unknown.to_lowercase(), word);
    let best = known
        .iter()
        .copied()
        .min_by_key(|word| (distance(word), word.len()))?;
    (distance(best) <= 1 + best.len() / 4).then_some(best)
}
