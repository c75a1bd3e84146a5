//! Writing into the journal of a roll that has ended: that something it has left is gone.
use crate::failure::Failure;
use crate::roll::directory::{Rolls, failed};
use crate::roll::fence::Fence;
use crate::roll::journal::Journal;
use crate::roll::journal::event::Event;
use psl_table::history::Author;

/// Writes a line, as the one program that may.
pub fn note(rolls: &Rolls<'_>, roll: &str, by: &Author, event: Event) -> Result<(), Failure> {
    let file = rolls.journal(roll);
    let (fence, ()) = Fence::take_over(rolls, roll, by, || Ok(()))?;
    let (mut journal, _) = Journal::resume(&file, fence.token, rolls.store.trust())?;
    let written = fence.require().map_err(Failure::from).and_then(|()| {
        let written = journal.append(event);
        written.map_err(|error| failed("write", &file, &error))
    });
    fence.release(rolls, by);
    written.map(|_| ())
}
