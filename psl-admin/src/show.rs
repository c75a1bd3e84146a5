//! `show`: one generation, as it was committed.
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use clap::Args;
use serde::Serialize;

/// Prints the table of one generation, as it was committed
#[derive(Args, Debug)]
#[command(after_help = "Example: psl-admin show 41")]
pub struct Show {
    /// The generation
    #[arg(value_name = "GEN")]
    generation: u64,
}

/// A generation as `show --json` prints it.
#[derive(Serialize)]
struct Shown<'a> {
    generation: u64,
    text: &'a str,
}

impl Show {
    /// Prints it, byte for byte.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let table = context.open()?.read_generation(self.generation)?;
        let text = table.text();
        if context.console.json {
            let generation = self.generation;
            context.console.print_json(&Shown { generation, text })?;
        } else {
            context.console.print_exactly(text)?;
        }
        Ok(Exit::Done)
    }
}
