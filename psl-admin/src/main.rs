//! Edits the table of private symbolic links, starts instances, and upgrades them one by one.
#![deny(unsafe_code)]
// In the order of the flow: the command line, the verbs, what the verbs stand on.
mod cli;

mod add;
mod check;
mod demo;
mod enter;
mod env;
mod history;
mod init;
mod list;
mod member;
mod remove;
mod resolve;
mod rollback;
mod run;
mod show;
mod upgrade;

mod change;
mod columns;
mod console;
mod context;
mod diff;
mod edit;
mod engine;
mod environment;
mod exec;
mod exit;
mod failure;
mod known;
mod launch;
mod lines;
mod members;
mod mount;
mod nearest;
mod roll;
mod shim_file;
mod sigpipe;
mod view;
mod warning;
mod when;

use clap::Parser;
use members::detached::birth;
use std::process::ExitCode;

fn main() -> ExitCode {
    sigpipe::restore();
    let launch = launch::requested().map(launch::Launch::execute);
    let birth = || birth::requested().map(birth::Birth::execute);
    let ended = match launch.or_else(birth) {
        Some(failure) => Err(failure),
        None => match cli::Cli::try_parse() {
            Ok(cli) => {
                cli.color.write_global();
                cli.verb.run(&cli.context())
            }
            Err(error) => return cli::show_usage(&error).into(),
        },
    };
    ended
        .unwrap_or_else(|failure| {
            console::show_failure(&failure);
            failure.exit()
        })
        .into()
}
