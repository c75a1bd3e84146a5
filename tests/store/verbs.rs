//! The verbs that change a store, one row each.

/// A verb, as it is called.
pub struct Verb {
    /// What it is called with.
    pub arguments: &'static str,
    /// What it finds and what it does.
    pub kind: Kind,
}

/// What a verb does to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It makes one.
    Makes,
    /// It commits a generation.
    Commits,
    /// It removes old generations from the history.
    Collects,
}

const fn commits(arguments: &'static str) -> Verb {
    Verb {
        arguments,
        kind: Kind::Commits,
    }
}

/// The smallest change.
pub const CHANGE: Verb = commits("member set erp3 app=erp");

/// All of them.
pub const VERBS: &[Verb] = &[
    Verb {
        arguments: "init {store}",
        kind: Kind::Makes,
    },
    commits("add --member erp1 {bench}/binaries/other {bench}/binaries/version3 --force"),
    commits("remove --member erp1 {bench}/binaries/version"),
    CHANGE,
    commits("member remove erp2"),
    commits("apply {bench}/other.toml"),
    commits("edit"),
    commits("rollback 2"),
    Verb {
        arguments: "gc --keep 1",
        kind: Kind::Collects,
    },
];
