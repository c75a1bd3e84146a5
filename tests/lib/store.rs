//! A store with the links of the fixture.

use std::fmt::Write as _;
use std::path::Path;

use psl_table::Result;
use psl_table::history::Author;
use psl_table::store::{CommitOptions, Store};

use crate::fixture::{HIDDEN, PLACES, Place, SHARED, Theirs};

/// The member that has the links.
pub const MEMBER: &str = "erp1";

/// Another member, which has links to what is hidden.
pub const OTHER: &str = "erp2";

/// Makes a store at `dir` with this table.
pub fn make(dir: &Path, table: &str) -> Result<Store> {
    let store = Store::init(dir)?;
    store.replace(&Author::here(None), CommitOptions::default(), table)?;
    Ok(store)
}

/// Returns a table that gives the member all private links of the tree at `root`, and the other one its own.
pub fn table_for(root: &Path) -> String {
    let mut table = String::from("format = 1\ngeneration = 1\n");
    let own = PLACES
        .iter()
        .map(|Place { from, to, .. }| (MEMBER, from, to));
    let theirs = HIDDEN.iter().chain(SHARED);
    let others = theirs.map(|Theirs { from, to, .. }| (OTHER, from, to));
    for (member, from, to) in own.chain(others) {
        let (from, to) = (root.join(from), root.join(to));
        write!(
            table,
            "\n[[link]]\nfrom = {from:?}\nto = {to:?}\nmember = \"{member}\"\nprivate = true\n"
        )
        .expect("a string takes what it is given");
    }
    table
}
