//! Writing down what is about to be done, as long as this program may do anything.
use crate::members::bounded::Until;
use crate::members::trouble::Trouble;
use crate::roll::directory::failed;
use crate::roll::drive::Drive;
use crate::roll::fence::Refusal;
use crate::roll::journal::event::Event;
use std::time::Duration;

/// How long to wait before a store that is away is asked again.
const AGAIN: Duration = Duration::from_millis(200);

impl Drive<'_> {
    /// Writes a line, which is on the storage when this returns, and tells of it.
    pub(super) fn note(&self, event: Event) -> Result<(), Trouble> {
        let mut notes = self.notes();
        let roll = notes.state.plan.roll.clone();
        let limit = notes.state.plan.options.deadline();
        let line = self.patiently(limit, || {
            self.fence.require()?;
            let journal = self.rolls.journal(&roll);
            let line = notes.journal.append(event.clone());
            line.map_err(|error| Refusal::Away(failed("write", &journal, &error)))
        })?;
        notes.state.follow(&line.event);
        self.watch.line(&line, &notes.state);
        Ok(())
    }

    /// Forbids everything when somebody else has taken over; waits for a store that is away.
    pub(super) fn permit(&self) -> Result<(), Trouble> {
        let limit = self.notes().state.plan.options.deadline();
        self.patiently(limit, || self.fence.require())
    }

    /// Tries again as long as the store is away, up to `limit`.
    pub(super) fn patiently<T>(
        &self,
        limit: Duration,
        mut attempt: impl FnMut() -> Result<T, Refusal>,
    ) -> Result<T, Trouble> {
        let ending = || self.signals.is_ending();
        let until = Until::within(limit, &ending);
        loop {
            match attempt() {
                Ok(done) => return Ok(done),
                Err(Refusal::Overtaken(failure)) => return Err(Trouble::Forbidden(failure)),
                Err(Refusal::Away(failure)) => match until.pause(AGAIN) {
                    Ok(true) => {}
                    Ok(false) | Err(_) => return Err(Trouble::Forbidden(failure)),
                },
            }
        }
    }
}
