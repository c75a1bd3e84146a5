//! Where a roll is: what its journal says, line after line.
mod standing;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::roll::directory::Rolls;
use crate::roll::finish::{Finish, Task};
use crate::roll::journal::event::{Event, Outcome, Step, Way};
use crate::roll::journal::{self, Line};
use crate::roll::plan::{FORMAT, OnFailure, Plan};

pub use standing::{Side, Standing};

/// What a roll is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It upgrades members.
    Forward,
    /// A member has failed, and what the plan says about that is being done.
    Failing,
    /// It brings all members back.
    Back,
    /// It waits after the first members.
    Held,
    /// It waits because somebody asked it to.
    Paused,
    /// It waits after a failure.
    Halted,
    /// Its place becomes the new version for everybody.
    Finishing,
    /// It has ended.
    Finished(Outcome),
}

/// Where a roll is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// What was planned.
    pub plan: Plan,
    /// What it is doing.
    pub phase: Phase,
    /// Where each member is, in the plan's order.
    pub standings: Vec<Standing>,
    /// Whether it has held after the first members.
    pub has_held: bool,
    /// Whether it goes back because a member failed, and not because somebody asked for it.
    pub turned_by_failure: bool,
    /// Whether all members go back.
    pub turned: bool,
    /// What its place becomes for everybody, once that was decided.
    pub finish: Option<Finish>,
    /// The tasks of that which are done.
    pub tasks: Vec<Task>,
    /// The generation without its links, in which everybody has the new version.
    pub settled: Option<u64>,
    /// The trees that it had left and that were removed.
    pub collected: Vec<String>,
}

impl State {
    /// Reads the journal of a roll.
    pub fn read(rolls: &Rolls<'_>, id: &str) -> Result<Option<Self>, Failure> {
        Self::of(&journal::read(&rolls.journal(id), rolls.store.trust())?)
    }

    /// Reads the journals of all rolls, the oldest first; a roll that died before it was planned is none.
    pub fn read_all(rolls: &Rolls<'_>) -> Result<Vec<Self>, Failure> {
        let ids = rolls.ids()?;
        let states = ids.iter().map(|id| Self::read(rolls, id));
        states.filter_map(Result::transpose).collect()
    }

    /// Follows a journal from its beginning; `None` when it has none.
    pub fn of(lines: &[Line]) -> Result<Option<Self>, Failure> {
        let Some((first, rest)) = lines.split_first() else {
            return Ok(None);
        };
        let Event::Planned { plan } = &first.event else {
            let message = "a journal begins without a plan, expected one in its first line";
            return Err(Failure::new(Exit::Invalid, message));
        };
        if plan.format > FORMAT {
            let message = format!(
                "roll {:?} has journal format {}, this program reads up to {FORMAT}",
                plan.roll, plan.format
            );
            return Err(
                Failure::new(Exit::Invalid, message).with_help("install a newer psl on this host")
            );
        }
        let mut state = Self::planned(plan.as_ref().clone());
        rest.iter().for_each(|line| state.follow(&line.event));
        Ok(Some(state))
    }

    /// Returns the state before the first step.
    pub fn planned(plan: Plan) -> Self {
        Self {
            phase: Phase::Forward,
            standings: plan.members.iter().map(|_| Standing::default()).collect(),
            has_held: false,
            turned_by_failure: false,
            turned: false,
            finish: None,
            tasks: Vec::new(),
            settled: None,
            collected: Vec::new(),
            plan,
        }
    }

    /// Follows one line.
    pub fn follow(&mut self, event: &Event) {
        if let Some(name) = event.member()
            && let Some(index) = self.plan.members().position(|member| member == name)
        {
            self.standings[index].follow(event);
        }
        match event {
            Event::Failed { way, .. } if *way == Way::There && self.phase == Phase::Forward => {
                self.phase = Phase::Failing;
            }
            Event::Resumed => {
                self.phase = match self.turned {
                    true => Phase::Back,
                    false => Phase::Forward,
                };
            }
            Event::Turned { on_failure } => {
                self.phase = Phase::Back;
                self.turned = true;
                self.turned_by_failure = on_failure.is_some();
            }
            Event::Held => {
                self.phase = Phase::Held;
                self.has_held = true;
            }
            Event::Paused => self.phase = Phase::Paused,
            Event::Halted => self.phase = Phase::Halted,
            Event::Finishing { finish } => {
                self.phase = Phase::Finishing;
                self.finish = Some(finish.as_ref().clone());
                self.tasks.clear();
            }
            Event::TaskEnded { task, generation } => {
                self.tasks.push(*task);
                self.settled = generation.or(self.settled);
            }
            Event::Finished { outcome } => {
                self.phase = Phase::Finished(*outcome);
                // What could not be finished is complete again.
                if *outcome != Outcome::Settled {
                    self.finish = None;
                }
            }
            Event::Collected { path } => self.collected.push(path.clone()),
            _ => {}
        }
    }

