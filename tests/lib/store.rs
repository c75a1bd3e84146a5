//! A store made by hand: a directory with the text of a table.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::fixture::{PLACES, Place};

/// The member that has the links.
pub const MEMBER: &str = "erp1";

/// Makes a store at `dir` with this text as its table.
pub fn with_table(dir: &Path, table: &[u8]) -> io::Result<PathBuf> {
    fs::create_dir(dir)?;
    fs::set_permissions(dir, Permissions::from_mode(0o755))?;
    let file = dir.join("table.toml");
    fs::write(&file, table)?;
    fs::set_permissions(&file, Permissions::from_mode(0o644))?;
    Ok(file)
}

/// Returns a table that gives the member all private links of the tree at `root`.
pub fn table_for(root: &Path) -> String {
    let mut table = String::from("format = 1\ngeneration = 1\n");
    for Place { from, to, .. } in PLACES {
        let (from, to) = (root.join(from), root.join(to));
        write!(
            table,
            "\n[[link]]\nfrom = {from:?}\nto = {to:?}\nmember = \"{MEMBER}\"\n"
        )
        .expect("a string takes what it is given");
    }
    table
}
