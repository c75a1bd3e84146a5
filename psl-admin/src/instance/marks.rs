//! Mount namespaces that the mount engine has made, each looked at once.
use crate::mount;
use psl_table::pinned::Mark;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// What is known of mount namespaces, by their inode numbers.
#[derive(Debug, Default)]
pub struct Marks {
    known: HashMap<u64, Option<Mark>>,
}

impl Marks {
    /// Returns whose instance's namespace this is, which this process is in; none when it is nobody's.
    pub fn of(&mut self, pid: i32, namespace: u64) -> Option<&Mark> {
        let known = match self.known.entry(namespace) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                // A process that has gone tells nothing of its namespace; another one in it may.
                let mounts = std::fs::read(format!("/proc/{pid}/mountinfo")).ok()?;
                unknown.insert(mount::mark_in(&mounts))
            }
        };
        known.as_ref()
    }
}
