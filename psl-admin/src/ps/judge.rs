//! What is to be thought of a process: its links compared with those of a new launch, its files with where they lead.
use crate::engine::Engine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::identity::Identity;
use crate::instance::Silence;
use crate::ps::holds::{self, Held};
use crate::ps::links::{self, Links};
use crate::ps::row::State;
use crate::ps::sight::Sight;
use crate::ps::space::Space;
use crate::ps::survey::Seen;
use crate::ps::versions::Versions;
use crate::view;
use crate::within::Within;
use psl_table::choices::Choices;
use psl_table::pinned;
use psl_table::store::Store;
use psl_table::table::Table;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::rc::Rc;

/// A mount namespace and a root in it.
type At = (u64, Identity);

/// What processes see the same by: the first process of their launch, their program, where their places are found, and
/// whether they follow live links.
type Key = (i32, Vec<u8>, Option<At>, bool);

/// A verdict, and its reason.
pub type Verdict = (State, Option<String>);

/// Where a process's names are looked up: those that the kernel tells, and those of places. None is this process's own.
#[derive(Clone, Copy)]
struct Found {
    names: Option<At>,
    places: Option<At>,
}

/// What all processes are compared with, and what was found out on the way.
pub struct Judge<'a> {
    current: &'a Table,
    /// The generations that processes have, as far as the store keeps them.
    tables: BTreeMap<u64, Table>,
    host: Space,
    namespace: u64,
    spaces: HashMap<At, Space>,
    versions: HashMap<Option<At>, Rc<Versions>>,
    sights: HashMap<Key, Rc<Sight>>,
}

impl<'a> Judge<'a> {
    /// Reads the generations that the processes have.
    pub fn new(store: &Store, current: &'a Table, seen: &[Seen]) -> Result<Self, Failure> {
        let failed = |error: io::Error| {
            let message = format!("cannot look into \"/proc/self\": {error}");
            Failure::new(Exit::Storage, message)
        };
        let wanted: BTreeSet<_> = seen
            .iter()
            .map(|seen| seen.instance.pinned.generation)
            .collect();
        let others = wanted
            .into_iter()
            .filter(|wanted| *wanted != current.generation);
        let tables =
            others.filter_map(|wanted| Some((wanted, store.read_generation(wanted).ok()?)));
        raise_limit();
        Ok(Self {
            current,
            tables: tables.collect(),
            host: Space::of(Within::here().map_err(failed)?),
            namespace: pinned::mount_namespace().map_err(|errno| failed(errno.into()))?,
            spaces: HashMap::new(),
            versions: HashMap::new(),
            sights: HashMap::new(),
        })
    }

    /// Judges a process of the instance whose first process is `first`.
    pub fn verdict(&mut self, first: &Seen, process: &Seen) -> Verdict {
        let at = self.find(process);
        let follows = follows(process);
        let key = (
            first.pid(),
            process.instance.program.clone(),
            at.places,
            follows,
        );
        let sight = match self.sights.get(&key) {
            Some(sight) => Rc::clone(sight),
            None => {
                let sight = Rc::new(self.sight(first, process, at.places));
                self.sights.insert(key, Rc::clone(&sight));
                sight
            }
        };
        if let Some(Held { how, path, .. }) = self.strange(&sight, process, at) {
            let why = format!("{how} {path:?}, which is not the version that its links lead to");
            return (State::Mixed, Some(why));
        }
        match &sight.stale {
            Some(why) => (State::Stale, Some(why.clone())),
            None if process.engine().is_none() => (State::Uncovered, Some(uncovered(process))),
            None => (State::Current, None),
        }
    }

    /// Judges what a registration says of a member, of whose process nothing can be seen.
    pub fn verdict_unseen(&self, store: &Store, member: &str, generation: u64) -> State {
        let current = &self.current;
        let subject = |table: &Table| view::subject(table, Some(member), OsStr::new(""));
        let rows = |table: &Table| Choices::of(table, &subject(table)).rows;
        let is_same = generation == current.generation
            || store
                .read_generation(generation)
                .is_ok_and(|own| rows(&own) == rows(current));
        match is_same {
            true => State::Current,
            false => State::Stale,
        }
    }

