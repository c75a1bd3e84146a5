//! What killed stages have left in a directory, for whoever tidies up.
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::stage::claim::Claim;
use crate::stage::route::{Route, cannot, claimed, copy_of};
use crate::stage::work;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Lists what was left in a directory, by the place of the copy that it was to become.
pub fn leftovers(directory: &Path) -> Result<BTreeMap<PathBuf, Vec<PathBuf>>, Failure> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(found),
        entries => entries.map_err(cannot("list", directory))?,
    };
    for entry in entries {
        let name = entry.map_err(cannot("list", directory))?.file_name();
        let copy = copy_of(name.as_bytes()).or_else(|| claimed(name.as_bytes()));
        if let Some(copy) = copy {
            let left = found.entry(directory.join(copy)).or_default();
            left.push(directory.join(&name));
        }
    }
    Ok(found)
}

/// Removes what was left of a copy, unless somebody makes that copy; returns what is left no more.
///
/// In a dry run nothing is removed.
pub fn remove_leftovers(
    copy: &Path,
    left: Vec<PathBuf>,
    (dry_run, console): (bool, &Console),
) -> Result<Vec<PathBuf>, Failure> {
    let route = Route::to(copy)?;
    let claim = match Claim::take(&route) {
        Err(failure) if failure.exit() == Exit::Conflict => return Ok(Vec::new()),
        claim => claim?,
    };
    if dry_run {
        return Ok(left);
    }
    let mut removed = work::remove_leftovers(&route, console, &claim)?;
    let own = route.beside(&route.claim());
    removed.extend(left.into_iter().filter(|path| *path == own));
    Ok(removed)
}
