//! `upgrade`: members get another version, one after the other.
mod chosen;
mod finish;
mod going;
mod pause;
mod resume;
mod start;
mod status;
mod undo;

pub use status::{Told, status_of_journal};

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use clap::{Args, Subcommand};

const AFTER_HELP: &str = "\
Examples: psl-admin upgrade start /binaries/version /binaries/version2 --members erp1,erp2,erp3
          psl-admin upgrade status
          psl-admin upgrade finish";

/// Upgrades members one after the other: stop, link, start, wait for health
///
/// Each step is in a journal in the store before it is taken: whoever drives the roll may be killed at any time, and
/// `resume` goes on from any host.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Upgrade {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Start(start::Start),
    Status(status::Status),
    Pause(pause::Pause),
    Resume(resume::Resume),
    Undo(undo::Undo),
    Finish(finish::Finish),
}

impl Upgrade {
    /// Does what the second word says.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        match &self.verb {
            Verb::Start(verb) => verb.run(context),
            Verb::Status(verb) => verb.run(context),
            Verb::Pause(verb) => verb.run(context),
            Verb::Resume(verb) => verb.run(context),
            Verb::Undo(verb) => verb.run(context),
            Verb::Finish(verb) => verb.run(context),
        }
    }
}
