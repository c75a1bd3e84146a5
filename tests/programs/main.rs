//! Software that nobody here wrote, from Debian packages, as instances of members.
mod nginx;
mod redis;

mod edits;
mod mounted;
mod start;

mod stage;
mod rows {
    pub mod coreutils;
    pub mod git;
    pub mod perl;
    pub mod python;
    pub mod shells;
    pub mod trees;
}
