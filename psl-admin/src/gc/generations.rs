//! Old generations of the table, which no instance was started with.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::gc::report::{Kind, Outcome, Report};
use crate::roll::fence::LOCK_WAIT;
use psl_table::history::Author;
use psl_table::store::Store;
use std::collections::BTreeSet;
use std::fs;

/// Removes all but the last `keep`, the current one, and those that instances were started with.
pub fn remove(
    store: &Store,
    (keep, dry_run): (u64, bool),
    in_use: BTreeSet<u64>,
    report: &mut Report,
) -> Result<(), Failure> {
    let by = Author::here(None);
    (store.exclusively(&by, LOCK_WAIT, || {
        // The current table may be broken, and is kept then with all the others.
        let current = store.read()?.generation;
        let all = store.generations()?;
        let first_kept = all
            .iter()
            .rev()
            .nth(usize::try_from(keep).unwrap_or(usize::MAX) - 1);
        let Some(&first_kept) = first_kept else {
            return Ok(());
        };
        for &generation in all
            .iter()
            .take_while(|&&generation| generation < first_kept)
        {
            if generation == current || in_use.contains(&generation) {
                continue;
            }
            if !dry_run {
                let file = store.generation_file(generation);
                fs::remove_file(&file).map_err(|error| {
                    Failure::new(Exit::Storage, format!("cannot remove {file:?}: {error}"))
                })?;
            }
            report.add(
                Kind::Generation,
                generation.to_string(),
                Outcome::gone(dry_run),
            );
        }
        Ok(())
    }))?
}
