//! The end of a roll: its place has the new version for everybody, and the private links go.
//!
//! What becomes what is written down before anything is done. Each task looks how far it has come, so that whoever
//! goes on after a crash takes it again.
pub mod decide;
pub mod plan;

pub mod check;
pub mod elsewhere;
mod users;

pub mod drive;
mod links;
mod manifests;
pub mod remembered;
pub mod swap;

pub mod entry;

pub use entry::{Entry, Parent};
pub use plan::{Finish, Form, Task};
