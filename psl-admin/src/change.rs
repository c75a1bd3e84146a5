//! What every change of the table has in common: its flags, its dry run, its commit.
use crate::base::Base;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::unified;
use clap::Args;
use psl_table::error::Error;
use psl_table::history::{Author, Commit};
use psl_table::store::{CommitOptions, Store};
use psl_table::table::Table;
use serde::Serialize;

/// The flags of every verb that changes the table.
#[derive(Args, Debug)]
#[command(next_help_heading = "Commit")]
pub struct Change {
    /// Prints what would change as a diff, and changes nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Changes the table only if N is its current generation; otherwise exits with 4
    #[arg(long, value_name = "N")]
    pub if_generation: Option<u64>,
    /// Says in the history why the table is changed
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// What a change prints as JSON.
#[derive(Serialize)]
struct Outcome<'a> {
    generation: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<&'a str>,
}

impl Change {
    /// Commits what `edit` makes of the table's text and prints the generation, or prints the diff in a dry run.
    pub fn commit(
        &self,
        context: &Context,
        store: &Store,
        edit: impl FnOnce(&Table) -> Result<String, Failure>,
    ) -> Result<Exit, Failure> {
        if self.dry_run {
            let current = store.read()?;
            self.expect_generation(current.generation, by(current.text()))?;
            let text = edit(&current)?;
            Table::parse(current.file(), &text).map_err(Failure::Edit)?;
            let name = format!("generation {}", current.generation);
            let diff = unified::plain([(&name, current.text()), ("dry run", &text)]);
            return self.show(context, current.generation, &diff);
        }
        let mut edited = None;
        let author = Author::here(self.reason.clone());
        let committed = store.commit(&author, options(self.if_generation), |table| {
            match edited.insert(edit(table)) {
                Ok(text) => Ok(text.clone()),
                // The text as it is commits nothing.
                Err(_) => Ok(table.text().to_owned()),
            }
        });
        match (committed, edited) {
            (_, Some(Err(failure))) => Err(failure),
            (Ok(generation), _) => self.committed(context, generation, None),
            (Err(error @ Error::Invalid { .. }), Some(Ok(_))) => Err(Failure::Edit(error)),
            (Err(error), _) => Err(error.into()),
        }
    }

    /// Shows what differs from another table, then commits one equal to it, whatever the current one is: broken, too.
    ///
    /// What is committed upon is what was shown. `name` is what the diff calls the other table, `why` the reason when the
    /// administrator gives none.
    pub fn replace(
        &self,
        context: &Context,
        store: &Store,
        (name, other): (&str, &Table),
        why: Option<String>,
    ) -> Result<Exit, Failure> {
        let base = Base::read(store)?;
        let current = base.number.unwrap_or(0);
        self.expect_generation(current, base.by())?;
        let texts = [&base.text, other.text()].map(unified::comparable);
        let diff = unified::plain([(&base.name(), &texts[0]), (name, &texts[1])]);
        if self.dry_run {
            return self.show(context, current, &diff);
        }
        if !context.console.json {
            context.console.print_styled(&unified::styled(&diff))?;
        }
        let author = Author::here(self.reason.clone().or(why));
        let generation = base.exchange(store, &author, other.text())?;
        self.committed(context, generation, Some(&diff))
    }

    /// Refuses when another generation is current than the caller expects; `by` tells who made it.
    pub fn expect_generation(&self, found: u64, by: Option<String>) -> Result<(), Error> {
        match self.if_generation {
            Some(expected) if expected != found => Err(Error::Conflict {
                expected,
                found,
                by,
            }),
            _ => Ok(()),
        }
    }

    /// Prints the diff of a dry run.
    pub fn show(&self, context: &Context, generation: u64, diff: &str) -> Result<Exit, Failure> {
        if context.console.json {
            let diff = Some(diff);
            context.console.print_json(&Outcome { generation, diff })?;
        } else {
            context.console.print_styled(&unified::styled(diff))?;
        }
        Ok(Exit::Done)
    }

    /// Prints the generation that is current after the change.
    pub fn committed(
        &self,
        context: &Context,
        generation: u64,
        diff: Option<&str>,
    ) -> Result<Exit, Failure> {
        if context.console.json {
            context.console.print_json(&Outcome { generation, diff })?;
        } else {
            context
                .console
                .print(format!("generation {generation}\n"))?;
        }
        Ok(Exit::Done)
    }
}

fn options(if_generation: Option<u64>) -> CommitOptions {
    CommitOptions {
        if_generation,
        ..CommitOptions::default()
    }
}

/// Tells who made the table with this text.
fn by(text: &str) -> Option<String> {
    Commit::of_text(text).map(|commit| commit.to_string())
}
