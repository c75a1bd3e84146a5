//! What rolls have left, as their journals say: what they have made, or moved away.
use crate::roll::finish::plan::Old;
use crate::roll::finish::{Form, decide};
use crate::roll::journal::event::Outcome;
use crate::roll::state::{Phase, State};
use std::path::Path;

/// A tree, or a symlink to one, that a roll has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waste {
    /// The roll.
    pub roll: String,
    /// Its physical path.
    pub path: String,
    /// What makes it the same one still.
    pub proof: Proof,
    /// The journal says that it was removed: only what a crash has left of it may be there.
    pub is_collected: bool,
}

/// What makes a tree the one that a roll has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The inode number of its directory.
    Inode(u64),
    /// The text of a symlink.
    Text(String),
}

/// Lists what all rolls have left, the oldest first.
pub fn of(states: &[State]) -> Vec<Waste> {
    let mut all = Vec::new();
    for (index, state) in states.iter().enumerate() {
        let left = |path: String, proof| Waste {
            roll: state.plan.roll.clone(),
            is_collected: state.collected.contains(&path),
            path,
            proof,
        };
        if state.is_live() {
            continue;
        }
        all.extend(copies(state).map(|(path, inode)| left(path, Proof::Inode(inode))));
        let Some(finish) = state.finish.as_ref().filter(|_| is_settled(state)) else {
            continue;
        };
        match &finish.old {
            Some(Old::Tree { inode }) => {
                all.push(left(finish.kept.clone(), Proof::Inode(*inode)));
            }
            Some(Old::Symlink { to, tree }) => {
                all.push(left(finish.kept.clone(), Proof::Text(to.clone())));
                // A tree is an upgrade's own when an earlier one has led everybody to it.
                let is_own = |path: &str| {
                    states[..index]
                        .iter()
                        .any(|earlier| has_led_to(earlier, path))
                };
                if let Some(tree) = tree.as_ref().filter(|tree| is_own(&tree.path)) {
                    all.push(left(tree.path.clone(), Proof::Inode(tree.inode)));
                }
            }
            None => {}
        }
    }
    all
}

/// Lists the private copies that a roll has made.
fn copies(state: &State) -> impl Iterator<Item = (String, u64)> {
    let turns = state.plan.members.iter().zip(&state.standings);
    turns.filter_map(|(turn, standing)| {
        let path = decide::physical(&turn.to).ok()?;
        Some((path.into_os_string().into_string().ok()?, standing.copy?))
    })
}

fn is_settled(state: &State) -> bool {
    state.phase == Phase::Finished(Outcome::Settled)
}

/// Tells whether a roll has led everybody to a tree by a symlink.
fn has_led_to(state: &State, path: &str) -> bool {
    let finish = state.finish.as_ref().filter(|_| is_settled(state));
    finish.is_some_and(|finish| match &finish.form {
        Form::Link { to } => {
            to == path
                || Path::new(to)
                    .canonicalize()
                    .is_ok_and(|to| to == Path::new(path))
        }
        Form::Replace { .. } => false,
    })
}
