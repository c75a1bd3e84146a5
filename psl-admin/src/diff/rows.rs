//! Which links and members two tables do not have in common.
use crate::shown_link::ShownLink;
use psl_table::table::{LinkRow, Member, Table};
use serde::Serialize;
use std::collections::HashMap;

/// The links that differ, told apart by place and criteria, and the members that differ.
#[derive(Debug, Serialize)]
pub struct Rows<'a> {
    added: Vec<ShownLink<'a>>,
    removed: Vec<ShownLink<'a>>,
    changed: Vec<Changed<ShownLink<'a>>>,
    members: Members<'a>,
}

#[derive(Debug, Serialize)]
struct Members<'a> {
    added: Vec<ShownMember<'a>>,
    removed: Vec<ShownMember<'a>>,
    changed: Vec<Changed<ShownMember<'a>>>,
}

#[derive(Debug, Serialize)]
struct Changed<T> {
    old: T,
    new: T,
}

#[derive(Debug, Serialize)]
struct ShownMember<'a> {
    member: &'a str,
    app: Option<&'a str>,
    version: Option<&'a str>,
    groups: &'a [String],
}

impl<'a> Rows<'a> {
    /// Compares two tables.
    pub fn between(old: &'a Table, new: &'a Table) -> Self {
        let (before, after) = (by_key(old), by_key(new));
        let missing_in = |other: &HashMap<Key<'_>, &LinkRow>, table: &'a Table| {
            let links = table.links.iter();
            let links = links.filter(|link| !other.contains_key(&key(link)));
            links.map(ShownLink::of).collect()
        };
        let changed = new.links.iter().filter_map(|link| {
            let old = *before.get(&key(link))?;
            let says = |link: &'a LinkRow| (&link.to, link.private, link.live, &link.note);
            (says(old) != says(link)).then(|| Changed {
                old: ShownLink::of(old),
                new: ShownLink::of(link),
            })
        });
        Self {
            added: missing_in(&before, new),
            removed: missing_in(&after, old),
            changed: changed.collect(),
            members: Members::between(old, new),
        }
    }
}

impl<'a> Members<'a> {
    fn between(old: &'a Table, new: &'a Table) -> Self {
        let missing_in = |other: &Table, table: &'a Table| {
            let members = table.members.iter();
            let members = members.filter(|(member, _)| !other.members.contains_key(*member));
            members.map(shown).collect()
        };
        let changed = new.members.iter().filter_map(|(member, attributes)| {
            let before = old.members.get(member)?;
            (before != attributes).then(|| Changed {
                old: shown((member, before)),
                new: shown((member, attributes)),
            })
        });
        Self {
            added: missing_in(old, new),
            removed: missing_in(new, old),
            changed: changed.collect(),
        }
    }
}

/// What makes two rows of different tables the same link; no table has two of them.
type Key<'a> = (&'a str, &'a psl_table::criteria::Criteria);

fn key(link: &LinkRow) -> Key<'_> {
    (link.from.as_str(), &link.criteria)
}

fn by_key(table: &Table) -> HashMap<Key<'_>, &LinkRow> {
    table.links.iter().map(|link| (key(link), link)).collect()
}

fn shown<'a>((member, attributes): (&'a String, &'a Member)) -> ShownMember<'a> {
    ShownMember {
        member,
        app: attributes.app.as_deref(),
        version: attributes.version.as_deref(),
        groups: &attributes.groups,
    }
}
