//! `enter`: for the shim, which meets a program that it cannot carry: the same instance, by the mount engine.
use crate::context::Context;
use crate::environment::{self, Environment};
use crate::exec;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{mount, shim_file, view};
use clap::Args;
use psl_table::pinned::{self, Pinned};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// Becomes PROGRAM in a mount namespace with the links of the instance that this process is part of
///
/// It never reads the current table: the instance keeps to its generation.
#[derive(Args, Debug)]
pub struct Enter {
    /// The program's path, and its whole argument vector, which begins with the program's own name for itself
    #[arg(last = true, required = true, value_names = ["PROGRAM", "ARGV0", "ARGS"])]
    program: Vec<OsString>,
}

impl Enter {
    /// Becomes the program; returns only when that fails.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let (program, arguments) = self.program.split_first().ok_or_else(no_program)?;
        let prepared = || -> Result<Environment, Failure> {
            let host = context.host()?;
            let mut pinned = inherited()?;
            let mut store = context.store_dir(&host)?;
            // Inside, the links are there, and the store may not be: its owner has no name in a user namespace.
            if !pinned.is_mounted().is_ok_and(|is_mounted| is_mounted) {
                mount::refuse_inside()?;
                let opened = context.open_with(&host)?;
                opened.dir().clone_into(&mut store);
                let table = opened.read_generation(pinned.generation)?;
                let member = Some(pinned.member.as_str()).filter(|member| !member.is_empty());
                let view = view::of_program(&table, member, program)?;
                mount::enter(&view, Some(&store), &mut pinned)?;
            }
            let shim = shim_file::find(&host).ok();
            Ok(environment::without_shim(shim.as_deref(), &store, &pinned))
        };
        let environment = prepared().map_err(|failure| failure.of_program(program))?;
        let error = exec::become_file(program, arguments, environment);
        Err(exec::failed(program, &error))
    }
}

/// Reads what the instance passed on to this process.
fn inherited() -> Result<Pinned, Failure> {
    let refused = |message: String| Failure::new(Exit::Refused, message);
    let text = std::env::var_os(pinned::VARIABLE).ok_or_else(|| {
        refused(format!(
            "{} is not set: no instance started this process",
            pinned::VARIABLE
        ))
        .with_help("`psl-admin run` starts an instance")
    })?;
    let pinned = Pinned::read(text.as_bytes()).map_err(|error| refused(error.to_string()))?;
    let member = std::env::var_os("PSL_MEMBER").unwrap_or_default();
    if member != *pinned.member {
        return Err(refused(format!(
            "PSL_MEMBER is {member:?}, and the instance is one of member {:?}",
            pinned.member
        ))
        .with_help("`psl-admin run` starts an instance of another member"));
    }
    Ok(pinned)
}

fn no_program() -> Failure {
    Failure::new(Exit::Usage, "a program is missing")
}