    /// Tells whether it may still do something by itself or by `resume`, and so keeps its members from other rolls.
    pub fn is_live(&self) -> bool {
        !matches!(self.phase, Phase::Finished(_))
    }

    /// Returns the next member to upgrade, when `active` are being upgraded; `None` when none may begin.
    ///
    /// Members that are half done come first, and are finished though another one has failed. No more than
    /// `max_unavailable` are down at once, and no more than the first few begin before the roll has held.
    pub fn next_there(&self, active: &[usize]) -> Option<usize> {
        let may_begin = self.phase == Phase::Forward;
        let may_finish = may_begin || self.phase == Phase::Failing;
        if !may_finish || active.len() >= self.plan.options.max_unavailable {
            return None;
        }
        let is_due = |index: &usize| {
            let standing = &self.standings[*index];
            let is_done = standing.side == Side::New || (standing.failed.is_some() && !may_begin);
            !active.contains(index) && !is_done
        };
        let is_half_done = |index: &usize| self.standings[*index].side == Side::Between;
        let indexes = 0..self.standings.len();
        if let Some(index) = indexes.clone().filter(is_due).find(is_half_done) {
            return Some(index);
        }
        if !may_begin {
            return None;
        }
        let begun = self.count(Side::New) + active.len();
        if self.holds_after().is_some_and(|first| begun >= first) {
            return None;
        }
        indexes.into_iter().find(is_due)
    }

    /// Tells whether the roll has to hold: the first members are done, and there are more.
    pub fn must_hold(&self) -> bool {
        let done = self.count(Side::New);
        self.phase == Phase::Forward
            && done < self.standings.len()
            && self.holds_after().is_some_and(|first| done >= first)
    }

    /// Returns the next member to bring back: first those that are half done, then the one that was upgraded last.
    pub fn next_back(&self, tried: &[usize]) -> Option<usize> {
        let is_due = |index: &usize| !tried.contains(index) && self.must_go_back(*index);
        let is_half_done = |index: &usize| self.standings[*index].side == Side::Between;
        let mut indexes = (0..self.standings.len()).rev();
        let half_done = indexes.clone().filter(is_due).find(is_half_done);
        half_done.or_else(|| indexes.find(is_due))
    }

    /// Tells whether a member has to be brought back now.
    fn must_go_back(&self, index: usize) -> bool {
        let standing = &self.standings[index];
        match self.phase {
            Phase::Back => standing.side != Side::Old,
            Phase::Failing => {
                self.plan.options.on_failure == OnFailure::UndoMember
                    && standing.failed.is_some()
                    && standing.side != Side::Old
            }
            _ => false,
        }
    }

    /// Returns after how many members the roll still has to hold.
    fn holds_after(&self) -> Option<usize> {
        self.plan.options.canary.filter(|_| !self.has_held)
    }

    /// Counts the members on a side.
    pub fn count(&self, side: Side) -> usize {
        let standings = self.standings.iter();
        standings.filter(|standing| standing.side == side).count()
    }

    /// Returns the steps that a member has to take from where it is.
    ///
    /// A step that was begun is taken again: each looks first what is left to do. Whatever runs before the start was
    /// begun is the old instance, and is stopped.
    pub fn steps(&self, index: usize, way: Way) -> Vec<Step> {
        let standing = &self.standings[index];
        let copies = self.plan.options.copy_from.is_some();
        let mut steps = match way {
            Way::There => vec![Step::Copy, Step::Stop, Step::Link, Step::Start, Step::Check],
            Way::Back if standing.is_linked => {
                vec![Step::Stop, Step::Link, Step::Start, Step::Check]
            }
            // Its link was never touched: what it runs, if it still runs, is the old version.
            Way::Back => vec![Step::Start, Step::Check],
        };
        let has_begun_start = standing.way == Some(way) && standing.has_begun_start;
        steps.retain(|step| match step {
            Step::Copy => copies && !standing.is_copied,
            Step::Stop | Step::Link => !has_begun_start,
            Step::Start | Step::Check => true,
        });
        steps
    }
}

#[cfg(test)]
mod tests;
