//! What was removed, and what was not.
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use psl_table::visible;
use serde::Serialize;

/// What something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A version or a private copy, or the symlink to one.
    Tree,
    /// What a stage that was killed has left.
    Leftover,
    /// A generation of the table.
    Generation,
    /// The registration of an instance.
    Registration,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// It is removed.
    Removed,
    /// It would be.
    WouldBeRemoved,
    /// It is in use.
    InUse {
        /// By whom.
        why: String,
    },
    /// It is not what an upgrade has left: it stays for good.
    LeftAlone {
        /// What is different.
        why: String,
    },
}

impl Outcome {
    /// Returns what becomes of something that nobody uses.
    pub fn gone(dry_run: bool) -> Self {
        match dry_run {
            true => Self::WouldBeRemoved,
            false => Self::Removed,
        }
    }
}

#[derive(Debug, Serialize)]
struct Row {
    what: Kind,
    name: String,
    #[serde(flatten)]
    outcome: Outcome,
}

/// Everything that was looked at and is, or was, there.
#[derive(Debug, Default)]
pub struct Report(Vec<Row>);

impl Report {
    /// Adds something.
    pub fn add(&mut self, what: Kind, name: String, outcome: Outcome) {
        self.0.push(Row {
            what,
            name,
            outcome,
        });
    }

    /// Prints it: a line each, or an array of objects.
    pub fn print(&self, console: Console) -> Result<(), Failure> {
        if console.json {
            return console.print_json(&self.0);
        }
        let line = |row: &Row| {
            let name = match row.what {
                Kind::Tree | Kind::Leftover | Kind::Registration => visible::line(&row.name),
                Kind::Generation => format!("generation {}", row.name),
            };
            match &row.outcome {
                Outcome::Removed => format!("removed {name}\n"),
                Outcome::WouldBeRemoved => format!("would remove {name}\n"),
                Outcome::InUse { why } => {
                    format!("kept {name}, which is in use: {}\n", visible::line(why))
                }
                Outcome::LeftAlone { why } => {
                    format!("left {name} alone: {}\n", visible::line(why))
                }
            }
        };
        if self.0.is_empty() {
            console.note("there is nothing to remove");
        }
        console.print(self.0.iter().map(line).collect::<String>())
    }

    /// Returns the exit code that stands for it.
    pub fn exit(&self) -> Exit {
        let is_in_use = |row: &Row| matches!(row.outcome, Outcome::InUse { .. });
        match self.0.iter().any(is_in_use) {
            true => Exit::Refused,
            false => Exit::Done,
        }
    }
}
