//! Where the rows of a table lie when only the table's own links are looked at.

use std::collections::{BTreeMap, HashSet};

use crate::criteria::Criteria;
use crate::hash::FixedKeys;
use crate::name;
use crate::select::strength;
use crate::table::cycle::MAX_LINKS;
use crate::table::{LinkRow, Member};

/// The rows by place.
///
/// A row whose parent leads through another link lies behind that link: its place is taken as a
/// process sees it that meets the row's own criteria and no others.
pub(super) struct Places<'t> {
    links: &'t [LinkRow],
    members: &'t BTreeMap<String, Member>,
    place_of_row: Vec<String>,
    by_place: BTreeMap<String, BTreeMap<Option<&'t str>, Vec<usize>>>,
}

/// Tells whether following any row can lead to the place of another: a look at the names, which is all that most tables
/// need.
pub(super) fn can_be_met(links: &[LinkRow]) -> bool {
    let places: HashSet<&str, FixedKeys> = links.iter().map(|row| row.from.as_str()).collect();
    let meets_one = |path| name::prefixes(path).any(|prefix| places.contains(prefix));
    links
        .iter()
        .any(|row| row.from.parent().is_some_and(meets_one) || meets_one(row.to.as_str()))
}

impl<'t> Places<'t> {
    pub(super) fn of(links: &'t [LinkRow], members: &'t BTreeMap<String, Member>) -> Places<'t> {
        let mut places = Places {
            links,
            members,
            place_of_row: links.iter().map(|row| row.from.to_string()).collect(),
            by_place: BTreeMap::new(),
        };
        let mut by_depth: Vec<usize> = (0..links.len()).collect();
        by_depth.sort_by_key(|&row| links[row].from.components().count());
        for row in by_depth {
            let from = &links[row].from;
            if let (Some(parent), Some(name)) = (from.parent(), from.file_name())
                && places.meets_one(parent)
                && let Some(parent) = places.settle(parent, &links[row].criteria)
            {
                places.place_of_row[row] = format!("{parent}/{name}");
            }
            let place = places.place_of_row[row].clone();
            let at_place = places.by_place.entry(place).or_default();
            let member = links[row].criteria.member.as_deref();
            at_place.entry(member).or_default().push(row);
        }
        places
    }

    /// Returns the place of a row.
    pub(super) fn of_row(&self, row: usize) -> &str {
        &self.place_of_row[row]
    }

    /// Returns the rows at a place, less those of another member than `assumed` names.
    pub(super) fn rows_at(&self, place: &str, assumed: &[&Criteria]) -> Vec<usize> {
        let Some(at_place) = self.by_place.get(place) else {
            return Vec::new();
        };
        let rows: Vec<&Vec<usize>> = match member_of(assumed) {
            Some(member) => [None, Some(member)]
                .iter()
                .filter_map(|of| at_place.get(of))
                .collect(),
            None => at_place.values().collect(),
        };
        rows.into_iter().flatten().copied().collect()
    }

    /// Tells whether a process that meets all of `assumed` could meet the row, too.
    pub(super) fn are_together(&self, assumed: &[&Criteria], row: usize) -> bool {
        let wanted = &self.links[row].criteria;
        let compatible = assumed.iter().all(|other| wanted.together_with(other));
        let all = || assumed.iter().copied().chain([wanted]);
        let listed = all().find_map(|criteria| self.members.get(criteria.member.as_deref()?));
        compatible && listed.is_none_or(|member| all().all(|criteria| criteria.suits(member)))
    }

    /// Tells whether every process that meets all of `assumed` meets the row, too.
    pub(super) fn implies(&self, assumed: &[&Criteria], row: usize) -> bool {
        let member = member_of(assumed).and_then(|member| self.members.get(member));
        self.links[row].criteria.implied_by(assumed, member)
    }

    /// Tells whether a path, or a directory above it, is the place of a row.
    fn meets_one(&self, path: &str) -> bool {
        name::prefixes(path).any(|prefix| self.by_place.contains_key(prefix))
    }

    /// Follows every link on the way that holds for all processes of these criteria.
    fn settle(&self, path: &str, criteria: &Criteria) -> Option<String> {
        let mut rest: Vec<&str> = path.rsplit('/').filter(|part| !part.is_empty()).collect();
        let mut at = String::new();
        let mut followed = 0;
        while let Some(part) = rest.pop() {
            at.push('/');
            at.push_str(part);
            let rows = self.rows_at(&at, &[criteria]).into_iter();
            let winner = rows
                .filter(|&row| self.implies(&[criteria], row))
                .max_by_key(|&row| strength(&self.links[row], row));
            if let Some(winner) = winner {
                followed += 1;
                if followed > MAX_LINKS {
                    return None;
                }
                at.clear();
                rest.extend(self.links[winner].to.components().rev());
            }
        }
        Some(at)
    }
}

fn member_of<'c>(assumed: &[&'c Criteria]) -> Option<&'c str> {
    assumed
        .iter()
        .find_map(|criteria| criteria.member.as_deref())
}
