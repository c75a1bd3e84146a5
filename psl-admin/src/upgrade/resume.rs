//! `upgrade resume`: a roll goes on.
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::roll::directory::Rolls;
use crate::roll::journal::event::Event;
use crate::roll::signals::Signals;
use crate::roll::state::Phase;
use crate::upgrade::{chosen, going};
use clap::Args;
use psl_table::history::Author;

/// Goes on with a roll that was held, paused, halted or interrupted, on whatever host
///
/// A member that failed is tried again. What was begun is looked at before it is repeated.
#[derive(Args, Debug)]
#[command(after_help = "Example: psl-admin upgrade resume 2031-05-07.1")]
pub struct Resume {
    /// The roll; without it the only one that has not ended
    #[arg(value_name = "ROLL")]
    roll: Option<String>,
}

impl Resume {
    /// Takes it over, and drives it.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let store = context.open()?;
        let rolls = Rolls { store: &store };
        let members = store.read_members()?;
        let state = chosen::roll(&rolls, self.roll.as_deref())?;
        let roll = &state.plan.roll;
        if !state.is_live() {
            let message = format!("roll {roll:?} has ended, there is nothing to resume");
            return Err(Failure::new(Exit::No, message));
        }
        if state.phase == Phase::Finishing {
            let message =
                format!("the members of roll {roll:?} are done, and it is being finished");
            return Err(Failure::new(Exit::Refused, message)
                .with_help(format!("`psl-admin upgrade finish {roll}` goes on")));
        }
        let signals = Signals::listen()?;
        let by = Author::here(None);
        let (fence, journal, state) = going::taken_over(&rolls, roll, &by)?;
        let mut begin = vec![going::taken(&by)];
        if matches!(state.phase, Phase::Held | Phase::Paused | Phase::Halted) {
            begin.push(Event::Resumed);
        }
        let going = (journal, state);
        let begin = going::Begin::Taken(begin);
        going::on(context, rolls, &members, fence, going, (&signals, begin))
    }
}
