//! The roll that is meant when none is named.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::roll::directory::Rolls;
use crate::roll::journal::event::Outcome;
use crate::roll::link;
use crate::roll::state::{Phase, State};

/// Reads the named roll, or the only one that has not ended.
pub fn roll(rolls: &Rolls<'_>, named: Option<&str>) -> Result<State, Failure> {
    if let Some(id) = named {
        return by_name(rolls, id);
    }
    let live = State::read_all(rolls)?.into_iter().filter(State::is_live);
    only(live.collect(), "not ended")
}

/// Reads the named roll, or the only one that is complete, its links as it has made them, or is being finished.
pub fn complete(rolls: &Rolls<'_>, named: Option<&str>) -> Result<State, Failure> {
    if let Some(id) = named {
        return by_name(rolls, id);
    }
    let table = rolls.store.read()?;
    let is_meant = |state: &State| match state.phase {
        Phase::Finishing => true,
        Phase::Finished(Outcome::Complete) => state.plan.members.iter().all(|turn| {
            let found = link::of_member(&table, &state.plan.from, &turn.member);
            found == Some(state.plan.link(turn))
        }),
        _ => false,
    };
    let meant = State::read_all(rolls)?.into_iter().filter(is_meant);
    only(meant.collect(), "not been finished")
}

fn by_name(rolls: &Rolls<'_>, id: &str) -> Result<State, Failure> {
    rolls.require(id)?;
    State::read(rolls, id)?.ok_or_else(|| {
        let message = format!("roll {id:?} ended before it was planned");
        Failure::new(Exit::No, message)
    })
}

/// Returns the only one; `what` says what it has in common with others.
fn only(mut meant: Vec<State>, what: &str) -> Result<State, Failure> {
    match (meant.pop(), meant.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) => Err(
            Failure::new(Exit::No, format!("there is no roll that has {what}"))
                .with_help("`psl-admin upgrade status` shows the last one, which can be named"),
        ),
        (Some(last), _) => {
            meant.push(last);
            let names: Vec<_> = meant.iter().map(|state| state.plan.roll.as_str()).collect();
            let message = format!(
                "{} rolls have {what}, expected the name of one",
                names.len()
            );
            Err(Failure::new(Exit::Usage, message)
                .with_help(format!("they are {}", names.join(", "))))
        }
    }
}
