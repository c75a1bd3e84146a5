//! Where a roll stands when nobody drives it: what is where, and what to type next.
use crate::columns;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::roll::finish::Form;
use crate::roll::journal::event::Outcome;
use crate::roll::plan::Turn;
use crate::roll::state::{Phase, Side, Standing, State};
use serde_json::{Value, json};

/// Returns a row a member: which version it has, and how that came.
pub fn summary(state: &State) -> String {
    let turns = state.plan.members.iter().zip(&state.standings);
    let rows = turns.map(|(turn, standing)| {
        [
            turn.member.clone(),
            version(standing).to_owned(),
            target(state, turn, standing).to_owned(),
            told(standing),
        ]
    });
    columns::aligned(["MEMBER", "VERSION", "FROM LEADS TO", "STATE"], rows)
}

/// Returns the same for programs.
pub fn object(state: &State) -> Value {
    let turns = state.plan.members.iter().zip(&state.standings);
    let members: Vec<_> = turns
        .map(|(turn, standing)| {
            json!({
                "member": turn.member,
                "version": version(standing),
                "to": target(state, turn, standing),
                "state": told(standing),
                "failed": standing.failed.as_ref().map(|(state, _)| state),
                "generation": standing.generation,
            })
        })
        .collect();
    json!({
        "roll": state.plan.roll,
        "from": state.plan.from,
        "to": state.plan.to,
        "phase": phase(state),
        "members": members,
        "finish": state.finish,
        "who": state.plan.who,
        "reason": state.plan.reason,
    })
}

/// Returns the word for where the roll is.
pub fn phase(state: &State) -> &'static str {
    match state.phase {
        Phase::Forward => "forward",
        Phase::Failing => "failing",
        Phase::Back => "back",
        Phase::Held => "held",
        Phase::Paused => "paused",
        Phase::Halted => "halted",
        Phase::Finishing => "finishing",
        Phase::Finished(Outcome::Complete) => "complete",
        Phase::Finished(Outcome::Undone) => "undone",
        Phase::Finished(Outcome::Settled) => "finished",
    }
}

/// Returns what can be typed next; `None` when nothing needs to be.
pub fn next(state: &State) -> Option<String> {
    let roll = &state.plan.roll;
    let undo = format!("`psl-admin upgrade undo {roll}` brings all members back");
    let on = format!("`psl-admin upgrade resume {roll}`");
    Some(match state.phase {
        Phase::Finished(Outcome::Undone) => return None,
        Phase::Finished(Outcome::Complete) => {
            format!("`psl-admin upgrade finish {roll}` gives everybody the new version; {undo}")
        }
        Phase::Finishing => format!("`psl-admin upgrade finish {roll}` goes on"),
        Phase::Finished(Outcome::Settled) => return kept(state),
        Phase::Back => format!("{on} goes on with the way back"),
        Phase::Halted if state.turned => format!("{on} tries the way back again"),
        Phase::Halted => format!("{on} tries what failed again and goes on; {undo}"),
        Phase::Forward | Phase::Failing | Phase::Held | Phase::Paused => {
            format!("{on} goes on; {undo}")
        }
    })
}

/// Says where the old version of a finished roll is, and what removes it.
fn kept(state: &State) -> Option<String> {
    let finish = state.finish.as_ref()?;
    let kept = &finish.kept;
    let is_there = finish.old.is_some() && !state.collected.contains(kept);
    is_there.then(|| format!("the old version is kept at {kept:?}, until `psl-admin gc`"))
}

/// Says how the roll ended, or why it waits: done, or a failure of its own.
pub fn ended(state: &State) -> Result<Exit, Failure> {
    let roll = &state.plan.roll;
    let failed = |message: String| {
        let failure = Failure::new(Exit::Failed, message);
        Err(match next(state) {
            Some(next) => failure.with_help(next),
            None => failure,
        })
    };
    let reasons = reasons(state);
    match state.phase {
        Phase::Finished(Outcome::Complete | Outcome::Settled) | Phase::Held | Phase::Paused => {
            Ok(Exit::Done)
        }
        Phase::Finished(Outcome::Undone) if !state.turned_by_failure && !is_hurt(state) => {
            Ok(Exit::Done)
        }
        Phase::Finished(Outcome::Undone) => failed(format!("roll {roll} was undone: {reasons}")),
        Phase::Halted => failed(format!("roll {roll} was halted: {reasons}")),
        Phase::Forward | Phase::Failing | Phase::Back | Phase::Finishing => {
            failed(format!("roll {roll} was interrupted, and can go on"))
        }
    }
}

/// Tells whether a member could not be brought back, or its link was not.
fn is_hurt(state: &State) -> bool {
    let mut standings = state.standings.iter();
    state.count(Side::Between) > 0 || standings.any(|standing| standing.is_left_alone)
}

fn reasons(state: &State) -> String {
    let turns = state.plan.members.iter().zip(&state.standings);
    let failed = turns.filter_map(|(turn, standing)| {
        let (what, message) = standing.failed.as_ref()?;
        Some(format!("{} {what}: {message}", turn.member))
    });
    failed.collect::<Vec<_>>().join("; ")
}

fn version(standing: &Standing) -> &'static str {
    match standing.side {
        Side::Old => "old",
        Side::Between => "half done",
        Side::New => "new",
    }
}

/// Returns where the place leads for a member: its own link, or whatever lies there for everybody.
fn target<'s>(state: &'s State, turn: &'s Turn, standing: &Standing) -> &'s str {
    if state.phase == Phase::Finished(Outcome::Settled) {
        return match state.finish.as_ref().map(|finish| &finish.form) {
            Some(Form::Link { to }) => to,
            _ => &state.plan.from,
        };
    }
    match (&turn.before, standing.is_linked) {
        (_, true) => &turn.to,
        (Some(before), false) => &before.to,
        (None, false) => &state.plan.from,
    }
}

fn told(standing: &Standing) -> String {
    let failed = standing.failed.as_ref();
    match (standing.side, failed) {
        (Side::New, _) => "upgraded".to_owned(),
        (Side::Old, None) if standing.way.is_some() => "brought back".to_owned(),
        (Side::Old, None) => "not begun".to_owned(),
        (Side::Old, Some((what, _))) => format!("brought back, since it {what}"),
        (Side::Between, Some((what, message))) => format!("{what}: {message}"),
        (Side::Between, None) => match &standing.step {
            Some((step, true)) => format!("has done: {step:?}").to_lowercase(),
            Some((step, false)) => format!("was about to: {step:?}").to_lowercase(),
            None => "half done".to_owned(),
        },
    }
}
