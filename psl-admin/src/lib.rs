//! Edits the table of private symbolic links, starts instances, and upgrades them one by one.
#![deny(unsafe_code)]
// Without `main` most of it is not even compiled.
#![cfg_attr(fuzzing, allow(dead_code, unused_imports))]
// In the order of the flow: the command line, the verbs, what the verbs stand on.
mod cli;

mod add;
mod apply;
mod check;
mod completions;
mod demo;
mod diff;
mod doctor;
mod edit;
mod enter;
mod env;
mod explain;
mod gc;
mod history;
mod init;
mod list;
mod man;
mod member;
mod ps;
mod remove;
mod resolve;
mod rollback;
mod run;
mod show;
mod stage;
mod store_file;
mod upgrade;

pub mod amend;
mod base;
mod change;
mod columns;
mod command;
mod console;
mod context;
mod engine;
mod environment;
mod exec;
mod exit;
mod extents;
mod failure;
mod identity;
mod instance;
mod known;
mod launch;
mod lines;
mod manifest;
mod members;
mod mount;
mod nearest;
mod parent_death;
mod removal;
mod roll;
mod running;
mod shim_file;
mod shown_link;
mod signals;
mod sigpipe;
mod tour;
mod unified;
mod uses;
mod view;
mod warning;
mod when;
mod within;

use clap::Parser;
use members::detached::birth;
use members::hooks::begin;
use std::process::ExitCode;

pub use console::shown;
pub use upgrade::{Told, status_of_journal};

#[cfg(not(fuzzing))]
/// Does what the arguments say; the exit codes are those of the documentation.
pub fn main() -> ExitCode {
    sigpipe::restore();
    let launch = launch::requested().map(launch::Launch::execute);
    let birth = || birth::requested().map(birth::Birth::execute);
    let begin = || begin::requested().map(begin::Begin::execute);
    let ended = match launch.or_else(birth).or_else(begin) {
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
