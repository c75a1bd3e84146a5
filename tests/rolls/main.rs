//! Rolls over servers that nobody here wrote, from the first version to the removal of its tree.
mod fleet;

mod nginx;
mod redis;
