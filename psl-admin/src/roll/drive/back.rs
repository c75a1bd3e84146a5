//! The way back: one member after the other, whatever happens to the one before.
use crate::members::trouble::Trouble;
use crate::roll::drive::Drive;
use crate::roll::journal::event::{Event, Outcome, Way};

impl Drive<'_> {
    /// Brings back every member that has to go back, each once.
    pub(super) fn go_back(&self) -> Result<(), Trouble> {
        let mut tried = Vec::new();
        while !self.is_ending()
            && let Some(index) = self.state().next_back(&tried)
        {
            tried.push(index);
            match self.carry(index, Way::Back) {
                // A broken member does not keep the others from their way back.
                Ok(()) | Err(Trouble::Failed { .. }) => {}
                Err(Trouble::Abandoned) => break,
                Err(forbidden) => return Err(forbidden),
            }
        }
        Ok(())
    }

    /// Ends a roll all of whose links are back; one that could not be brought back halts it.
    pub(super) fn end_back(&self) -> Result<(), Trouble> {
        let state = self.state();
        let due = state.next_back(&[]).is_some();
        if due && self.is_ending() {
            return self.interrupted();
        }
        if state.standings.iter().any(|standing| standing.is_linked) {
            return self.note(Event::Halted);
        }
        self.note(Event::Finished {
            outcome: Outcome::Undone,
        })
    }
}
