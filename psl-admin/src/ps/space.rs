//! A tree of names as some processes have it: of a mount namespace and a root in it.
use crate::identity::Identity;
use crate::within::Within;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The tree, and what was found in it.
#[derive(Debug)]
pub struct Space {
    /// Where names are looked up.
    pub tree: Within,
    known: HashMap<PathBuf, Option<Identity>>,
}

impl Space {
    /// Takes a tree.
    pub fn of(tree: Within) -> Self {
        Self {
            tree,
            known: HashMap::new(),
        }
    }

    /// Identifies what lies at a physical path.
    pub fn identity(&self, path: &Path) -> Option<Identity> {
        self.tree.identity_of(path)
    }

    /// Identifies the directories above a physical path, the nearest first, without the root.
    pub fn above(&mut self, path: &Path) -> Vec<Identity> {
        let directories = path
            .ancestors()
            .skip(1)
            .filter(|dir| dir.parent().is_some());
        let mut found = Vec::new();
        for dir in directories {
            let identity = match self.known.get(dir) {
                Some(&identity) => identity,
                None => {
                    let identity = self.tree.identity_of(dir);
                    self.known.insert(dir.to_owned(), identity);
                    identity
                }
            };
            found.extend(identity);
        }
        found
    }
}
