//! The instances of this host, by what each of their processes says of itself.
use crate::instance::{Instance, OfStore};
use procfs::process::all_processes;
use psl_table::pinned::{Pinned, View};
use psl_table::snapshot::Entry;
use psl_table::store::Store;

/// A process of an instance.
#[derive(Debug)]
pub struct Found {
    /// Its number.
    pub pid: i32,
    /// What it says.
    pub pinned: Pinned,
    /// Whether its generation is one of this store.
    pub is_of_store: bool,
}

/// Finds all that may be looked at.
pub fn of_this_host(store: &Store) -> Vec<Found> {
    let Ok(processes) = all_processes() else {
        return Vec::new();
    };
    let mut of_store = OfStore::new(store);
    let pids = processes.flatten().map(|process| process.pid());
    pids.filter_map(|pid| {
        let instance = Instance::of_process(pid).ok()?;
        Some(Found {
            pid,
            is_of_store: of_store.is_of(&instance.traces),
            pinned: instance.pinned,
        })
    })
    .collect()
}

impl Found {
    /// Lists where its links lead; none when nobody can know.
    pub fn targets(&self, store: &Store) -> Option<Vec<String>> {
        let Pinned {
            generation,
            member,
            view,
            ..
        } = &self.pinned;
        let places = match view {
            View::Resolved(view) => view.places(),
            View::Choices(choices) => {
                return Some(choices.rows.iter().map(|row| row.to.clone()).collect());
            }
            View::Open | View::Stored if !self.is_of_store => return Some(Vec::new()),
            View::Open | View::Stored => return targets(store, *generation, member),
        };
        let links = places.iter().filter_map(|place| match &place.entry {
            Entry::Link(link) => Some(link.to.to_string_lossy().into_owned()),
            Entry::Hidden => None,
        });
        Some(links.collect())
    }
}

/// Lists where the links of a member could lead in a generation; none when it cannot be read.
pub fn targets(store: &Store, generation: u64, member: &str) -> Option<Vec<String>> {
    let table = store.read_generation(generation).ok()?;
    let rows = table.links.iter();
    let could_hold = rows.filter(|row| {
        row.criteria
            .member
            .as_deref()
            .is_none_or(|own| own == member)
    });
    Some(could_hold.map(|row| row.to.as_str().to_owned()).collect())
}
