//! The rows that hold for an instance, with what depends on the program left open.

use std::collections::BTreeSet;

use glob::Pattern;
use rustix::io::Errno;

use crate::criteria::{Criteria, Verdict};
use crate::select::{hidden, strength};
use crate::snapshot::{Row, Snapshot};
use crate::subject::Subject;
use crate::table::Table;
use crate::tree::Tree;

/// What an instance keeps of a table: `exe` criteria are decided in each process, all others were at its launch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// The generation of the table.
    pub generation: u64,
    /// When it was committed, in seconds since the epoch.
    pub committed: i64,
    /// The strongest first.
    pub rows: Vec<Choice>,
    /// The targets of private rows, whomever those are for; each once, sorted.
    pub private: Vec<String>,
}

/// A row that holds if its program does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The absolute path of the link.
    pub from: String,
    /// Its text.
    pub to: String,
    /// Whether a running process follows changes of its text.
    pub live: bool,
    /// A glob on the program's path as executed.
    pub exe: Option<Pattern>,
}

impl Choices {
    /// Decides all criteria of a table but `exe`.
    pub fn of(table: &Table, subject: &Subject) -> Self {
        let mut holding: Vec<_> = table
            .links
            .iter()
            .enumerate()
            .filter(|(_, row)| {
                let without_exe = Criteria {
                    exe: None,
                    ..row.criteria.clone()
                };
                without_exe.holds(subject) == Verdict::Holds
            })
            .collect();
        holding.sort_by_key(|&(position, row)| std::cmp::Reverse(strength(row, position)));
        let rows = holding.into_iter().map(|(_, row)| Choice {
            from: row.from.as_str().into(),
            to: row.to.as_str().into(),
            live: row.live,
            exe: row.criteria.exe.clone(),
        });
        let private = table.links.iter().filter(|row| row.private);
        let mut private: Vec<String> = private.map(|row| row.to.as_str().into()).collect();
        private.sort_unstable();
        private.dedup();
        Self {
            generation: table.generation,
            committed: table.committed(),
            rows: rows.collect(),
            private,
        }
    }

    /// Whether another program of the instance may see other links.
    pub fn depend_on_program(&self) -> bool {
        self.rows.iter().any(|row| row.exe.is_some())
    }

    /// Returns the rows that hold for a program, the strongest first.
    pub(crate) fn holding(&self, exe: &[u8]) -> impl Iterator<Item = &Choice> {
        let exe = String::from_utf8_lossy(exe).into_owned();
        let holds = move |row: &&Choice| row.exe.as_ref().is_none_or(|of| of.matches(&exe));
        self.rows.iter().filter(holds)
    }

    /// Resolves what holds for a program; fails as [`Snapshot::new`].
    pub fn decide(&self, exe: &[u8], tree: &impl Tree) -> Result<Snapshot, Errno> {
        let mut places = BTreeSet::new();
        let winners: Vec<&Choice> = self
            .holding(exe)
            .filter(|row| places.insert(row.from.as_str()))
            .collect();
        let rows: Vec<_> = winners
            .iter()
            .map(|row| Row {
                from: row.from.as_bytes(),
                to: row.to.as_bytes(),
                live: row.live,
            })
            .collect();
        let targets = winners.iter().map(|row| row.to.as_str());
        let hidden = hidden(self.private.iter().map(String::as_str), targets);
        let hidden: Vec<_> = hidden.into_iter().map(str::as_bytes).collect();
        Snapshot::new(self.generation, self.committed, &rows, &hidden, tree)
    }
}
