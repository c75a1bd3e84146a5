//! All that `upgrade status` says of a roll, made of the bytes of its journal alone.
use super::picture;
use crate::roll::journal::event::Way;
use crate::roll::journal::{self, Line};
use crate::roll::outcome;
use crate::roll::state::State;
use std::path::Path;

/// What is made of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The lines that count, as they are written.
    pub lines: String,
    /// What is said of the roll, in words; nothing of one that was not planned.
    pub text: String,
    /// The same for programs, the steps that every member would have to take, and the picture.
    pub rest: String,
}

/// Reads and follows a journal, whatever its bytes are; fails with what is said of one that is refused.
pub fn status_of_journal(bytes: &[u8]) -> Result<Told, String> {
    let refused = |failure| format!("{failure:?}");
    let (lines, end) = journal::parse(Path::new("journal"), bytes).map_err(refused)?;
    assert!(end <= bytes.len() as u64, "what is whole is part of it");
    let state = State::of(&lines).map_err(refused)?;
    let said = |state: State| {
        let indexes = 0..state.standings.len();
        let steps: Vec<_> = indexes
            .map(|index| [Way::There, Way::Back].map(|way| state.steps(index, way)))
            .collect();
        let rest = format!(
            "{:?} {:?} {} {steps:?} {:?} {} {}",
            state.next_there(&[]),
            state.next_back(&[]),
            state.must_hold(),
            outcome::ended(&state),
            super::object(&state, None),
            picture::drawn(&state, &lines),
        );
        (super::text(&state, None), rest)
    };
    let (text, rest) = state.map(said).unwrap_or_default();
    Ok(Told {
        lines: lines.iter().map(Line::to_text).collect(),
        text,
        rest,
    })
}
