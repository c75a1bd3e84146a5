//! What the processes of one instance see that execute the same program.
use crate::identity::Identity;
use crate::ps::links;
use crate::ps::versions::Versions;
use crate::within::Within;
use psl_table::snapshot::Snapshot;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::os::unix::ffi::OsStrExt;

/// Links, and where they lead.
#[derive(Debug)]
pub struct Sight {
    /// What is different in a new launch, in words.
    pub stale: Option<String>,
    snapshot: Snapshot,
    /// Where the links lead to.
    targets: HashSet<Identity>,
    /// What really lies at the places of the links.
    covered: HashSet<Identity>,
    /// What is reached by the names of links, these processes' and others'.
    reached: RefCell<HashMap<String, Option<Identity>>>,
}

impl Sight {
    /// Looks where links lead in a tree.
    pub fn of(snapshot: Snapshot, stale: Option<String>, tree: &Within) -> Self {
        let nothing = Snapshot::default();
        let links = links::links(&snapshot);
        let places = || {
            links
                .iter()
                .map(|(place, link)| (place.as_os_str().as_bytes(), link))
        };
        let targets: HashSet<_> = places()
            .filter_map(|(place, _)| tree.reached(&snapshot, place))
            .collect();
        // Whoever follows a live link holds files of several versions, and may.
        let covered = places()
            .filter(|(_, link)| !link.live)
            .filter_map(|(place, _)| tree.reached(&nothing, place))
            .filter(|identity| !targets.contains(identity))
            .collect();
        Self {
            stale,
            targets,
            covered,
            reached: RefCell::default(),
            snapshot,
        }
    }

    /// Tells whether a file is of a version that these processes' links do not lead to: by the identities of the file
    /// and of the directories above it, the nearest first.
    pub fn is_strange(&self, chain: &[Identity], versions: &Versions, tree: &Within) -> bool {
        let mut is_others = false;
        for identity in chain {
            if self.targets.contains(identity) {
                return false;
            }
            if self.covered.contains(identity) {
                return true;
            }
            let Some(links) = versions.links_of(*identity) else {
                continue;
            };
            if links
                .iter()
                .any(|link| self.reached(link, tree) == Some(*identity))
            {
                return false;
            }
            is_others = true;
        }
        is_others
    }

    fn reached(&self, link: &str, tree: &Within) -> Option<Identity> {
        let find = || tree.reached(&self.snapshot, link.as_bytes());
        let mut known = self.reached.borrow_mut();
        *known.entry(link.to_owned()).or_insert_with(find)
    }
}
