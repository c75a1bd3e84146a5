//! Live links: running processes follow the table, whatever they are in the middle of, and nobody else pays for it.

mod bench;
mod costs;
mod follows;
mod stays;
