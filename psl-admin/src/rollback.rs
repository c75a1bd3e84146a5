//! `rollback`: a generation equal to an older one.
use crate::change::Change;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use clap::Args;
use psl_table::store::Store;

const AFTER_HELP: &str = "\
Examples: psl-admin rollback --dry-run
          psl-admin rollback 41 --reason 'version 2 leaks'";

/// Shows what differs from an older generation, then commits a generation equal to it
///
/// A table that was broken by hand is mended so, too. Instances that run keep their view until they are started again.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Rollback {
    /// The generation to go back to; when it is not given, the one before the current, and for a table that was edited
    /// by hand the newest in the history
    #[arg(value_name = "GEN")]
    generation: Option<u64>,
    #[command(flatten)]
    change: Change,
}

impl Rollback {
    /// Shows the diff, and commits if nobody else has committed meanwhile.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let store = context.open()?;
        let wanted = match self.generation {
            Some(generation) => generation,
            None => before(&store)?,
        };
        let wanted = store.read_generation(wanted)?;
        let name = format!("generation {}", wanted.generation);
        let why = format!("rollback to {name}");
        self.change
            .replace(context, &store, (&name, &wanted), Some(why))
    }
}

/// Finds the generation before the current table: the one that it was made from, or the newest one when the current
/// table was edited by hand.
fn before(store: &Store) -> Result<u64, Failure> {
    let history = store.history()?;
    let committed = match store.read() {
        Ok(table) if store.is_published(&table)? => Some(table.generation),
        _ => None,
    };
    let before = match committed {
        Some(current) => {
            let made = history.iter().find(|commit| commit.generation == current);
            made.map(|commit| commit.after)
        }
        None => history.first().map(|commit| commit.generation),
    };
    before.filter(|before| *before > 0).ok_or_else(|| {
        Failure::new(Exit::No, "there is no generation before the current one")
            .with_help("`psl-admin history` lists the generations")
    })
}
