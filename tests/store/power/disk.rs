//! A storage that forgets, when its power goes, what it was not made to keep.
//!
//! What was not synced may have reached it or not, each change on its own and in any order. Two changes of one name
//! in another order leave what one of them alone leaves, so that it is enough to leave some of them out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::power::record::{Id, Step};

/// The most states that are tried of one moment; of more, some are drawn.
const LIMIT: u64 = 4096;

/// What a path leads to: the bytes of a file, or a directory.
pub type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// What is kept for certain, and what was asked for since.
#[derive(Default)]
pub struct Disk {
    kept: Contents,
    pending: Vec<Step>,
    /// What programs see as long as there is power.
    seen: Contents,
}

#[derive(Clone, Default)]
struct Contents {
    names: BTreeMap<Id, BTreeMap<String, Id>>,
    bytes: BTreeMap<Id, Vec<u8>>,
}

/// The file or directory that a step changes.
fn changed(step: &Step) -> Option<Id> {
    match step {
        Step::Name(id, ..) | Step::Rename(id, ..) | Step::Write(id, ..) | Step::Length(id, _) => {
            Some(*id)
        }
        Step::Sync(_) | Step::Acknowledge(_) => None,
    }
}

impl Contents {
    fn apply(&mut self, step: &Step) {
        match step {
            Step::Name(dir, name, Some(id)) => {
                _ = self
                    .names
                    .entry(*dir)
                    .or_default()
                    .insert(name.clone(), *id)
            }
            Step::Name(dir, name, None) => _ = self.names.entry(*dir).or_default().remove(name),
            Step::Rename(dir, old, new, id) => {
                let names = self.names.entry(*dir).or_default();
                names.remove(old);
                names.insert(new.clone(), *id);
            }
            Step::Write(id, at, bytes) => {
                let file = self.bytes.entry(*id).or_default();
                let at = usize::try_from(*at).expect("files are small");
                file.resize(file.len().max(at + bytes.len()), 0);
                file[at..at + bytes.len()].copy_from_slice(bytes);
            }
            Step::Length(id, length) => {
                let length = usize::try_from(*length).expect("files are small");
                self.bytes.entry(*id).or_default().resize(length, 0);
            }
            Step::Sync(_) | Step::Acknowledge(_) => {}
        }
    }

    fn tree(&self, directories: &[Id]) -> Tree {
        let mut tree = Tree::new();
        let mut left = vec![(PathBuf::new(), 0)];
        while let Some((path, dir)) = left.pop() {
            for (name, &id) in self.names.get(&dir).into_iter().flatten() {
                let path = path.join(name);
                if directories.contains(&id) {
                    tree.insert(path.clone(), None);
                    left.push((path, id));
                } else {
                    let bytes = self.bytes.get(&id).cloned().unwrap_or_default();
                    tree.insert(path, Some(bytes));
                }
            }
        }
        tree
    }
}

/// How much of a step has reached the storage: of most all or nothing, of a write also half of it, or only its length.
fn choices(step: &Step) -> Vec<Option<Step>> {
    let mut choices = vec![None, Some(step.clone())];
    if let Step::Write(id, at, bytes) = step {
        let half = bytes[..bytes.len() / 2].to_vec();
        choices.push(Some(Step::Write(*id, *at, half)));
        choices.push(Some(Step::Write(*id, *at, vec![0; bytes.len()])));
    }
    choices
}

impl Disk {
    /// Does a step.
    pub fn take(&mut self, step: &Step) {
        self.seen.apply(step);
        if let Step::Sync(synced) = step {
            let pending = std::mem::take(&mut self.pending);
            let is_synced = |step: &Step| changed(step) == Some(*synced);
            let (certain, uncertain): (Vec<_>, Vec<_>) = pending.into_iter().partition(is_synced);
            self.pending = uncertain;
            certain.iter().for_each(|step| self.kept.apply(step));
        } else if changed(step).is_some() {
            self.pending.push(step.clone());
        }
    }

    /// Returns what programs see.
    pub fn seen(&self, directories: &[Id]) -> Tree {
        self.seen.tree(directories)
    }

    /// Returns what may be left when the power goes at this moment, and whether that is all that may.
    pub fn left(&self, directories: &[Id]) -> (BTreeSet<Tree>, bool) {
        let choices: Vec<_> = self.pending.iter().map(choices).collect();
        let count = choices.iter().map(|some| some.len() as u64);
        let count = count.fold(1, u64::saturating_mul);
        let is_all = count <= LIMIT;
        let mut states = BTreeSet::new();
        let mut drawn = 1_u64;
        for number in 0..count.min(LIMIT) {
            let mut rest = number;
            if !is_all {
                // A linear congruence, as Knuth has it: the same draw every time.
                drawn = drawn
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                rest = drawn >> 16;
            }
            let mut contents = self.kept.clone();
            for some in &choices {
                let base = some.len() as u64;
                let choice = usize::try_from(rest % base).expect("there are few");
                rest /= base;
                some[choice].iter().for_each(|step| contents.apply(step));
            }
            states.insert(contents.tree(directories));
        }
        (states, is_all)
    }
}

/// Makes the tree in an empty directory.
pub fn make(tree: &Tree, dir: &Path) {
    for (path, bytes) in tree {
        let path = dir.join(path);
        let made = match bytes {
            Some(bytes) => fs::write(path, bytes),
            None => fs::create_dir(path),
        };
        made.expect("a directory comes before what is in it");
    }
}
