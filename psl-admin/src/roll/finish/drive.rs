//! The tasks at the end of a roll, each written down before it is taken.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::members::bounded::Until;
use crate::removal;
use crate::roll::copy;
use crate::roll::directory::{Rolls, failed as unwritten};
use crate::roll::fence::{Fence, LOCK_WAIT};
use crate::roll::finish::entry::{failed, name};
use crate::roll::finish::plan::{Finish, Form, Task};
use crate::roll::finish::swap::{self, Stand};
use crate::roll::finish::{Entry, Parent, check, links, manifests, remembered};
use crate::roll::journal::Journal;
use crate::roll::journal::event::{Event, Outcome};
use crate::roll::preflight;
use crate::roll::signals::Signals;
use crate::roll::state::{Phase, State};
use crate::roll::watch::Watch;
use psl_table::history::Author;
use rustix::fs::symlinkat;
use rustix::io::Errno;
use std::ffi::CString;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

/// Everything that the end of a roll is driven with.
pub struct Ending<'a> {
    /// Where its journal lies.
    pub rolls: Rolls<'a>,
    /// The right to drive it.
    pub fence: Fence,
    /// The journal.
    pub journal: Journal,
    /// What it says.
    pub state: State,
    /// What the administrator wants.
    pub signals: &'a Signals,
    /// Who is told of every line.
    pub watch: &'a dyn Watch,
    /// Processes that run the old version without a link are no hindrance.
    pub force: bool,
    /// Why it is finished.
    pub reason: Option<String>,
}

