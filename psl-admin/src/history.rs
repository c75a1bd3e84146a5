//! `history`: the log of the commits.
use crate::columns;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use clap::Args;
use psl_table::history::Commit;
use serde::Serialize;

/// Lists the generations, the newest first: when, who, from which host, why
#[derive(Args, Debug)]
#[command(after_help = "Example: psl-admin history -n 5")]
pub struct History {
    /// Lists only the N newest
    #[arg(short, value_name = "N")]
    number: Option<usize>,
}

/// A commit as `history --json` prints it.
#[derive(Serialize)]
struct Shown<'a> {
    generation: u64,
    after: Option<u64>,
    when: &'a str,
    who: &'a str,
    host: &'a str,
    reason: Option<&'a str>,
}

impl History {
    /// Prints it.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let mut commits = context.open()?.history()?;
        commits.truncate(self.number.unwrap_or(usize::MAX));
        if context.console.json {
            let shown: Vec<_> = commits.iter().map(shown).collect();
            context.console.print_json(&shown)?;
        } else {
            let header = ["GENERATION", "WHEN", "WHO", "HOST", "REASON"];
            context
                .console
                .print(columns::aligned(header, commits.iter().map(cells)))?;
        }
        Ok(Exit::Done)
    }
}

fn shown(commit: &Commit) -> Shown<'_> {
    Shown {
        generation: commit.generation,
        after: Some(commit.after).filter(|after| *after > 0),
        when: &commit.when,
        who: &commit.who,
        host: &commit.host,
        reason: commit.reason.as_deref(),
    }
}

fn cells(commit: &Commit) -> [String; 5] {
    [
        commit.generation.to_string(),
        commit.when.clone(),
        commit.who.clone(),
        commit.host.clone(),
        commit.reason.clone().unwrap_or_default(),
    ]
}
