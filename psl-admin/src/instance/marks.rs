//! Mount namespaces that the mount engine has made, each looked at once.
use crate::mount::{self, Mark};
use std::collections::HashMap;

/// What is known of mount namespaces, by their inode numbers.
#[derive(Debug, Default)]
pub struct Marks {
    known: HashMap<u64, Option<Mark>>,
}

impl Marks {
    /// Returns whose instance's namespace this is, which this process is in; none when it is nobody's.
    pub fn of(&mut self, pid: i32, namespace: u64) -> Option<&Mark> {
        let look = || {
            let mounts = std::fs::read(format!("/proc/{pid}/mountinfo")).ok()?;
            mount::mark_in(&mounts)
        };
        self.known.entry(namespace).or_insert_with(look).as_ref()
    }
}
