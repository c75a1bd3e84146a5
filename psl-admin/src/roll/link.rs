//! The link of one member: set, and set back, in one commit each.
use crate::edit::{self, Row};
use crate::failure::Failure;
use crate::roll::fence::{Fence, Refusal};
use crate::roll::plan::{Link, Plan, Turn};
use psl_table::criteria::Criteria;
use psl_table::error::{Class, Error};
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

/// Sets a member's link, whatever other rows have become meanwhile; returns the generation that has it.
///
/// Under the store's lock the token is looked at again, and the row must be the one that was there when the roll was
/// planned, or already the wanted one.
pub fn set(store: &Store, fence: &Fence, plan: &Plan, turn: &Turn) -> Result<u64, Refused> {
    let wanted = plan.link(turn);
    let reason = format!(
        "{}, token {}: {} gets {}",
        plan.note(),
        fence.token,
        turn.member,
        turn.to
    );
    commit(store, fence, plan, turn, reason, |found| match found {
        found if found == Some(&wanted) => Ok(None),
        found if found == turn.before.as_ref() => Ok(Some(Some(wanted.clone()))),
        found => Err(found.cloned()),
    })
}

/// Sets a member's link back to what it was when the roll was planned; returns the generation that has it.
pub fn set_back(store: &Store, fence: &Fence, plan: &Plan, turn: &Turn) -> Result<u64, Refused> {
    let made = plan.link(turn);
    let reason = format!(
        "{}, token {}: {} goes back",
        plan.note(),
        fence.token,
        turn.member
    );
    commit(store, fence, plan, turn, reason, |found| match found {
        found if found == turn.before.as_ref() => Ok(None),
        found if found == Some(&made) => Ok(Some(turn.before.clone())),
        found => Err(found.cloned()),
    })
}

/// Returns a member's own link at the place.
pub fn of_member(table: &Table, from: &str, member: &str) -> Option<Link> {
    let index = position(table, from, &only(member))?;
    Some(link(&table.links[index]))
}

/// Returns the text of a table in which a member has this link at the place, or none.
pub fn edited(table: &Table, from: &str, member: &str, link: Option<&Link>) -> String {
    let criteria = only(member);
    let text = match position(table, from, &criteria) {
        Some(index) => edit::remove_link(table.text(), index),
        None => table.text().to_owned(),
    };
    let Some(link) = link else {
        return text;
    };
    edit::add_link(
        &text,
        &Row {
            from,
            to: &link.to,
            criteria: &criteria,
            private: link.private,
            live: link.live,
            note: link.note.as_deref(),
        },
    )
}

type Decision = Result<Option<Option<Link>>, Option<Link>>;

fn commit(
    store: &Store,
    fence: &Fence,
    plan: &Plan,
    turn: &Turn,
    reason: String,
    decide: impl Fn(Option<&Link>) -> Decision,
) -> Result<u64, Refused> {
    let mut refused = None;
    let by = Author::here(Some(reason));
    let committed = store.commit(&by, CommitOptions::default(), |table| {
        let found = of_member(table, &plan.from, &turn.member);
        let decided = fence
            .require()
            .map_err(Refused::from)
            .and_then(|()| decide(found.as_ref()).map_err(|found| changed(plan, turn, found)));
        Ok(match decided {
            Ok(Some(link)) => edited(table, &plan.from, &turn.member, link.as_ref()),
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
        (Err(error @ Error::Invalid { .. }), None) => Err(Refused::Changed(error.to_string())),
        (Err(error), None) => match error.class() {
            Class::Storage | Class::Conflict => Err(Refused::Away(error.into())),
            _ => Err(Refused::Changed(error.to_string())),
        },
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

fn changed(plan: &Plan, turn: &Turn, found: Option<Link>) -> Refused {
    let (from, member) = (&plan.from, &turn.member);
    let found = match found {
        Some(link) => format!("leads to {:?}", link.to),
        None => "is gone".to_owned(),
    };
    let expected = match &turn.before {
        Some(link) => format!("{:?} or {:?}", link.to, turn.to),
        None => format!("none or {:?}", turn.to),
    };
    Refused::Changed(format!(
        "somebody else has changed the link of {member:?} at {from:?}: it {found}, expected {expected} as the roll made it"
    ))
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
