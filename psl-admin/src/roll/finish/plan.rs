//! What the end of a roll makes of its place: written down before the first task.
use crate::roll::finish::entry::Entry;
use serde::{Deserialize, Serialize};

/// Everything that was decided before the first task. All paths are physical.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finish {
    /// What the place becomes.
    #[serde(flatten)]
    pub form: Form,
    /// The place.
    pub place: String,
    /// What everybody has there until then; none when nothing is there.
    pub old: Option<Old>,
    /// Where that is kept.
    pub kept: String,
    /// Where what replaces it is prepared.
    pub aside: String,
}

/// What the place becomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "kebab-case")]
pub enum Form {
    /// A symlink with this text, which everybody has.
    Link {
        /// Its text.
        to: String,
    },
    /// A copy of this tree.
    Replace {
        /// The tree.
        source: String,
    },
}

/// What everybody had at the place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "was", rename_all = "kebab-case")]
pub enum Old {
    /// A tree.
    Tree {
        /// The inode number of its directory.
        inode: u64,
    },
    /// A symlink to a tree, as an earlier roll has left it.
    Symlink {
        /// Its text.
        to: String,
        /// Where the tree physically is; none when it is not there.
        tree: Option<Tree>,
    },
}

/// A tree that has to be the same one still when it is removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// Its physical path.
    pub path: String,
    /// The inode number of its directory.
    pub inode: u64,
}

/// One task of the end of a roll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// What the place becomes is made beside it.
    Prepare,
    /// It takes the place, and what was there is kept.
    Exchange,
    /// Nobody remembers what was there any more: until then, members are led past the place by their links.
    Wait,
    /// The private links are removed, in one commit.
    Unlink,
}

impl Task {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Prepare, Self::Exchange, Self::Wait, Self::Unlink];
}

impl Finish {
    /// Tells whether this is what everybody had at the place.
    pub fn is_old(&self, entry: &Entry) -> bool {
        match (&self.old, entry) {
            (Some(Old::Tree { inode }), Entry::Directory { inode: found }) => inode == found,
            (Some(Old::Symlink { to, .. }), Entry::Symlink { to: found }) => to == found,
            _ => false,
        }
    }

    /// Tells whether this is what the place becomes.
    pub fn is_new(&self, entry: &Entry) -> bool {
        match (&self.form, entry) {
            (Form::Link { to }, Entry::Symlink { to: found }) => to == found,
            (Form::Replace { .. }, Entry::Directory { .. }) => !self.is_old(entry),
            _ => false,
        }
    }
}
