//! `man`: the manual pages.
use crate::cli::Cli;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use clap::{Args, CommandFactory};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples: psl-admin man | man -l -
          psl-admin man --dir /usr/share/man/man1";

/// Prints the manual page of psl-admin (for packagers)
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Man {
    /// Writes a page for psl-admin and for every verb into this directory instead
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Man {
    /// Prints or writes them.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let Some(dir) = &self.dir else {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command())
                .render(&mut page)
                .expect("writing to a Vec succeeds");
            context.console.print_exactly(page)?;
            return Ok(Exit::Done);
        };
        clap_mangen::generate_to(Cli::command(), dir).map_err(|error| {
            let message = format!("cannot write manual pages to {dir:?}: {error}");
            Failure::new(Exit::Storage, message)
        })?;
        Ok(Exit::Done)
    }
}
