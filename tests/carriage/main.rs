//! Which version runs: programs that are started in any way, their libraries, and what the preload engine cannot carry.
//!
//! The oracle is a symlink where the private link is: what a program says of itself is the same then.

mod installation;
mod libraries;
mod matrix;
mod runtime;
mod started;
mod uncovered;
