//! Precedence: of the rows that hold for a subject, the winning ones.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::criteria::Verdict;
use crate::name::{self, AbsPath};
use crate::subject::Subject;
use crate::table::{LinkRow, Table};

/// The rows that decide what one process sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection<'t> {
    /// The winner for each `from`, the strongest first: two may turn out to be at one place.
    pub links: Vec<&'t LinkRow>,
    /// The targets of private rows that no winner leads to, each once, sorted.
    pub hidden: Vec<&'t str>,
}

/// How strong a row is: of two rows for one place the greater wins.
pub(crate) type Strength = (bool, usize, Reverse<usize>);

/// Returns the strength of the row at `position`: a member's row beats every other, then more keys
/// beat fewer, then the earlier row wins.
pub(crate) fn strength(row: &LinkRow, position: usize) -> Strength {
    let criteria = &row.criteria;
    (
        criteria.member.is_some(),
        criteria.keys(),
        Reverse(position),
    )
}

/// Returns the rows of a table in precedence order: sorted by `from`, the strongest first.
pub fn by_precedence(table: &Table) -> Vec<&LinkRow> {
    let mut rows: Vec<_> = table.links.iter().enumerate().collect();
    rows.sort_by_key(|&(position, row)| (&row.from, Reverse(strength(row, position))));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Selects the rows that hold for the subject and win their place, and what stays hidden from it.
///
/// A winner leads to a target when its own target is that one or lies below it.
pub fn select<'t>(table: &'t Table, subject: &Subject) -> Selection<'t> {
    let mut winners: BTreeMap<&AbsPath, usize> = BTreeMap::new();
    for (position, row) in table.links.iter().enumerate() {
        if row.criteria.holds(subject) != Verdict::Holds {
            continue;
        }
        let best = winners.entry(&row.from).or_insert(position);
        if strength(&table.links[*best], *best) < strength(row, position) {
            *best = position;
        }
    }
    let mut positions: Vec<usize> = winners.into_values().collect();
    positions.sort_by_key(|&position| Reverse(strength(&table.links[position], position)));
    let links: Vec<&LinkRow> = positions
        .into_iter()
        .map(|position| &table.links[position])
        .collect();

    let private = table.links.iter().filter(|row| row.private);
    let mut private: Vec<&AbsPath> = private.map(|row| &row.to).collect();
    private.sort_unstable();
    private.dedup();
    let targets = links.iter().map(|link| link.to.as_str());
    let hidden = hidden(private.into_iter().map(AbsPath::as_str), targets);
    Selection { links, hidden }
}

/// Returns the private targets that none of the winners' targets is, or lies below.
pub(crate) fn hidden<'p, 't>(
    private: impl Iterator<Item = &'p str>,
    targets: impl Iterator<Item = &'t str>,
) -> Vec<&'p str> {
    let led_to: BTreeSet<&str> = targets.flat_map(name::prefixes).collect();
    private.filter(|target| !led_to.contains(target)).collect()
}
