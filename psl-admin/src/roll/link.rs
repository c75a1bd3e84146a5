//! The link of one member: set, and set back, in one commit each.
use crate::amend::{self, Row};
use crate::failure::Failure;
use crate::roll::fence::{Fence, Refusal};
use crate::roll::journal::event::Way;
use crate::roll::plan::{Link, Plan, Turn};
use psl_table::criteria::Criteria;
use psl_table::error::Class;
use psl_table::history::Author;
use psl_table::store::{CommitOptions, Store};
use psl_table::table::{LinkRow, Table};

/// Why a link was not committed.
#[derive(Debug)]
pub enum Refused {
    /// Somebody else has changed it, or the table would become invalid.
    Changed(String),
    /// The store cannot be written.
    Away(Failure),
    /// Somebody else drives the roll.
    Overtaken(Failure),
}

/// Sets a member's link, or sets it back, whatever other rows have become meanwhile; returns the generation that has it.
///
/// Under the store's lock the token is looked at again, and the row must be the one that was there when the roll was
/// planned, or the one that the roll makes.
pub fn set(
    store: &Store,
    fence: &Fence,
    plan: &Plan,
    turn: &Turn,
    way: Way,
) -> Result<u64, Refused> {
    let (note, token, member) = (plan.note(), fence.token, &turn.member);
    let mut reason = match way {
        Way::There => format!("{note}, token {token}: {member} gets {}", turn.to),
        Way::Back => format!("{note}, token {token}: {member} goes back"),
    };
    if let Some(why) = &plan.reason {
        reason = format!("{reason} ({why})");
    }
    let mut refused = None;
    let by = Author::here(Some(reason));
    let committed = store.commit(&by, CommitOptions::default(), |table| {
        let found = of_member(table, &plan.from, member);
        let decided = fence.require().map_err(Refused::from).and_then(|()| {
            decided(plan, turn, way, found.as_ref())
                .map_err(|found| Refused::Changed(changed(plan, turn, found)))
        });
        Ok(match decided {
            Ok(Some(link)) => edited(table, &plan.from, member, link.as_ref()),
            Ok(None) => table.text().to_owned(),
            Err(why) => {
                refused = Some(why);
                // The text as it is commits nothing.
                table.text().to_owned()
            }
        })
    });
    match (committed, refused) {
        (_, Some(refused)) => Err(refused),
        (Ok(generation), None) => Ok(generation),
        (Err(error), None) => Err(match error.class() {
            Class::Storage | Class::Conflict => Refused::Away(error.into()),
            _ => Refused::Changed(error.to_string()),
        }),
    }
}

/// Says why a member's link could not be set, or set back, as the table is.
pub fn refused(table: &Table, plan: &Plan, turn: &Turn, way: Way) -> Option<String> {
    let found = of_member(table, &plan.from, &turn.member);
    match decided(plan, turn, way, found.as_ref()) {
        Err(found) => Some(changed(plan, turn, found)),
        Ok(_) => None,
    }
}

/// Returns a member's own link at the place.
pub fn of_member(table: &Table, from: &str, member: &str) -> Option<Link> {
    let index = position(table, from, &only(member))?;
    Some(link(&table.links[index]))
}

/// Returns the text of a table in which a member has this link at the place, or none.
pub fn edited(table: &Table, from: &str, member: &str, link: Option<&Link>) -> String {
    let criteria = only(member);
    let index = position(table, from, &criteria);
    let row = link.map(|link| Row {
        from,
        to: &link.to,
        criteria: &criteria,
        private: link.private,
        live: link.live,
        note: link.note.as_deref(),
    });
    match (index, row) {
        (None, None) => table.text().to_owned(),
        (None, Some(row)) => amend::add_link(table, &row),
        (Some(index), None) => amend::remove_link(table.text(), index),
        (Some(index), Some(row)) => amend::exchange_link(table, index, &row),
    }
}

/// Decides what a member's link becomes: nothing else, another one, none; or it is somebody else's.
type Decision = Result<Option<Option<Link>>, Option<Link>>;

fn decided(plan: &Plan, turn: &Turn, way: Way, found: Option<&Link>) -> Decision {
    let made = plan.link(turn);
    let (old, new) = (turn.before.as_ref(), Some(&made));
    let (wanted, other) = match way {
        Way::There => (new, old),
        Way::Back => (old, new),
    };
    match found {
        found if found == wanted => Ok(None),
        found if found == other => Ok(Some(wanted.cloned())),
        found => Err(found.cloned()),
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Overtaken(failure) => Self::Overtaken(failure),
            Refusal::Away(failure) => Self::Away(failure),
        }
    }
}

fn changed(plan: &Plan, turn: &Turn, found: Option<Link>) -> String {
    let (from, member) = (&plan.from, &turn.member);
    let found = match found {
        Some(link) => format!("leads to {:?}", link.to),
        None => "is gone".to_owned(),
    };
    let expected = match &turn.before {
        Some(link) => format!("{:?} or {:?}", link.to, turn.to),
        None => format!("none or {:?}", turn.to),
    };
    format!(
        "somebody else has changed the link of {member:?} at {from:?}: it {found}, expected {expected}"
    )
}

fn only(member: &str) -> Criteria {
    Criteria {
        member: Some(member.to_owned()),
        ..Criteria::default()
    }
}

fn position(table: &Table, from: &str, criteria: &Criteria) -> Option<usize> {
    let is_it = |row: &LinkRow| row.from.as_str() == from && row.criteria == *criteria;
    table.links.iter().position(is_it)
}

fn link(row: &LinkRow) -> Link {
    Link {
        to: row.to.as_str().to_owned(),
        private: row.private,
        live: row.live,
        note: row.note.clone(),
    }
}
