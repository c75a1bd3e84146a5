//! Who is told of a roll while it goes on: a terminal, a log, or another program.
mod events;
mod lines;
mod rows;
pub mod words;

use crate::console::Console;
use crate::roll::journal::Line;
use crate::roll::state::State;
use psl_table::visible;
use std::io::IsTerminal;

/// Is told of every line of the journal, once it is on the storage.
pub trait Watch: Sync {
    /// A line was written; `state` is what the journal says with it.
    fn line(&self, line: &Line, state: &State);
    /// A member that failed, or a command for it, wrote this last.
    fn output(&self, member: &str, text: &str);
    /// Nothing more follows.
    fn end(&self);
}

/// Chooses who is told: JSON for programs, a row a member on a terminal, a line an event for a log.
pub fn chosen(console: Console, state: &State) -> Box<dyn Watch> {
    if console.json {
        return Box::new(events::Events);
    }
    if console.quiet {
        return Box::new(Nobody);
    }
    match std::io::stderr().is_terminal() {
        true => Box::new(rows::Rows::of(state)),
        false => Box::new(lines::Lines),
    }
}

/// Nobody wants to know.
struct Nobody;

impl Watch for Nobody {
    fn line(&self, _: &Line, _: &State) {}
    fn output(&self, _: &str, _: &str) {}
    fn end(&self) {}
}

/// Returns the last few lines of what a member wrote, each marked with its name, without what could steer a terminal.
fn quoted(member: &str, text: &str) -> String {
    const SHOWN: usize = 20;
    let lines: Vec<_> = text.lines().collect();
    let from = lines.len().saturating_sub(SHOWN);
    let shown = lines[from..].iter();
    shown
        .map(|line| format!("{member} | {}\n", visible::line(&line.replace('\t', " "))))
        .collect()
}
