//! What a roll does: the first line of its journal.
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The format of the journals that this program writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// What stands for the member's name in the target of a private copy.
pub const MEMBER: &str = "{member}";

/// Everything that was decided before the first step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The format of the journal.
    pub format: u32,
    /// The roll's name.
    pub roll: String,
    /// The place.
    pub from: String,
    /// The target as it was typed.
    pub to: String,
    /// The members in their order.
    pub members: Vec<Turn>,
    /// How it is done.
    pub options: Options,
    /// The generation that was current when it was planned.
    pub generation: u64,
    /// Who planned it.
    pub who: String,
    /// Where.
    pub host: String,
    /// Why.
    pub reason: Option<String>,
}

/// What happens to one member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The member.
    pub member: String,
    /// Its target.
    pub to: String,
    /// The link that it had at the place, which an undo brings back.
    pub before: Option<Link>,
}

/// A member's own link, apart from its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the table's key of its name")]
pub struct Link {
    pub to: String,
    pub private: bool,
    pub live: bool,
    pub note: Option<String>,
}

/// How a roll is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// How many members may be down at once.
    pub max_unavailable: usize,
    /// After how many members the roll holds.
    pub canary: Option<usize>,
    /// How long a member has to be healthy without a break, in seconds.
    pub min_healthy: u64,
    /// How long a member may take to start and to become healthy for so long, in seconds.
    pub deadline: u64,
    /// What happens when a member fails.
    pub on_failure: OnFailure,
    /// The tree that is copied for each member.
    pub copy_from: Option<String>,
    /// Whether the targets are hidden from everyone else.
    pub private: bool,
}

/// What happens when a member fails; the roll stops in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// The failed member goes back to its old version
    UndoMember,
    /// All members go back to their old versions
    UndoAll,
    /// The failed member is left as it is
    Stop,
}

impl Options {
    /// Returns how long a member has to be healthy without a break.
    pub fn min_healthy(&self) -> Duration {
        Duration::from_secs(self.min_healthy)
    }

    /// Returns how long a member may take to start and to become healthy for so long.
    pub fn deadline(&self) -> Duration {
        Duration::from_secs(self.deadline)
    }
}

impl Plan {
    /// Returns the note of the links that the roll makes.
    pub fn note(&self) -> String {
        format!("roll {}", self.roll)
    }

    /// Returns the link that the roll makes for a member.
    pub fn link(&self, turn: &Turn) -> Link {
        Link {
            to: turn.to.clone(),
            private: self.options.private,
            live: false,
            note: Some(self.note()),
        }
    }

    /// Returns the names of the members, in their order.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|turn| turn.member.as_str())
    }
}
