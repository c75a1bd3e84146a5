//! psl-admin as an administrator meets it: arguments in; output, exit code and store out.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod bench;
mod terminal;

mod apply;
mod bad_input;
mod change;
mod check;
mod diff;
mod doctor;
mod edit;
mod env;
mod explain;
mod help;
mod history;
mod list;
mod mount;
mod output;
mod packaging;
mod resolve;
mod rollback;
mod run;
mod stage;
mod usage;
