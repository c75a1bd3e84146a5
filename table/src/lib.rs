//! The table of private symbolic links: its text, what holds for one process, and how names are resolved with it.
#![deny(unsafe_code)]

mod document;
mod file;
mod users;

pub mod error;
pub mod name;

pub mod table;

pub mod criteria;
pub mod subject;

pub mod select;

pub mod choices;

pub mod hash;
pub mod snapshot;

mod atomic;
pub mod swap;

mod held;
mod position;
pub mod procfs;
mod rest;
pub mod tree;
pub mod visible;
pub mod walk;
pub mod watch;

pub mod executable;

pub mod config;
pub mod duration;
pub mod members;
pub mod trust;

mod mountinfo;
pub mod store;

pub mod history;

pub mod pinned;

pub use error::{Error, Result};
