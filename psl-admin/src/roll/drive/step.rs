//! The steps of one member, each written down before it is taken.
use crate::members::bounded::Until;
use crate::members::detached::Which;
use crate::members::trouble::{State, Trouble};
use crate::members::{Member, Running};
use crate::roll::copy;
use crate::roll::drive::Drive;
use crate::roll::drive::check;
use crate::roll::journal::event::{Event, Step, Way};
use crate::roll::link::{self, Refused};
use crate::roll::plan::{Plan, Turn};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long to wait before a store that is away is asked again.
const AGAIN: Duration = Duration::from_millis(200);

impl Drive<'_> {
    /// Takes all steps that a member has before it, this way.
    pub(super) fn carry(&self, index: usize, way: Way) -> Result<(), Trouble> {
        let state = self.state();
        let turn = &state.plan.members[index];
        let member = self.member(&turn.member)?;
        // One deadline for start and health together, from the start on.
        let mut deadline = None;
        self.look_at_link(&state, index, way)?;
        for step in self.state().steps(index, way) {
            let name = || turn.member.clone();
            self.note(Event::Begun {
                member: name(),
                way,
                step,
            })?;
            if step == Step::Start {
                deadline = Some(Instant::now() + state.plan.options.deadline());
            }
            let nothing = |()| (None, None);
            let taken = match step {
                Step::Copy => self.copy(&state.plan, turn).map(|inode| (None, inode)),
                Step::Stop => self.stop(&member, way).map(nothing),
                Step::Link => (self.link(&state.plan, turn, way)).map(|made| (Some(made), None)),
                Step::Start => self.start(index, &member, deadline).map(nothing),
                Step::Check => (self.check(&state.plan, &member, way, deadline)).map(nothing),
            };
            match taken {
                Ok((generation, inode)) => self.note(Event::Ended {
                    member: name(),
                    way,
                    step,
                    generation,
                    inode,
                })?,
                Err(Trouble::Failed {
                    state,
                    message,
                    output,
                }) => return self.failed(&turn.member, way, step, state, message, output),
                Err(other) => return Err(other),
            }
        }
        let member = turn.member.clone();
        self.note(match way {
            Way::There => Event::Upgraded { member },
            Way::Back => Event::Undone { member },
        })
    }

    fn failed(
        &self,
        member: &str,
        way: Way,
        step: Step,
        state: State,
        message: String,
        output: String,
    ) -> Result<(), Trouble> {
        self.note(Event::Failed {
            member: member.to_owned(),
            way,
            step: Some(step),
            state,
            message: message.clone(),
        })?;
        self.watch.output(member, &output);
        Err(Trouble::Failed {
            state,
            message,
            output,
        })
    }

    /// Looks whether somebody else has changed the member's link, before the member is stopped for nothing.
    fn look_at_link(
        &self,
        state: &crate::roll::state::State,
        index: usize,
        way: Way,
    ) -> Result<(), Trouble> {
        let (plan, turn) = (&state.plan, &state.plan.members[index]);
        if !state.steps(index, way).contains(&Step::Link) {
            return Ok(());
        }
        // A table that cannot be read is waited for when the link is to be set.
        let Ok(table) = self.rolls.store.read() else {
            return Ok(());
        };
        let Some(why) = link::refused(&table, plan, turn, way) else {
            return Ok(());
        };
        let member = turn.member.clone();
        if way == Way::Back {
            return self.note(Event::LeftAlone { member, why });
        }
        let state = State::LinkRefused;
        self.note(Event::Failed {
            member,
            way,
            step: None,
            state,
            message: why.clone(),
        })?;
        Err(Trouble::new(state, why))
    }

    /// Makes the member's copy, and returns the inode number of its directory.
    fn copy(&self, plan: &Plan, turn: &Turn) -> Result<Option<u64>, Trouble> {
        let to = Path::new(&turn.to);
        let Some(from) = &plan.options.copy_from else {
            return Ok(None);
        };
        // It appears complete or not at all.
        if !to.exists() {
            self.permit()?;
            let is_unwanted = || self.is_ending();
            copy::make(Path::new(from), to, &is_unwanted).map_err(|failure| {
                match is_unwanted() {
                    true => Trouble::Abandoned,
                    false => Trouble::new(State::CopyFailed, failure.told().0),
                }
            })?;
        }
        Ok(to.symlink_metadata().ok().map(|found| found.ino()))
    }

    fn stop(&self, member: &Member<'_>, way: Way) -> Result<(), Trouble> {
        let abandoned = || self.signals.is_abandoned();
        let until = Until::within(member.plan.stop_deadline, &abandoned);
        // On the way back there is only what the roll itself has started.
        let which = match way {
            Way::There => Which::Any,
            Way::Back => Which::Recorded,
        };
        let stopped = member.stop(which, &until, &|| self.permit());
        match stopped {
            // What does not run any more is not to be kept from its way back by a stop command that fails.
            Err(Trouble::Failed { .. }) if way == Way::Back && !self.still_runs(member) => Ok(()),
            stopped => stopped,
        }
    }

    fn still_runs(&self, member: &Member<'_>) -> bool {
        let abandoned = || self.signals.is_abandoned();
        match member.running() {
            Ok(Running::No) => false,
            Ok(Running::Yes) | Err(_) => true,
            Ok(Running::Unknown) => {
                let until = Until::within(member.plan.stop_deadline, &abandoned);
                member.probe(&until).is_ok()
            }
        }
    }

    fn link(&self, plan: &Plan, turn: &Turn, way: Way) -> Result<u64, Trouble> {
        let store = self.rolls.store;
        let deadline = Instant::now() + plan.options.deadline();
        loop {
            match link::set(store, &self.fence, plan, turn, way) {
                Ok(generation) => return Ok(generation),
                Err(Refused::Overtaken(failure)) => return Err(Trouble::Forbidden(failure)),
                // A member goes back to whatever somebody else wants it to have.
                Err(Refused::Changed(why)) if way == Way::Back => {
                    let member = turn.member.clone();
                    self.note(Event::LeftAlone { member, why })?;
                    return Ok(store.read().map_or(0, |table| table.generation));
                }
                Err(Refused::Changed(why)) => return Err(Trouble::new(State::LinkRefused, why)),
                Err(Refused::Away(failure)) if Instant::now() >= deadline => {
                    return Err(Trouble::new(State::StoreAway, failure.told().0));
                }
                Err(Refused::Away(_)) if self.signals.is_ending() => {
                    return Err(Trouble::Abandoned);
                }
                Err(Refused::Away(_)) => thread::sleep(AGAIN),
            }
        }
    }

    fn start(
        &self,
        index: usize,
        member: &Member<'_>,
        deadline: Option<Instant>,
    ) -> Result<(), Trouble> {
        let generation = self.state().standings[index].generation.unwrap_or(0);
        let abandoned = || self.signals.is_abandoned();
        let until = Until {
            deadline: deadline.unwrap_or_else(Instant::now),
            abandoned: &abandoned,
        };
        member.start(generation, &until, &|| self.permit())
    }

    fn check(
        &self,
        plan: &Plan,
        member: &Member<'_>,
        way: Way,
        deadline: Option<Instant>,
    ) -> Result<(), Trouble> {
        let ending = || self.is_ending();
        let until = Until {
            deadline: deadline.unwrap_or_else(Instant::now),
            abandoned: &ending,
        };
        // The way back does not wait longer than it must.
        let least = match way {
            Way::There => plan.options.min_healthy(),
            Way::Back => Duration::ZERO,
        };
        check::await_healthy(member, least, &until, |found| {
            let member = member.name.to_owned();
            self.note(match found {
                Ok(()) => Event::Healthy { member },
                Err(why) => Event::Unhealthy { member, why },
            })
        })
    }
}
