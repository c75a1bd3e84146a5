//! The versions of what a link stands for: what really lies at its place, and the targets of all links that are there.
use crate::identity::Identity;
use crate::within::Within;
use psl_table::snapshot::Snapshot;
use psl_table::table::Table;
use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What an upgrade puts between a place's name and a generation, for the tree that lay there before.
const OLD: &[u8] = b".old-";

/// The trees that are versions of something, and of what.
#[derive(Debug, Default)]
pub struct Versions {
    of: HashMap<Identity, BTreeSet<String>>,
}

impl Versions {
    /// Finds the versions that rows of these tables have in a tree. Live links are left out: whoever follows them holds
    /// files of several versions, and may.
    pub fn of<'t>(tables: impl Iterator<Item = &'t Table>, tree: &Within) -> Self {
        let nothing = Snapshot::default();
        let root = tree.identity_of(Path::new("/"));
        let mut versions = Self::default();
        let mut known = HashMap::new();
        let mut listed = HashMap::new();
        let mut done = BTreeSet::new();
        for row in tables
            .flat_map(|table| &table.links)
            .filter(|row| !row.live)
        {
            let from = row.from.as_str();
            let mut paths = vec![row.to.as_str().as_bytes().to_vec()];
            if done.insert(from.to_owned()) {
                paths.push(from.as_bytes().to_vec());
                paths.extend(old(row.from.as_ref(), tree, &mut listed));
            }
            for path in paths {
                let find = || tree.reached(&nothing, &path);
                let found = *known.entry(path.clone()).or_insert_with(find);
                if let Some(identity) = found.filter(|_| found != root) {
                    versions
                        .of
                        .entry(identity)
                        .or_default()
                        .insert(from.to_owned());
                }
            }
        }
        versions
    }

    /// Returns the names of the links of which a file or directory is a version.
    pub fn links_of(&self, identity: Identity) -> Option<&BTreeSet<String>> {
        self.of.get(&identity)
    }
}

/// Lists what upgrades have left of a place.
fn old(from: &Path, tree: &Within, listed: &mut HashMap<PathBuf, Vec<OsString>>) -> Vec<Vec<u8>> {
    let (Some(dir), Some(name)) = (from.parent(), from.file_name()) else {
        return Vec::new();
    };
    let prefix = [name.as_bytes(), OLD].concat();
    let names = listed
        .entry(dir.to_owned())
        .or_insert_with(|| tree.names_in(dir));
    let old = names
        .iter()
        .filter(|name| name.as_bytes().starts_with(&prefix));
    old.map(|name: &OsString| {
        dir.join::<&OsStr>(name)
            .into_os_string()
            .as_bytes()
            .to_vec()
    })
    .collect()
}
