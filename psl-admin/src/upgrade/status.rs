//! `upgrade status`: where rolls are, as their journals say.
mod bytes;
mod picture;

pub use bytes::{Told, status_of_journal};

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::roll::directory::{Rolls, failed};
use crate::roll::driven;
use crate::roll::fence::Owner;
use crate::roll::journal;
use crate::roll::outcome;
use crate::roll::state::State;
use crate::upgrade::chosen;
use clap::Args;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// Says where a roll is: each member's version, who drives it, and what to type next
///
/// Without ROLL: all that have not ended, or else the last one. The journal in the store is all that is asked, so that
/// every host gives the same answer.
#[derive(Args, Debug)]
#[command(after_help = "Examples: psl-admin upgrade status
          psl-admin upgrade status 2031-05-07.1 --svg roll.svg")]
pub struct Status {
    /// The roll
    #[arg(value_name = "ROLL")]
    roll: Option<String>,
    /// Draws the roll into this file, a lane a member over time
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

impl Status {
    /// Prints it, and draws it.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let store = context.open()?;
        let rolls = Rolls { store: &store };
        let states = self.states(&rolls)?;
        if let Some(file) = &self.svg {
            let [state] = states.as_slice() else {
                let message = format!(
                    "--svg draws one roll, expected its name: there are {}",
                    states.len()
                );
                return Err(Failure::new(Exit::Usage, message));
            };
            let lines = journal::read(&rolls.journal(&state.plan.roll), store.trust())?;
            fs::write(file, picture::drawn(state, &lines))
                .map_err(|error| failed("write", file, &error))?;
        }
        let mut shown = Vec::new();
        for state in &states {
            let driver = match state.is_live() {
                true => driven::by(&rolls, &state.plan.roll)?,
                false => None,
            };
            match context.console.json {
                true => shown.push(object(state, driver.as_ref())),
                false => context.console.print(text(state, driver.as_ref()))?,
            }
        }
        if context.console.json {
            context.console.print_json(&shown)?;
        } else if states.is_empty() {
            context
                .console
                .note("there is no roll; `psl-admin upgrade start` begins one");
        }
        Ok(Exit::Done)
    }

    fn states(&self, rolls: &Rolls<'_>) -> Result<Vec<State>, Failure> {
        if let Some(id) = &self.roll {
            return Ok(vec![chosen::roll(rolls, Some(id))?]);
        }
        let (live, mut ended): (Vec<_>, Vec<_>) = State::read_all(rolls)?
            .into_iter()
            .partition(State::is_live);
        Ok(match live.is_empty() {
            true => ended.pop().into_iter().collect(),
            false => live,
        })
    }
}

fn text(state: &State, driver: Option<&Owner>) -> String {
    let (plan, phase) = (&state.plan, outcome::phase(state));
    let mut text = format!(
        "roll {}: {} becomes {}: {phase}",
        plan.roll, plan.from, plan.to
    );
    match driver {
        Some(owner) => text.push_str(&format!(", driven by {owner}\n")),
        None if state.is_live() => text.push_str(", driven by nobody\n"),
        None => text.push('\n'),
    }
    text.push_str(&outcome::summary(state));
    if driver.is_none()
        && let Some(next) = outcome::next(state)
    {
        text.push_str(&format!("{next}\n"));
    }
    text
}

fn object(state: &State, driver: Option<&Owner>) -> Value {
    let mut object = outcome::object(state);
    object["driven_by"] = driver.map_or(Value::Null, |owner| {
        json!({
            "who": owner.who,
            "host": owner.process.host,
            "pid": owner.process.pid,
            "token": owner.token,
        })
    });
    object["next"] = match driver {
        Some(_) => Value::Null,
        None => outcome::next(state).into(),
    };
    object
}
