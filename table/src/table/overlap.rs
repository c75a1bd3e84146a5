//! Rows for one place that come too close: equal ones, and ones between which only order decides.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;

use crate::criteria::Key;
use crate::document::Document;
use crate::error::Result;
use crate::hash::FixedKeys;
use crate::table::LinkRow;

/// Something that is allowed but probably not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The row in question, in bytes of the table's text.
    pub span: Range<usize>,
    /// Its line, from 1.
    pub line: usize,
    /// What it is, and what happens.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Refuses two rows with the same place and criteria.
pub(super) fn refuse_duplicates(document: Document<'_>, links: &[LinkRow]) -> Result<()> {
    let mut seen = HashMap::with_capacity_and_hasher(links.len(), FixedKeys::default());
    for row in links {
        if let Some(first) = seen.insert((&row.from, &row.criteria), row) {
            let message = format!(
                "a second link from {:?} for {}, the first is at line {}",
                row.from.as_str(),
                row.criteria,
                document.line(first.span.start)
            );
            let help = Some("remove one, or give it other criteria".to_owned());
            return Err(document.invalid_with(row.span.clone(), message, help));
        }
    }
    Ok(())
}

/// Returns a warning for each row that loses to an earlier one only because it comes later.
pub(super) fn warnings(text: &str, links: &[LinkRow]) -> Vec<Warning> {
    let newlines: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line = |row: &LinkRow| newlines.partition_point(|at| *at < row.span.start) + 1;

    let mut equally_strong: BTreeMap<_, Vec<&LinkRow>> = BTreeMap::new();
    for row in links {
        let strength = (&row.from, &row.criteria.member, row.criteria.keys());
        equally_strong.entry(strength).or_default().push(row);
    }
    let mut warnings = Vec::new();
    for rows in equally_strong.values() {
        let mut earlier = Earlier::default();
        for row in rows {
            let winner = earlier.first_together_with(row);
            warnings.extend(winner.map(|winner| Warning {
                span: row.span.clone(),
                line: line(row),
                message: format!(
                    "a process that meets both {} and {} gets the link from {:?} at line {}, \
                     because it comes first",
                    winner.criteria,
                    row.criteria,
                    row.from.as_str(),
                    line(winner)
                ),
            }));
            earlier.push(row);
        }
    }
    warnings.sort_by_key(|warning| warning.span.start);
    warnings
}

/// The rows before one, by a value that excludes other values, so that few need a closer look.
#[derive(Default)]
struct Earlier<'t> {
    by_value: BTreeMap<Option<Key<'t>>, BTreeMap<&'t str, Vec<&'t LinkRow>>>,
}

impl<'t> Earlier<'t> {
    fn push(&mut self, row: &'t LinkRow) {
        let (key, value) = row.criteria.exclusive_value();
        let values = self.by_value.entry(key).or_default();
        values.entry(value).or_default().push(row);
    }

    fn first_together_with(&self, row: &LinkRow) -> Option<&'t LinkRow> {
        let (key, value) = row.criteria.exclusive_value();
        let candidates = self.by_value.iter().flat_map(|(other, values)| {
            let rows: Vec<_> = match key {
                Some(_) if *other == key => values.get(value).into_iter().collect(),
                _ => values.values().collect(),
            };
            rows.into_iter().flatten()
        });
        candidates
            .filter(|earlier| earlier.criteria.together_with(&row.criteria))
            .min_by_key(|earlier| earlier.span.start)
            .copied()
    }
}
