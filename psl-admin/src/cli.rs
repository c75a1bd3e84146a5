//! The command line: global flags and the list of verbs.
use crate::console::{Console, styled};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{
    add, apply, check, completions, demo, diff, doctor, edit, enter, env, explain, gc, history,
    init, list, man, member, ps, remove, resolve, rollback, run, show, stage, upgrade,
};
use clap::{CommandFactory, Parser, Subcommand};
use std::io::Write;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Exit codes: 0 done; 1 no, or differences; 2 usage; 3 invalid table or
configuration; 4 conflict with another administrator; 5 refused; 6 storage;
7 an upgrade failed. `run` exits as its command does.

Example: psl-admin init /shared/psl
         export PSL_STORE=/shared/psl
         psl-admin add --member erp1 /binaries/version /binaries/version2
         psl-admin run --member erp1 -- /binaries/version/bin/erpd";

/// The heading of the flags that every verb takes.
const GLOBAL: &str = "Global options";

/// Edits the table of private symbolic links and starts instances
#[derive(Debug, Parser)]
#[command(name = "psl-admin", version, max_term_width = 120, after_help = AFTER_HELP)]
pub struct Cli {
    /// The store; otherwise $PSL_STORE, then `store` in the host configuration ($PSL_CONFIG or /etc/psl/psl.toml)
    #[arg(long, value_name = "DIR", global = true, help_heading = GLOBAL)]
    store: Option<PathBuf>,
    /// Prints data as JSON
    #[arg(long, global = true, help_heading = GLOBAL)]
    json: bool,
    /// When to colour
    #[command(flatten, next_help_heading = GLOBAL)]
    pub color: colorchoice_clap::Color,
    /// Prints no warnings and no notes; errors are printed
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    quiet: bool,
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
}

impl Cli {
    /// Returns what the global flags say, for the verb.
    pub fn context(&self) -> Context {
        Context {
            store: self.store.clone(),
            console: Console {
                json: self.json,
                quiet: self.quiet,
            },
        }
    }
}

/// What psl-admin can do, one file each.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Init(init::Init),
    Add(add::Add),
    Remove(remove::Remove),
    List(list::List),
    Member(member::Member),
    Resolve(resolve::Resolve),
    Explain(explain::Explain),
    Check(check::Check),
    Edit(edit::Edit),
    Apply(apply::Apply),
    Diff(diff::Diff),
    History(history::History),
    Show(show::Show),
    Rollback(rollback::Rollback),
    Run(run::Run),
    #[command(hide = true)]
    Enter(enter::Enter),
    Env(env::Env),
    Ps(ps::Ps),
    Doctor(doctor::Doctor),
    Stage(stage::Stage),
    Upgrade(upgrade::Upgrade),
    Gc(gc::Gc),
    Demo(demo::Demo),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Verb {
    /// Does it.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        match self {
            Self::Init(verb) => verb.run(context),
            Self::Add(verb) => verb.run(context),
            Self::Remove(verb) => verb.run(context),
            Self::List(verb) => verb.run(context),
            Self::Member(verb) => verb.run(context),
            Self::Resolve(verb) => verb.run(context),
            Self::Explain(verb) => verb.run(context),
            Self::Check(verb) => verb.run(context),
            Self::Edit(verb) => verb.run(context),
            Self::Apply(verb) => verb.run(context),
            Self::Diff(verb) => verb.run(context),
            Self::History(verb) => verb.run(context),
            Self::Show(verb) => verb.run(context),
            Self::Rollback(verb) => verb.run(context),
            Self::Run(verb) => verb.run(context),
            Self::Enter(verb) => verb.run(context),
            Self::Env(verb) => verb.run(context),
            Self::Ps(verb) => verb.run(context),
            Self::Doctor(verb) => verb.run(context),
            Self::Stage(verb) => verb.run(context),
            Self::Upgrade(verb) => verb.run(context),
            Self::Gc(verb) => verb.run(context),
            Self::Demo(verb) => verb.run(context),
            Self::Completions(verb) => verb.run(context),
            Self::Man(verb) => verb.run(context),
        }
    }
}

/// Prints the help or version that was asked for, or what is wrong with the command line.
pub fn show_usage(error: &clap::Error) -> Exit {
    colour_wanted().write_global();
    let text = styled(&error.render().ansi().to_string());
    let (written, exit) = if error.use_stderr() {
        let text = text.replacen("error:", "psl-admin:", 1);
        (anstream::stderr().write_all(text.as_bytes()), Exit::Usage)
    } else {
        (anstream::stdout().write_all(text.as_bytes()), Exit::Done)
    };
    match written {
        Ok(()) => exit,
        Err(_) => Exit::Storage,
    }
}

/// Finds `--color` on a command line that does not parse as a whole.
fn colour_wanted() -> colorchoice_clap::Color {
    let command = Cli::command()
        .ignore_errors(true)
        .disable_help_flag(true)
        .disable_version_flag(true);
    let matches = command.try_get_matches();
    let color = matches
        .ok()
        .and_then(|matches| matches.try_get_one("color").ok().flatten().copied())
        .unwrap_or_default();
    colorchoice_clap::Color { color }
}
