//! Edits the table of private symbolic links, starts instances, and upgrades them one by one.
fn main() {}