    /// Finds where the process's names are to be looked up.
    fn find(&mut self, process: &Seen) -> Found {
        let traces = &process.instance.traces;
        let pid = traces.pid;
        let host = Found {
            names: None,
            places: None,
        };
        let tree = Within::process(&pid.to_string(), &process.instance.own_pid.to_string());
        // It may have ended.
        let Ok(tree) = tree else { return host };
        let root = tree.identity_of(Path::new("/"));
        let is_own = traces.namespace == self.namespace;
        let Some(root) =
            root.filter(|root| !is_own || Some(*root) != self.host.identity(Path::new("/")))
        else {
            return host;
        };
        let at = Some((traces.namespace, root));
        self.spaces
            .entry((traces.namespace, root))
            .or_insert_with(|| Space::of(tree));
        Found {
            // The kernel tells names from this process's root, or from the root of another namespace.
            names: at.filter(|_| !is_own),
            // The mounts of an instance cover what its places were found in.
            places: at.filter(|_| process.engine() != Some(Engine::Mount)),
        }
    }

    fn space(&self, at: Option<At>) -> &Space {
        at.and_then(|at| self.spaces.get(&at)).unwrap_or(&self.host)
    }

    fn sight(&self, first: &Seen, process: &Seen, places: Option<At>) -> Sight {
        let tree = &self.space(places).tree;
        let program = &process.instance.program;
        let generation = process.instance.pinned.generation;
        let launched = |table| Links::of_launch(table, &first.instance);
        let table = match generation == self.current.generation {
            true => Some(self.current),
            false => self.tables.get(&generation),
        };
        let own = Links::carried(&process.instance)
            .or_else(|| Links::carried(&first.instance))
            .or_else(|| table.map(launched));
        let snapshot = own.as_ref().and_then(|own| own.decide(program, tree));
        let stale = || {
            let (Some(own), Some(snapshot)) = (&own, &snapshot) else {
                return Some(format!(
                    "generation {generation} is not kept: its links are not known"
                ));
            };
            let new = launched(self.current);
            if own.are(&new) {
                return None;
            }
            let Some(new) = new.decide(program, tree) else {
                return Some("it would not start again: its links lead in a circle".into());
            };
            let difference = links::difference(snapshot, &new, follows(process), tree)?;
            let current = self.current.generation;
            Some(format!("generation {current} {difference}"))
        };
        let is_older = generation != self.current.generation;
        let stale = is_older.then(stale).flatten();
        Sight::of(snapshot.unwrap_or_default(), stale, tree)
    }

    /// Returns the first file that the process uses of a version that is not its own.
    fn strange(&mut self, sight: &Sight, process: &Seen, at: Found) -> Option<Held> {
        let versions = match self.versions.get(&at.places) {
            Some(versions) => Rc::clone(versions),
            None => {
                let tables = self.tables.values().chain([self.current]);
                let versions = Rc::new(Versions::of(tables, &self.space(at.places).tree));
                self.versions.insert(at.places, Rc::clone(&versions));
                versions
            }
        };
        let mut names = at.names.and_then(|at| self.spaces.remove(&at));
        let mut spaces: Vec<_> = names.iter_mut().chain([&mut self.host]).collect();
        let held = holds::of(&process.instance.traces);
        let chains = held.into_iter().map(|held| (held.chain(&mut spaces), held));
        let chains: Vec<_> = chains.collect();
        if let (Some(at), Some(space)) = (at.names, names) {
            self.spaces.insert(at, space);
        }
        let tree = &self.space(at.places).tree;
        let mut strange = chains
            .into_iter()
            .filter(|(chain, _)| sight.is_strange(chain, &versions, tree));
        strange.next().map(|(_, held)| held)
    }
}

/// Tells whether live links of a process lead where the current table says.
fn follows(process: &Seen) -> bool {
    process.engine() != Some(Engine::Mount)
}

/// Lets this process keep the root of every namespace open that it meets.
fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    // With fewer, what is in the last namespaces is looked up by the names of this one, and not recognised.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            ..limit
        },
    );
}

/// Says why nothing makes a process see its links.
fn uncovered(process: &Seen) -> String {
    let traces = &process.instance.traces;
    match (&process.silence, process.instance.pinned.engine) {
        (Some(Silence::Malformed(malformed)), _) => malformed.to_string(),
        (Some(Silence::Nothing), _) if traces.has_shim() => {
            "the shim is loaded, and holds no links".into()
        }
        (None, pinned::Engine::Mount(_)) => {
            "it has left the mount namespace that has its links".into()
        }
        _ => "neither the shim nor mounts are there".into(),
    }
}
