//! The links that an instance has, and those that it would have if it were started again.
use crate::instance::Instance;
use crate::within::Within;
use psl_table::choices::Choices;
use psl_table::pinned::View;
use psl_table::snapshot::{Entry, Link, Place, Snapshot};
use psl_table::table::Table;
use psl_table::tree::{PATH_MAX, Tree};
use rustix::fs::CWD;
use std::collections::BTreeMap;
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Links, with what depends on the program open or not.
#[derive(Clone, Debug)]
pub enum Links {
    /// The same for every program.
    Decided(Snapshot),
    /// Each program has its own.
    Open(Choices),
}

impl Links {
    /// Returns those that one process carries; none where it carries none.
    pub fn carried(process: &Instance) -> Option<Self> {
        match process.traces.carried(&process.pinned)? {
            View::Resolved(snapshot) => Some(Self::Decided(snapshot)),
            View::Choices(choices) => Some(Self::Open(choices)),
            View::Open | View::Stored => None,
        }
    }

    /// Returns those that a launch with this table has, whose first process is this one.
    pub fn of_launch(table: &Table, first: &Instance) -> Self {
        Self::Open(Choices::of(table, &first.subject(table)))
    }

    /// Decides them for a program; none when they lead in a circle.
    pub fn decide(&self, program: &[u8], tree: &Within) -> Option<Snapshot> {
        match self {
            Self::Decided(snapshot) => Some(snapshot.clone()),
            Self::Open(choices) => choices.decide(program, tree).ok(),
        }
    }

    /// Tells whether they are the same for every program by their texts alone, wherever they lead; false where that
    /// cannot be told.
    pub fn are(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Open(own), Self::Open(other)) => own.rows == other.rows,
            _ => false,
        }
    }
}

/// Says what the first link is in the other ones that is none of these, or leads elsewhere; `follows` tells that running
/// processes follow live links, which then are no difference.
///
/// Nor is one a link and a real symlink with its text, which the end of an upgrade puts in its place.
pub fn difference(
    own: &Snapshot,
    other: &Snapshot,
    follows: bool,
    tree: &impl Tree,
) -> Option<String> {
    let (own, other) = (links(own), links(other));
    let is_alike = |place: &Path| match (own.get(place), other.get(place)) {
        (Some(own), Some(other)) => {
            own.live == other.live && (own.to == other.to || follows && own.live)
        }
        (Some(one), None) | (None, Some(one)) => {
            symlink(place, tree).is_some_and(|text| text == one.to.to_bytes())
        }
        (None, None) => true,
    };
    let places = own.keys().chain(other.keys());
    let place = places.filter(|place| !is_alike(place)).min()?;
    Some(match other.get(place) {
        Some(link) => format!(
            "links {place:?} to {:?}",
            OsStr::from_bytes(link.to.to_bytes())
        ),
        None => format!("has no link at {place:?}"),
    })
}

/// Returns the text of the real symlink at a place.
fn symlink(place: &Path, tree: &impl Tree) -> Option<Vec<u8>> {
    let place = CString::new(place.as_os_str().as_bytes()).ok()?;
    let mut text = vec![0; PATH_MAX];
    let length = tree.readlink(CWD, &place, &mut text).ok()?;
    text.truncate(length);
    Some(text)
}

/// Returns the links by their places. What is hidden is no link: other members have their private copies.
pub fn links(snapshot: &Snapshot) -> BTreeMap<PathBuf, &Link> {
    let path = |place: &Place| {
        Path::new(OsStr::from_bytes(&place.dir)).join(OsStr::from_bytes(&place.name))
    };
    let links = snapshot
        .places()
        .iter()
        .filter_map(|place| match &place.entry {
            Entry::Link(link) => Some((path(place), link)),
            Entry::Hidden => None,
        });
    links.collect()
}
