//! The manifest of a tree: a text beside it that says what was in it when it was complete.
mod drift;
mod record;
mod taking;
mod text;

pub use drift::{Finding, find};
pub use taking::{Seen, Taking};
pub use text::{Writing, read};

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What follows the name of a tree in the name of its manifest.
const SUFFIX: &str = ".psl-manifest";

/// Returns the name of the manifest of a tree of this name.
pub fn name(tree: &OsStr) -> OsString {
    let mut name = tree.to_owned();
    name.push(SUFFIX);
    name
}

/// Returns where the manifest of a tree lies; the tree's path ends with a name.
pub fn path(tree: &Path) -> PathBuf {
    tree.with_file_name(name(tree.file_name().unwrap_or_default()))
}
