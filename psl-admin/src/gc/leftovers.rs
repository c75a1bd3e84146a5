//! What killed programs have left: stages beside the trees of rolls, and all others in the store.
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::gc::report::{Kind, Outcome, Report};
use crate::roll::directory::Rolls;
use crate::roll::fence::LOCK_WAIT;
use crate::roll::finish::decide;
use crate::roll::state::State;
use crate::running::{self, Here};
use crate::stage;
use psl_table::history::Author;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Removes what killed programs have left in the store itself: files that were being written.
pub fn tidy(rolls: &Rolls<'_>) -> Result<(), Failure> {
    running::tidy(rolls.store, &Here::new()).map_err(|error| {
        let message = format!("cannot tidy up the registrations: {error}");
        Failure::new(Exit::Storage, message)
    })?;
    let by = Author::here(None);
    (rolls.store).exclusively(&by, LOCK_WAIT, || rolls.tidy())?
}

/// Removes it, unless somebody is staging there.
pub fn remove(
    states: &[State],
    (dry_run, console): (bool, Console),
    report: &mut Report,
) -> Result<(), Failure> {
    let turns = |state: &State| {
        let targets = state.plan.members.iter().map(|turn| turn.to.clone());
        targets.chain([state.plan.from.clone()]).collect::<Vec<_>>()
    };
    let places = states.iter().flat_map(turns);
    let directories: BTreeSet<PathBuf> = places
        .filter_map(|path| Some(decide::physical(&path).ok()?.parent()?.to_owned()))
        .collect();
    for directory in directories {
        for (copy, left) in stage::leftovers(&directory)? {
            let removed = stage::remove_leftovers(&copy, left, (dry_run, &console))?;
            for path in removed {
                let name = path.display().to_string();
                report.add(Kind::Leftover, name, Outcome::gone(dry_run));
            }
        }
    }
    Ok(())
}
