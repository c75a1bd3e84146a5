//! One line of text an event, for logs.
use crate::roll::journal::Line;
use crate::roll::state::State;
use crate::roll::watch::{Watch, quoted, words};
use psl_table::visible;
use std::io::Write;

/// Writes to standard error.
pub struct Lines;

impl Watch for Lines {
    fn line(&self, line: &Line, _: &State) {
        if let Some(said) = words::of(&line.event) {
            let time = line.time.strftime("%H:%M:%S");
            print(&format!("{time} {said}\n"));
        }
    }

    fn output(&self, member: &str, text: &str) {
        print(&quoted(member, text));
    }

    fn end(&self) {}
}

/// A reader that is gone does not end the roll.
fn print(text: &str) {
    let _ = std::io::stderr()
        .lock()
        .write_all(visible::lines(text).as_bytes());
}