impl Ending<'_> {
    /// Takes all tasks that are left, after the first lines; returns where the roll is then.
    ///
    /// What fails before the place has changed leaves the roll as it was, complete; what fails later can be gone on with.
    pub fn run(mut self, begin: Vec<Event>) -> Result<State, Failure> {
        let went = self.go_on(begin);
        let went = went.map_err(|failure| self.given_up(failure));
        self.watch.end();
        let Self {
            rolls,
            fence,
            state,
            ..
        } = self;
        fence.release(&rolls, &Author::here(None));
        went.map(|()| state)
    }

    fn go_on(&mut self, begin: Vec<Event>) -> Result<(), Failure> {
        for event in begin {
            self.note(event)?;
        }
        let Some(finish) = self.state.finish.clone() else {
            return Ok(());
        };
        // Until the plan was in the journal, another roll could begin with the same members.
        let (rolls, plan) = (self.rolls, &self.state.plan);
        let by = Author::here(None);
        (rolls.store).exclusively(&by, LOCK_WAIT, || {
            preflight::claim(&rolls, plan, &plan.roll)
        })??;
        let wait = remembered(&finish)?;
        for task in Task::ALL {
            if self.state.tasks.contains(&task) || task == Task::Wait && wait.is_zero() {
                continue;
            }
            self.note(Event::TaskBegun { task })?;
            let generation = match task {
                Task::Prepare => self.prepare(&finish).map(|()| None),
                Task::Exchange => self.exchange(&finish).map(|()| None),
                Task::Wait => self.wait(wait).map(|()| None),
                Task::Unlink => self.unlink().map(Some),
            }?;
            self.note(Event::TaskEnded { task, generation })?;
        }
        self.note(Event::Finished {
            outcome: Outcome::Settled,
        })
    }

    fn note(&mut self, event: Event) -> Result<(), Failure> {
        self.fence.require()?;
        let journal = self.rolls.journal(&self.state.plan.roll);
        let line = self.journal.append(event);
        let line = line.map_err(|error| unwritten("write", &journal, &error))?;
        self.state.follow(&line.event);
        self.watch.line(&line, &self.state);
        Ok(())
    }

    fn prepare(&self, finish: &Finish) -> Result<(), Failure> {
        if swap::stand(finish)? != Stand::Before {
            return Ok(());
        }
        let aside = Path::new(&finish.aside);
        let parent = Parent::of(aside)?;
        match &finish.form {
            Form::Link { to } => match symlinkat(to, &parent.dir, name(&finish.aside)) {
                Err(Errno::EXIST) if finish.is_new(&parent.entry(name(&finish.aside))?) => {}
                made => made.map_err(|errno| failed("make", aside, errno))?,
            },
            Form::Replace { source } => {
                // It appears complete or not at all.
                if parent.entry(name(&finish.aside))? == Entry::Missing {
                    copy::make(Path::new(source), aside, &|| self.signals.is_ending())?;
                }
            }
        }
        parent.sync()
    }

    fn exchange(&self, finish: &Finish) -> Result<(), Failure> {
        if swap::stand(finish)? == Stand::Before {
            check::in_use(&self.rolls, &self.state, finish, self.force, None)?;
            self.fence.require()?;
        }
        swap::carry_out(finish, || check::gap(&self.rolls, &self.state, finish))?;
        manifests::follow(finish)
    }

    fn wait(&self, length: Duration) -> Result<(), Failure> {
        let ending = || self.signals.is_ending();
        // Whoever goes on waits again: when the names were exchanged is not told by the storage's clock.
        match Until::within(length, &ending).pause(length) {
            Ok(_) => Ok(()),
            Err(_) => Err(Failure::new(
                Exit::Failed,
                "interrupted; the new version is at the place, and the private links are still there",
            )),
        }
    }

    fn unlink(&self) -> Result<u64, Failure> {
        let (plan, why) = (&self.state.plan, self.reason.as_deref());
        let (generation, left) = links::remove(self.rolls.store, &self.fence, plan, why)?;
        if !left.is_empty() {
            let text = "somebody else has changed its link, which stays as it is\n";
            left.iter()
                .for_each(|member| self.watch.output(member, text));
        }
        Ok(generation)
    }

    /// Takes back what was begun, as long as nobody could see any of it; says what to do next.
    fn given_up(&mut self, failure: Failure) -> Failure {
        let Some(finish) = self.state.finish.clone() else {
            return failure;
        };
        let roll = self.state.plan.roll.clone();
        let on = format!("`psl-admin upgrade finish {roll}` goes on");
        let is_untouched = self.state.phase == Phase::Finishing
            && matches!(swap::stand(&finish), Ok(Stand::Before));
        if !is_untouched || self.fence.require().is_err() {
            return match failure.told().1 {
                Some(_) => failure,
                None => failure.with_help(on),
            };
        }
        let taken_back = remove_prepared(&finish).and_then(|()| {
            self.note(Event::Finished {
                outcome: Outcome::Complete,
            })
        });
        match (taken_back, failure.told().1) {
            (Ok(()), None) => failure.with_help("nothing was changed"),
            (Ok(()), Some(_)) => failure,
            (Err(_), _) => failure.with_help(on),
        }
    }
}

/// Returns how long other hosts may go on with what was at the place.
pub fn remembered(finish: &Finish) -> Result<Duration, Failure> {
    let place = Path::new(&finish.place);
    let parent = Parent::of(place)?;
    remembered::longest(parent.dir.as_fd()).map_err(|error| {
        let message = format!("cannot tell what storage {place:?} lies on: {error}");
        Failure::new(Exit::Storage, message)
    })
}

/// Removes what was prepared beside the place, with its manifest.
fn remove_prepared(finish: &Finish) -> Result<(), Failure> {
    let parent = Parent::of(Path::new(&finish.aside))?;
    let aside = name(&finish.aside);
    if !finish.is_new(&parent.entry(aside)?) {
        return Ok(());
    }
    for name in [crate::manifest::name(aside), aside.to_owned()] {
        let path = Path::new(&finish.aside).with_file_name(&name);
        let broken = |errno| failed("remove", &path, errno);
        let dir = parent.dir.try_clone();
        let dir = dir.map_err(|error| broken(Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
        let name = CString::new(name.as_bytes()).map_err(|_| broken(Errno::INVAL))?;
        removal::remove(dir, name).map_err(broken)?;
    }
    parent.sync()
}
