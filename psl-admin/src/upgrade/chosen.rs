//! The roll that is meant when none is named.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::roll::directory::Rolls;
use crate::roll::state::State;

/// Reads the named roll, or the only one that has not ended.
pub fn roll(rolls: &Rolls<'_>, named: Option<&str>) -> Result<State, Failure> {
    if let Some(id) = named {
        rolls.require(id)?;
        return State::read(rolls, id)?.ok_or_else(|| {
            let message = format!("roll {id:?} ended before it was planned");
            Failure::new(Exit::No, message)
        });
    }
    let mut live: Vec<_> = State::read_all(rolls)?
        .into_iter()
        .filter(State::is_live)
        .collect();
    match (live.pop(), live.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) => Err(
            Failure::new(Exit::No, "there is no roll that has not ended")
                .with_help("`psl-admin upgrade status` shows the last one, which can be named"),
        ),
        (Some(last), _) => {
            live.push(last);
            let names: Vec<_> = live.iter().map(|state| state.plan.roll.as_str()).collect();
            let message = format!(
                "{} rolls have not ended, expected the name of one",
                names.len()
            );
            Err(Failure::new(Exit::Usage, message)
                .with_help(format!("they are {}", names.join(", "))))
        }
    }
}
