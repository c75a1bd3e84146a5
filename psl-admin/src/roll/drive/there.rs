//! The way there: members one after the other, or a few at once.
use crate::members::bounded::Until;
use crate::members::trouble::{State as What, Trouble};
use crate::roll::drive::Drive;
use crate::roll::journal::event::{Event, Way};
use crate::roll::request::Request;
use crate::roll::state::Side;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a member that was upgraded may take to show that it still is healthy.
const STILL_HEALTHY: Duration = Duration::from_secs(10);

impl Drive<'_> {
    /// Upgrades members until none may begin, and those that have begun are done.
    pub(super) fn go_there(&self) -> Result<(), Trouble> {
        let mut worst = Ok(());
        thread::scope(|scope| {
            let (sender, ended) = mpsc::channel();
            let mut active = Vec::new();
            loop {
                while worst.is_ok() && !self.is_ending() {
                    match self.begin_next(&active) {
                        Ok(Some(index)) => {
                            active.push(index);
                            let sender = sender.clone();
                            scope.spawn(move || {
                                let carried = self.carry(index, Way::There);
                                // The receiver lives as long as a member is active.
                                let _ = sender.send((index, carried));
                            });
                        }
                        Ok(None) => break,
                        Err(trouble) => worst = Err(trouble),
                    }
                }
                if active.is_empty() {
                    break;
                }
                let Ok((index, carried)) = ended.recv() else {
                    break;
                };
                active.retain(|other| *other != index);
                match carried {
                    Ok(()) | Err(Trouble::Failed { .. }) => {}
                    Err(trouble @ Trouble::Forbidden(_)) => worst = Err(trouble),
                    Err(Trouble::Abandoned) if worst.is_ok() => worst = Err(Trouble::Abandoned),
                    Err(Trouble::Abandoned) => {}
                }
            }
        });
        match worst {
            // The roll is interrupted in order, by whoever called.
            Err(Trouble::Abandoned) => Ok(()),
            worst => worst,
        }
    }

    /// Chooses the next member, if one may begin; looks at those that are done before another one goes down.
    fn begin_next(&self, active: &[usize]) -> Result<Option<usize>, Trouble> {
        let state = self.state();
        let Some(index) = state.next_there(active) else {
            return Ok(None);
        };
        if state.standings[index].side == Side::Between {
            return Ok(Some(index));
        }
        if self.asked() == Some(Request::Pause) {
            return Ok(None);
        }
        for (turn, standing) in state.plan.members.iter().zip(&state.standings) {
            if standing.side != Side::New {
                continue;
            }
            if let Some(why) = self.relapse(&turn.member)? {
                self.note(Event::Failed {
                    member: turn.member.clone(),
                    way: Way::There,
                    step: None,
                    state: What::Relapsed,
                    message: why,
                })?;
                return Ok(None);
            }
        }
        Ok(Some(index))
    }

    /// Says why a member that was upgraded is not healthy any more.
    fn relapse(&self, name: &str) -> Result<Option<String>, Trouble> {
        let member = self.member(name)?;
        let ending = || self.signals.is_ending();
        let until = Until::within(STILL_HEALTHY, &ending);
        loop {
            let Err(why) = member.probe(&until) else {
                return Ok(None);
            };
            if !until.pause(Duration::from_millis(200))? {
                return Ok(Some(why));
            }
        }
    }
}
