//! `completions`: what a shell needs to complete psl-admin's arguments.
use crate::cli::Cli;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

const AFTER_HELP: &str = "\
Example: psl-admin completions bash > /usr/share/bash-completion/completions/psl-admin";

/// Prints the completions for a shell (for packagers)
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Prints the script.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "psl-admin", &mut script);
        context.console.print_exactly(script)?;
        Ok(Exit::Done)
    }
}
