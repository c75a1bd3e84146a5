//! Which store a process's links are of.
use crate::identity::Identity;
use crate::instance::Traces;
use psl_table::config::HostConfig;
use psl_table::store::Store;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Tells processes of one store from those of others.
#[derive(Debug)]
pub struct OfStore<'a> {
    dir: &'a Path,
    identity: Option<Identity>,
    /// The stores that configurations name.
    configured: HashMap<PathBuf, Option<PathBuf>>,
}

impl<'a> OfStore<'a> {
    /// Tells those of this store.
    pub fn new(store: &'a Store) -> Self {
        Self {
            dir: store.dir(),
            identity: Identity::of(store.dir()),
            configured: HashMap::new(),
        }
    }

    /// A process that names no store counts, because hosts have one.
    pub fn is_of(&mut self, traces: &Traces) -> bool {
        let named = traces.store();
        let Some(named) = named.or_else(|| self.configured(traces.path("PSL_CONFIG"))) else {
            return true;
        };
        let below = named.strip_prefix("/").unwrap_or(&named);
        let within = Path::new("/proc")
            .join(traces.pid.to_string())
            .join("root")
            .join(below);
        named == self.dir
            || self.identity.is_some()
                && [within, named]
                    .iter()
                    .any(|path| Identity::of(path) == self.identity)
    }

    fn configured(&mut self, file: Option<PathBuf>) -> Option<PathBuf> {
        let load = |file: Option<&Path>| HostConfig::load(file).ok()?.store;
        match file {
            None => load(None),
            Some(file) => {
                let known = self.configured.entry(file);
                let key = known.key().clone();
                known.or_insert_with(|| load(Some(&key))).clone()
            }
        }
    }
}
