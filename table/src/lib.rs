//! The table of private symbolic links: its text, what holds for one process, and how names are resolved with it.
#![deny(unsafe_code)]

mod position;
mod rest;
pub mod snapshot;
pub mod tree;
pub mod walk;
