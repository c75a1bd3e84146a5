//! The members that members.toml describes, as they are started, stopped and checked.
pub mod bounded;
pub mod detached;
pub mod health;
pub mod hooks;
pub mod trouble;
mod unit;

use bounded::Until;
use detached::{Site, Which};
use psl_table::members::{Plan, Start};
use trouble::{State, Trouble};

/// A member that can be operated.
#[derive(Clone, Copy)]
pub struct Member<'a> {
    /// Its name.
    pub name: &'a str,
    /// What members.toml says about it.
    pub plan: &'a Plan,
    /// Where detached members leave their traces.
    pub site: &'a Site,
}

/// What is known about a member's instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Running {
    /// It does not run.
    No,
    /// It runs.
    Yes,
    /// Only its health can tell.
    Unknown,
}

impl Member<'_> {
    /// Makes sure that it does not run; a member that does not run already is left alone.
    ///
    /// `which` says which detached instances count. `permit` is asked directly before anything is done, and may forbid
    /// it.
    pub fn stop(&self, which: Which, until: &Until<'_>, permit: Permit<'_>) -> Result<(), Trouble> {
        match &self.plan.start {
            Start::Command { stop_signal, .. } => {
                (self.site).stop(self.name, which, *stop_signal, until, permit)
            }
            Start::Unit(unit) => {
                permit()?;
                unit::stop(unit, until)
            }
            Start::Commands { stop, .. } => {
                permit()?;
                for earlier in [&hooks::START, &hooks::STOP] {
                    hooks::await_earlier(self.site, self.name, until, earlier)?;
                }
                hooks::run(stop, self.site, self.name, until, &hooks::STOP)?;
                self.await_silence(until)
            }
        }
    }

    /// Makes sure that it runs with a generation of the table that is at least this; one that does is left alone.
    pub fn start(
        &self,
        generation: u64,
        until: &Until<'_>,
        permit: Permit<'_>,
    ) -> Result<(), Trouble> {
        match &self.plan.start {
            Start::Command { command, .. } => {
                let argv = command.argv();
                self.site.start(self.name, &argv, generation, until, permit)
            }
            Start::Unit(unit) => {
                permit()?;
                unit::start(unit, until)
            }
            Start::Commands { start, .. } => {
                permit()?;
                let was_begun = hooks::await_earlier(self.site, self.name, until, &hooks::START)?;
                if was_begun || self.probe(until).is_ok() {
                    return Ok(());
                }
                hooks::run(start, self.site, self.name, until, &hooks::START)
            }
        }
    }

    /// Tells whether it runs.
    pub fn running(&self) -> Result<Running, Trouble> {
        match &self.plan.start {
            Start::Command { .. } => self.site.running(self.name),
            Start::Unit(unit) => unit::running(unit),
            Start::Commands { .. } => Ok(Running::Unknown),
        }
    }

    /// Tells whether it has ended since it was started.
    pub fn has_died(&self) -> Result<bool, Trouble> {
        match &self.plan.start {
            Start::Command { .. } => self.site.has_died(self.name),
            Start::Unit(unit) => Ok(unit::running(unit)? == Running::No),
            Start::Commands { .. } => Ok(false),
        }
    }

    /// Asks once whether it is healthy; otherwise says why not.
    pub fn probe(&self, until: &Until<'_>) -> Result<(), String> {
        match &self.plan.health {
            Some(health) => health::probe(health, until),
            None => Err("has no health check in members.toml".into()),
        }
    }

    /// Returns the last lines that a detached instance wrote.
    pub fn last_words(&self) -> String {
        match &self.plan.start {
            Start::Command { .. } => self.site.last_words(self.name),
            _ => String::new(),
        }
    }

    /// Waits until a member that only commands can stop is not healthy any more.
    fn await_silence(&self, until: &Until<'_>) -> Result<(), Trouble> {
        while self.probe(until).is_ok() {
            if !until.pause(health::SHORTEST_PAUSE)? {
                return Err(Trouble::new(
                    State::DidNotStop,
                    "its stop command has succeeded, and it is still healthy",
                ));
            }
        }
        Ok(())
    }
}

/// Asks whether something may still be done.
pub type Permit<'a> = &'a (dyn Fn() -> Result<(), Trouble> + Sync);
