//! `doctor`: whether this host is ready, and what carries a program.
mod finding;
mod host;
mod program;

mod elf_versions;
mod libc;

pub use program::judge;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::known;
use clap::Args;
use std::ffi::OsString;

const AFTER_HELP: &str = "\
Exits with 0 when nothing fails, or when PROGRAM is carried; else as what failed first: 3 an invalid table or
configuration, 5 not trusted, not loadable or not covered, 6 storage. 1 when PROGRAM is not found.

Examples: psl-admin doctor
          psl-admin doctor --member erp1 /binaries/version/bin/erpd";

/// Checks this host; or tells what PROGRAM is, where its libraries come from, and which engine carries it
///
/// Nothing is changed. Namespaces are tried in a child process; whatever is mounted there ends with it. All is judged for
/// the user who asks.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Doctor {
    /// The member that starts PROGRAM; otherwise $PSL_MEMBER, else none: only links without member and group hold then
    #[arg(long, value_name = "M", value_parser = known::member, requires = "program")]
    member: Option<String>,
    /// A path, or a name that is searched for along PATH
    program: Option<OsString>,
}

impl Doctor {
    /// Prints what was found.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        match &self.program {
            Some(program) => program::examine(context, self.member.as_deref(), program),
            None => host::examine(context),
        }
    }
}
