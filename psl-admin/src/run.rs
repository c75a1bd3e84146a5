//! `run`: starts an instance of a member.
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::launch::{self, Launch};
use crate::{known, shim_file};
use clap::{Args, ValueEnum};
use std::ffi::OsString;

const AFTER_HELP: &str = "\
Exits as CMD does; 127 when CMD is not found, 126 when it cannot be executed.

Examples: psl-admin run --member erp1 -- /binaries/version/bin/erpd --port 8081
          psl-admin run --member erp1 --generation 41 -- ls -l /binaries";

/// Starts an instance of a member: becomes CMD, which sees the member's links, as do the programs that it starts
///
/// The whole instance keeps to one generation of the table, through changes made while it runs. Inside another instance,
/// too, `run` starts one of its own.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Run {
    /// The member
    #[arg(long, value_name = "M", value_parser = known::member)]
    member: String,
    /// What makes the instance see its links
    #[arg(long, value_enum, default_value_t = Engine::Auto)]
    engine: Engine,
    /// Starts on an older generation of the table instead of the current one
    #[arg(long, value_name = "G")]
    generation: Option<u64>,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// What makes a process see its links.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Engine {
    /// Whatever can carry the program
    Auto,
    /// The shim, by LD_PRELOAD
    Preload,
}

impl Run {
    /// Becomes the command; returns only when that fails.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let host = context.host()?;
        let store = context.open_with(&host)?;
        let table = match self.generation {
            Some(generation) => store.read_generation(generation)?,
            None => store.read()?,
        };
        known::require(&table, &self.member)?;
        let shim = shim_file::find(&host)?;
        let (Engine::Auto | Engine::Preload) = self.engine;

        let pinned = format!("g{};{}", table.generation, self.member);
        let variables = [
            ("PSL_STORE", store.dir().into()),
            ("PSL_MEMBER", self.member.clone().into()),
            ("PSL_SNAPSHOT", pinned.into()),
        ];
        let environment = launch::environment(shim.as_os_str(), &variables);
        let launch = Launch {
            generation: table.generation,
            shim: shim.into(),
            command: self.command.clone(),
        };
        Err(launch.begin(environment))
    }
}
