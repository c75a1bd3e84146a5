//! `resolve`: what a member reaches.
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{known, view};
use clap::Args;
use serde::Serialize;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Prints the physical path that a member reaches by each PATH, one a line
///
/// Exits with 1 when a path does not exist for the member. Criteria on the program do not hold here, since there is none.
#[derive(Args, Debug)]
#[command(after_help = "Example: psl-admin resolve --member erp1 /binaries/version/bin/erpd")]
pub struct Resolve {
    /// The member
    #[arg(long, value_name = "M", value_parser = known::member)]
    member: String,
    /// The names to resolve, as a process of the member would give them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<OsString>,
}

/// A path as `resolve --json` prints it.
#[derive(Serialize)]
struct Shown {
    path: String,
    physical: Option<String>,
    error: Option<String>,
}

impl Resolve {
    /// Prints them; a path that cannot be reached is told of, and the next ones are still printed.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let table = context.open()?.read()?;
        known::require(&table, &self.member)?;
        let view = view::of_member(&table, &self.member)?;
        let mut exit = Exit::Done;
        let mut shown = Vec::new();
        for path in &self.paths {
            let reached = view::physical(&view, path);
            if reached.is_err() {
                exit = Exit::No;
            }
            match &reached {
                _ if context.console.json => shown.push(entry(path, &reached)),
                Ok(physical) => {
                    context
                        .console
                        .print_exactly([physical.as_os_str().as_bytes(), b"\n"].concat())?;
                }
                Err(error) => context.console.note(&format!("{path:?}: {error}")),
            }
        }
        if context.console.json {
            context.console.print_json(&shown)?;
        }
        Ok(exit)
    }
}

fn entry(path: &OsString, reached: &std::io::Result<PathBuf>) -> Shown {
    Shown {
        path: path.to_string_lossy().into_owned(),
        physical: reached
            .as_ref()
            .ok()
            .map(|physical| physical.to_string_lossy().into_owned()),
        error: reached.as_ref().err().map(ToString::to_string),
    }
}
