//! psl-admin as an administrator meets it: arguments in; output, exit code and store out.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod bench;

mod bad_input;
mod change;
mod check;
mod env;
mod help;
mod history;
mod list;
mod mount;
mod output;
mod resolve;
mod rollback;
mod run;
mod usage;
