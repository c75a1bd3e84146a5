//! `demo` as whoever tries PSL meets it: one command, a story, and nothing left behind.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod bench;

mod ending;
mod flaws;
mod kept;
mod server;
mod surroundings;
mod whole;
