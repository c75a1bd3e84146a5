//! Instances of other hosts, by what their registrations say.
use crate::roll::link;
use crate::running::Registration;
use psl_table::store::Store;

/// Tells whether an instance was started with a link of its member's own at a place.
pub fn is_linked(store: &Store, registration: &Registration, from: &str) -> bool {
    let launched = &registration.entry.launched;
    let table = store.read_generation(launched.generation);
    table.is_ok_and(|table| link::of_member(&table, from, &launched.member).is_some())
}

/// Names an instance, and the file that tells of it.
pub fn shown(registration: &Registration) -> String {
    let entry = &registration.entry;
    let (pid, host) = (entry.process.pid, &entry.process.host);
    format!(
        "process {pid} of host {host:?}, an instance of {:?} as {:?} says,",
        entry.launched.member, registration.file
    )
}
