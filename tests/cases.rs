//! The rows: every hooked symbol with its arguments, what it shows, and where it differs from the kernel on purpose.
//!
//! ```text
//! SYMBOL | TWIN | ... (ARGUMENT, ...) SHOWS .REMARK(...);
//! ```
//!
//! What a row shows is told in `probe/seen.rs`; a number in it is that of an argument that the call fills in.

mod row;
mod spellings;
mod spelt;

mod attributes;
mod changes;
mod entries;
mod facts;
mod kept;
mod listings;
mod mounts;
mod opens;
mod programs;
mod raw;
mod sockets;
mod spawns;
mod texts;
mod trees;
mod wild;

pub use changes::rows as changes;
pub use row::{Differs, Given, Row};
pub use spellings::{Names, Spelling, all as spellings};

/// Returns every row that is played with every spelling.
pub fn rows() -> Vec<Row> {
    let functions = [
        opens::rows(),
        listings::rows(),
        facts::rows(),
        attributes::rows(),
        texts::rows(),
        entries::rows(),
        mounts::rows(),
        sockets::rows(),
        kept::rows(),
        trees::rows(),
    ]
    .concat();
    let by_number = raw::rows(&functions);
    let named = [functions, by_number].concat();
    let wild = wild::rows(&named);
    [named, wild].concat()
}

/// Returns the rows of calls that start programs, and the names that they are played with.
pub fn programs() -> (Vec<Row>, Vec<Spelling>) {
    let functions = programs::rows();
    let by_number = raw::programs(&functions);
    let rows = [functions, by_number, spawns::programs()].concat();
    (rows, programs::spellings())
}

/// Returns the rows that give names to a program which is to be started.
pub fn actions() -> Vec<Row> {
    spawns::actions()
}
