//! Driving a roll: what its journal says is next is done, until it has ended or has to wait.
mod back;
mod check;
mod notes;
mod step;
mod there;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::members::Member;
use crate::members::detached::Site;
use crate::members::trouble::Trouble;
use crate::roll::directory::Rolls;
use crate::roll::fence::Fence;
use crate::roll::journal::Journal;
use crate::roll::journal::event::{Event, Outcome};
use crate::roll::plan::OnFailure;
use crate::roll::request::Request;
use crate::roll::signals::Signals;
use crate::roll::state::{Phase, Side, State};
use crate::roll::watch::Watch;
use psl_table::history::Author;
use psl_table::members::Members;
use std::sync::{Mutex, MutexGuard};

/// Everything that a roll is driven with.
pub struct Drive<'a> {
    /// Where its journal lies.
    pub rolls: Rolls<'a>,
    /// How its members are started, stopped and checked.
    pub members: &'a Members,
    /// Where detached members leave their traces.
    pub site: Site,
    /// The right to drive it.
    pub fence: Fence,
    /// What the administrator wants.
    pub signals: &'a Signals,
    /// Who is told of every line.
    pub watch: &'a dyn Watch,
    notes: Mutex<Notes>,
}

/// The journal, and what it says.
struct Notes {
    journal: Journal,
    state: State,
}

impl<'a> Drive<'a> {
    /// Takes the journal of a roll, and what it says so far.
    pub fn new(
        rolls: Rolls<'a>,
        members: &'a Members,
        site: Site,
        fence: Fence,
        (journal, state): (Journal, State),
        signals: &'a Signals,
        watch: &'a dyn Watch,
    ) -> Self {
        let site = site.fenced(fence.owner.clone(), fence.token);
        Self {
            rolls,
            members,
            site,
            fence,
            signals,
            watch,
            notes: Mutex::new(Notes { journal, state }),
        }
    }

    /// Writes the first lines, and goes on until the roll has ended or has to wait; returns where it is then.
    ///
    /// It fails when nothing more may be done: somebody has taken over, or the journal cannot be written.
    pub fn run(self, begin: Vec<Event>) -> Result<State, Failure> {
        let driven = begin
            .into_iter()
            .try_for_each(|event| self.note(event))
            .and_then(|()| self.go_on());
        self.watch.end();
        match driven {
            Ok(()) | Err(Trouble::Abandoned | Trouble::Failed { .. }) => {
                let state = self.state();
                self.fence.release(&self.rolls, &Author::here(None));
                Ok(state)
            }
            Err(Trouble::Forbidden(failure)) => Err(failure),
        }
    }

    fn go_on(&self) -> Result<(), Trouble> {
        if matches!(self.state().phase, Phase::Forward | Phase::Failing) {
            self.go_there()?;
        }
        if self.is_ending() {
            return self.interrupted();
        }
        if self.state().phase == Phase::Failing {
            let on_failure = self.state().plan.options.on_failure;
            if on_failure == OnFailure::UndoAll {
                self.note(Event::Turned {
                    on_failure: Some(on_failure),
                })?;
            } else {
                self.go_back()?;
                if self.is_ending() && self.state().next_back(&[]).is_some() {
                    return self.interrupted();
                }
                return self.note(Event::Halted);
            }
        }
        let state = self.state();
        match state.phase {
            Phase::Back => {
                self.go_back()?;
                self.end_back()
            }
            Phase::Forward if state.count(Side::New) == state.standings.len() => {
                self.note(Event::Finished {
                    outcome: Outcome::Complete,
                })
            }
            Phase::Forward if state.must_hold() => self.note(Event::Held),
            Phase::Forward => self.note(Event::Paused),
            _ => Ok(()),
        }
    }

    fn interrupted(&self) -> Result<(), Trouble> {
        let why = match self.asked() {
            Some(Request::LetGo) => "somebody undoes it",
            _ => "by a signal",
        };
        self.note(Event::Interrupted { why: why.into() })
    }

    /// Tells whether nothing else is to be begun, and no health to be awaited.
    fn is_ending(&self) -> bool {
        self.signals.is_ending() || self.asked() == Some(Request::LetGo)
    }

    fn asked(&self) -> Option<Request> {
        let id = self.notes().state.plan.roll.clone();
        Request::get(&self.rolls, &id)
    }

    fn state(&self) -> State {
        self.notes().state.clone()
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        // The state follows the journal line by line: a panic between two leaves it behind by one, as a crash does.
        self.notes
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn member<'m>(&'m self, name: &'m str) -> Result<Member<'m>, Trouble> {
        let plan = self.members.0.get(name).ok_or_else(|| {
            let message = format!("members.toml does not list member {name:?} any more");
            Trouble::Forbidden(
                Failure::new(Exit::Invalid, message)
                    .with_help("list it again, then `psl-admin upgrade resume`"),
            )
        })?;
        Ok(Member {
            name,
            plan,
            site: &self.site,
        })
    }
}
