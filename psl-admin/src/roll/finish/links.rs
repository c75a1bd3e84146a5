//! The private links of a roll, all removed in one commit.
use crate::failure::Failure;
use crate::roll::fence::Fence;
use crate::roll::link;
use crate::roll::plan::Plan;
use psl_table::history::Author;
use psl_table::store::{CommitOptions, Store};
use psl_table::table::Table;

/// Removes the links that the roll has made; returns the generation, and the members whose links somebody else has
/// changed: these stay.
pub fn remove(
    store: &Store,
    fence: &Fence,
    plan: &Plan,
    why: Option<&str>,
) -> Result<(u64, Vec<String>), Failure> {
    let (note, token) = (plan.note(), fence.token);
    let mut reason = format!("{note}, token {token}: everybody has the new version, the links go");
    if let Some(why) = why {
        reason = format!("{reason} ({why})");
    }
    let by = Author::here(Some(reason));
    let mut outcome = Ok(Vec::new());
    let generation = store.commit(&by, CommitOptions::default(), |table| {
        let required = fence.require().map_err(Failure::from);
        match required.and_then(|()| without(table, plan)) {
            Ok((table, left)) => {
                outcome = Ok(left);
                Ok(table.text().to_owned())
            }
            Err(failure) => {
                outcome = Err(failure);
                // The text as it is commits nothing.
                Ok(table.text().to_owned())
            }
        }
    });
    let left = outcome?;
    Ok((generation?, left))
}

/// Returns the table without the links of a roll, and the members whose link is not the one that it has made.
pub fn without(table: &Table, plan: &Plan) -> Result<(Table, Vec<String>), Failure> {
    let (mut table, mut left) = (table.clone(), Vec::new());
    for turn in &plan.members {
        match link::of_member(&table, &plan.from, &turn.member) {
            None => {}
            Some(found) if found == plan.link(turn) => {
                let text = link::edited(&table, &plan.from, &turn.member, None);
                table = Table::parse(table.file(), &text).map_err(Failure::Edit)?;
            }
            Some(_) => left.push(turn.member.clone()),
        }
    }
    Ok((table, left))
}
