//! Precedence: of the rows that hold for a subject, the winning ones.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::criteria::{Key, Verdict};
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
pub type Strength = (bool, usize, Reverse<usize>);

/// Returns the strength of the row at `position`: a member's row beats every other, then more keys
/// beat fewer, then the earlier row wins.
pub fn strength(row: &LinkRow, position: usize) -> Strength {
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

/// What becomes of a row for one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'t> {
    /// Nothing stronger has its `from`.
    Wins,
    /// The row at this position is stronger, for this reason.
    Loses(usize, Edge),
    /// This key of its criteria is the first that does not agree.
    Fails(Key<'t>),
}

/// Why the stronger of two rows is stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// It is a member's, and the other is not.
    Member,
    /// It has more criteria keys.
    Keys,
    /// It stands earlier in the table.
    Order,
}

/// Returns what makes the row at `winner` stronger than the one at `loser`.
pub fn edge(table: &Table, winner: usize, loser: usize) -> Edge {
    let [(member, keys, _), (other, fewer, _)] =
        [winner, loser].map(|position| strength(&table.links[position], position));
    if member != other {
        Edge::Member
    } else if keys != fewer {
        Edge::Keys
    } else {
        Edge::Order
    }
}

/// Returns what becomes of every row, in the order of the table.
pub fn outcomes<'t>(table: &'t Table, subject: &Subject) -> Vec<Outcome<'t>> {
    let mut winners: BTreeMap<&AbsPath, usize> = BTreeMap::new();
    let verdicts: Vec<_> = (table.links.iter().enumerate())
        .map(|(position, row)| {
            let verdict = row.criteria.holds(subject);
            if verdict == Verdict::Holds {
                let best = winners.entry(&row.from).or_insert(position);
                if strength(&table.links[*best], *best) < strength(row, position) {
                    *best = position;
                }
            }
            verdict
        })
        .collect();
    (verdicts.into_iter().enumerate())
        .map(|(position, verdict)| match verdict {
            Verdict::Fails(key) => Outcome::Fails(key),
            Verdict::Holds => match winners[&table.links[position].from] {
                winner if winner == position => Outcome::Wins,
                winner => Outcome::Loses(winner, edge(table, winner, position)),
            },
        })
        .collect()
}

/// Selects the rows that hold for the subject and win their place, and what stays hidden from it.
///
/// A winner leads to a target when its own target is that one or lies below it.
pub fn select<'t>(table: &'t Table, subject: &Subject) -> Selection<'t> {
    let outcomes = outcomes(table, subject);
    let mut positions: Vec<usize> = (0..table.links.len())
        .filter(|&position| outcomes[position] == Outcome::Wins)
        .collect();
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
