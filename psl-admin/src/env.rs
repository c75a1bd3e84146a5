//! `env`: the variables that make a process an instance of a member.
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{known, shim_file};
use clap::Args;
use serde_json::{Map, Value};
use std::path::Path;

const AFTER_HELP: &str = "\
Examples: psl-admin env --member erp1 > /etc/psl/erp1.env   (then EnvironmentFile=/etc/psl/erp1.env in a unit)
          set -a; eval \"$(psl-admin env --member erp1)\"; exec env /binaries/version/bin/erpd";

/// Prints the variables of a member's instances, one a line, for a shell or a systemd EnvironmentFile
///
/// LD_PRELOAD names the shim alone. Nothing pins the generation: what is started with these variables reads the table
/// that is current then. A shell or a service manager outside of the instance resolves the program's path without the
/// links; where nothing lies at the place itself, start the program by env(1).
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Env {
    /// The member
    #[arg(long, value_name = "M", value_parser = known::member)]
    member: String,
}

impl Env {
    /// Prints them, quoted.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let host = context.host()?;
        let start = context.start(&host)?;
        known::require(&start.table, &self.member)?;
        let variables = [
            ("LD_PRELOAD", text(&shim_file::find(&host)?)?),
            ("PSL_STORE", text(&start.store)?),
            ("PSL_MEMBER", self.member.clone()),
        ];
        if context.console.json {
            let object = variables.map(|(name, value)| (name.to_owned(), Value::String(value)));
            context.console.print_json(&Map::from_iter(object))?;
        } else {
            let lines = variables
                .iter()
                .map(|(name, value)| format!("{name}={}\n", quoted(value)));
            context.console.print_exactly(lines.collect::<String>())?;
        }
        Ok(Exit::Done)
    }
}

/// An EnvironmentFile is UTF-8 text, and one line a variable is what both readers understand.
fn text(path: &Path) -> Result<String, Failure> {
    let carried = path
        .to_str()
        .filter(|text| !text.chars().any(char::is_control));
    carried.map(str::to_owned).ok_or_else(|| not_carried(path))
}

fn not_carried(path: &Path) -> Failure {
    Failure::new(
        Exit::Refused,
        format!(
            "an environment file cannot hold {path:?}, expected UTF-8 without control characters"
        ),
    )
    .with_help("`psl-admin run` can start the instance")
}

/// Quotes a value so that sh and systemd.exec(5) read the same: both take a backslash before these four alone.
fn quoted(value: &str) -> String {
    let mut text = String::from('"');
    for character in value.chars() {
        if matches!(character, '"' | '\\' | '$' | '`') {
            text.push('\\');
        }
        text.push(character);
    }
    text + "\""
}
