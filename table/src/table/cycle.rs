//! Links that lead one process round in circles: found by walking every target over the other links.

use std::collections::BTreeMap;

use crate::criteria::Criteria;
use crate::document::Document;
use crate::error::Result;
use crate::select::strength;
use crate::table::places::{self, Places};
use crate::table::{LinkRow, Member};

/// The most links that one walk follows, real and private together.
pub(super) const MAX_LINKS: usize = 40;

/// The most comparisons of criteria that the search makes for a whole table.
///
/// Only tables made to be hard to judge need more; what the search misses there, a walk ends with ELOOP.
const MAX_COMPARISONS: usize = 1 << 18;

/// Refuses a row from which some process would follow more than 40 links.
///
/// A process is thought of as meeting the criteria of the rows on its way and, of the others, those
/// that follow from these or from its member's attributes. Criteria that exclude each other (two
/// members, two applications, versions that no version satisfies together) make no cycle. Where
/// it cannot be told whether two globs share a string, they count as compatible.
pub(super) fn refuse(
    document: Document<'_>,
    links: &[LinkRow],
    members: &BTreeMap<String, Member>,
) -> Result<()> {
    if !places::can_be_met(links) {
        return Ok(());
    }
    let mut search = Search {
        links,
        places: Places::of(links, members),
        comparisons_left: MAX_COMPARISONS,
        taken: Vec::new(),
        decided: BTreeMap::new(),
    };
    for start in 0..links.len() {
        if search.is_endless_from(start) {
            return Err(describe(document, links, &search.taken));
        }
        if search.comparisons_left == 0 {
            break;
        }
    }
    Ok(())
}

struct Search<'t> {
    links: &'t [LinkRow],
    places: Places<'t>,
    comparisons_left: usize,
    /// The rows followed, in order.
    taken: Vec<usize>,
    /// What lies at each place that was met: a row, or no link.
    decided: BTreeMap<String, Option<usize>>,
}

impl<'t> Search<'t> {
    fn is_endless_from(&mut self, start: usize) -> bool {
        self.taken = vec![start];
        self.decided = BTreeMap::from([(self.places.of_row(start).to_owned(), Some(start))]);
        let rest = self.links[start].to.components().rev().collect();
        self.is_endless(String::new(), rest)
    }

    /// Walks `rest` (its last component first) from the link-free directory `at`.
    fn is_endless(&mut self, mut at: String, mut rest: Vec<&'t str>) -> bool {
        while let Some(part) = rest.pop() {
            at.push('/');
            at.push_str(part);
            let known = self.decided.get(&at).copied();
            let options = known.map_or_else(|| self.options(&at), |decided| vec![decided]);
            if options == [None] {
                continue;
            }
            return options
                .into_iter()
                .any(|option| self.is_endless_by(option, &at, &rest, known.is_none()));
        }
        false
    }

    /// Goes on with one choice for what lies at `at`, and takes the choice back if it leads nowhere.
    fn is_endless_by(
        &mut self,
        option: Option<usize>,
        at: &str,
        rest: &[&'t str],
        undecided: bool,
    ) -> bool {
        if self.comparisons_left == 0 {
            return false;
        }
        if undecided {
            self.decided.insert(at.to_owned(), option);
        }
        let mut rest = rest.to_vec();
        let endless = match option {
            None => self.is_endless(at.to_owned(), rest),
            Some(row) => {
                self.taken.push(row);
                rest.extend(self.links[row].to.components().rev());
                if self.taken.len() > MAX_LINKS {
                    self.one_process_meets_it()
                } else {
                    self.is_endless(String::new(), rest)
                }
            }
        };
        if endless {
            return true;
        }
        if option.is_some() {
            self.taken.pop();
        }
        if undecided {
            self.decided.remove(at);
        }
        false
    }

    /// Returns what could lie at a place for a process that took the rows taken so far.
    fn options(&mut self, at: &str) -> Vec<Option<usize>> {
        let assumed = self.assumed();
        let rows = self.places.rows_at(at, &assumed);
        let comparisons = rows.len() * assumed.len();
        self.comparisons_left = self.comparisons_left.saturating_sub(comparisons);
        let mut options: Vec<Option<usize>> = rows
            .iter()
            .copied()
            .filter(|&row| self.places.are_together(&assumed, row))
            .map(Some)
            .collect();
        if !rows.iter().any(|&row| self.places.implies(&assumed, row)) {
            options.push(None);
        }
        options
    }

    /// Tells whether for a process that meets all rows taken, every choice made is the right one.
    fn one_process_meets_it(&self) -> bool {
        let assumed = self.assumed();
        self.decided.iter().all(|(at, decided)| {
            let rows = self.places.rows_at(at, &assumed);
            let mut implied = rows
                .into_iter()
                .filter(|&row| self.places.implies(&assumed, row));
            let own = decided.map(|row| strength(&self.links[row], row));
            !implied.any(|row| Some(strength(&self.links[row], row)) > own)
        })
    }

    fn assumed(&self) -> Vec<&'t Criteria> {
        let mut rows: Vec<usize> = self.decided.values().copied().flatten().collect();
        rows.sort_unstable();
        rows.iter().map(|&row| &self.links[row].criteria).collect()
    }
}

/// Blames the last row of the circle, the one most likely just written.
fn describe(document: Document<'_>, links: &[LinkRow], taken: &[usize]) -> crate::error::Error {
    let last = taken[taken.len() - 1];
    let start = taken[..taken.len() - 1]
        .iter()
        .rposition(|&row| row == last);
    let circle = &taken[start.map_or(0, |start| start + 1)..];
    let blamed = circle.iter().max().map_or(last, |&row| row);
    let steps: Vec<String> = circle
        .iter()
        .map(|&row| {
            let line = document.line(links[row].span.start);
            format!("{:?} (line {line})", links[row].from.as_str())
        })
        .collect();
    let message = match start {
        Some(_) => format!("a cycle of links: {} and again", steps.join(" -> ")),
        None => format!("a chain of more than {MAX_LINKS} links, expected fewer"),
    };
    let help = "remove one of them, or give them criteria that no process meets together";
    document.invalid_with(
        links[blamed].to_span.clone(),
        message,
        Some(help.to_owned()),
    )
}
