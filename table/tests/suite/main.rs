//! What only the crate as a whole can show.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a test fails where it unwraps"
)]

mod child;
mod commits;
mod config;
mod crashes;
mod cycles;
mod exchange;
mod hostile;
mod init;
mod members;
mod precedence;
mod refusals;
mod swap;
mod threads;
mod trust;
mod volume;
