//! `gc`: what upgrades have left and nobody needs is removed.
mod generations;
mod instances;
mod journals;
mod leftovers;
mod needs;
mod report;
mod tree;
mod waste;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::roll::directory::Rolls;
use crate::roll::state::State;
use crate::running::{self, Here, Life};
use clap::Args;
use needs::Needs;
use psl_table::history::Author;
use report::{Kind, Outcome, Report};

const AFTER_HELP: &str = "\
Exits with 5 when something is kept because it is in use; the processes and hosts that use it are named. All else is
removed.

Examples: psl-admin gc --dry-run
          psl-admin gc --keep 20";

/// Removes what finished upgrades have left, unless something uses it, and old generations
///
/// That is: versions that were kept as FROM.old-GENERATION, private copies that no link and no instance leads to, what
/// killed stages have left beside them, registrations of instances that have ended. Only trees that a journal names, and
/// that still are the same, are ever removed.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Gc {
    /// How many generations are kept in the history, besides those that instances were started with
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    keep: u64,
    /// Removes trees though not all processes of this host can be seen: as an ordinary user, or in a container
    #[arg(long)]
    force: bool,
    /// Prints what would be removed, and removes nothing
    #[arg(long)]
    dry_run: bool,
}

impl Gc {
    /// Removes what can be removed, and says what was not, and why.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let store = context.open()?;
        let rolls = Rolls { store: &store };
        let registered = running::registrations(&store, &Here::new())?;
        for skipped in &registered.skipped {
            context.console.warn(&skipped.to_string());
        }
        let instances = instances::of_this_host(&store);
        let mut report = Report::default();
        let needs = Needs::find(&rolls, &instances, &registered)?;
        let removal = tree::Removal {
            rolls,
            needs: &needs,
            by: Author::here(Some("gc".to_owned())),
            force: self.force,
            dry_run: self.dry_run,
            console: context.console,
        };
        let states = State::read_all(&rolls)?;
        for waste in waste::of(&states) {
            removal.carry_out(&waste, &mut report)?;
        }
        leftovers::remove(&states, (self.dry_run, context.console), &mut report)?;
        let own = instances.iter().filter(|found| found.is_of_store);
        let in_use = own.map(|found| found.pinned.generation);
        let alive = registered.found.iter();
        let alive = alive.filter(|found| found.life != Life::Dead);
        let in_use = in_use.chain(alive.map(|found| found.entry.launched.generation));
        generations::remove(
            &store,
            (self.keep, self.dry_run),
            in_use.collect(),
            &mut report,
        )?;
        for found in registered
            .found
            .iter()
            .filter(|found| found.life == Life::Dead)
        {
            if !self.dry_run {
                found.remove().map_err(|error| {
                    let message = format!("cannot remove {:?}: {error}", found.file);
                    Failure::new(Exit::Storage, message)
                })?;
            }
            let name = found.file.display().to_string();
            report.add(Kind::Registration, name, Outcome::gone(self.dry_run));
        }
        if !self.dry_run {
            leftovers::tidy(&rolls)?;
        }
        report.print(context.console)?;
        Ok(report.exit())
    }
}
