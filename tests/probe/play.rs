//! Calls from standard input, one after another, and a line on standard output for each.

use std::collections::HashMap;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use psl_tests::fixture::{Occupant, PLACES};
use psl_tests::inventory::{self, Inventory};
use psl_tests::script::Call;
use rustix::process::{Gid, Uid};

use crate::call::{Prepared, symbol};
use crate::seen::{self, Shown};

/// The tree that calls are made in.
pub struct World {
    pub root: PathBuf,
    pub occupant: Occupant,
    before: Inventory,
    names: HashMap<(u64, u64), String>,
}

impl World {
    fn new(root: &str, occupant: &str) -> Self {
        let occupant = Occupant::ALL.iter().find(|(name, _)| *name == occupant);
        let mut world = Self {
            root: root.into(),
            occupant: occupant.expect("an occupant's name").1,
            before: Inventory::new(),
            names: HashMap::new(),
        };
        world.look();
        world
    }

    fn look(&mut self) {
        self.remember(inventory::take(&self.root).expect("the tree can be read"));
    }

    fn remember(&mut self, inventory: Inventory) {
        self.before = inventory;
        let names = self.before.iter();
        self.names = names
            .map(|(path, found)| (found.identity, path.clone()))
            .collect();
    }

    /// Says what has changed since the last look, and leaves it.
    fn changed(&mut self) -> String {
        let before = std::mem::take(&mut self.before);
        self.look();
        described(inventory::difference(&before, &self.before))
    }

    /// Says which entry of the tree this is: the same words in a tree with symlinks and in one with links.
    pub fn name_of(&self, identity: (u64, u64), is_symlink: bool) -> &str {
        let known = self.names.get(&identity).map(String::as_str);
        let is_place = known.is_none_or(|path| PLACES.iter().any(|place| place.at == path));
        match known {
            _ if is_symlink && is_place => "a place",
            Some(path) => path,
            None => "elsewhere",
        }
    }

    /// Says what has changed since the last look, and takes it back.
    fn mended(&mut self) -> String {
        let after = inventory::take(&self.root).expect("the tree can be read");
        let difference = inventory::difference(&self.before, &after);
        if difference.is_empty() {
            // All the same a file may be in the place of another that is like it.
            self.remember(after);
            return String::new();
        }
        let paths: Vec<&str> = difference.iter().map(|(path, _)| path.as_str()).collect();
        inventory::mend(&self.root, self.occupant, &paths).expect("the tree can be mended");
        let before = std::mem::take(&mut self.before);
        self.look();
        let left = inventory::difference(&before, &self.before);
        assert!(left.is_empty(), "not mended: {left:?}");
        described(difference)
    }
}

fn described(difference: Vec<(String, String)>) -> String {
    let changes: Vec<_> = difference
        .into_iter()
        .map(|(path, change)| format!("{path}: {change}"))
        .collect();
    changes.join(", ")
}

/// What becomes of what a call has changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Changes {
    /// It is taken back: each call finds the same tree.
    Mended,
    /// It is there for the next call.
    Kept,
}

/// Makes all calls; as `user` where that is given and may be.
pub fn play(root: &str, occupant: &str, user: Option<u32>, changes: Changes) {
    let mut script = String::new();
    std::io::stdin()
        .read_to_string(&mut script)
        .expect("a script");
    let calls: Vec<Call> = script
        .lines()
        .map(|line| Call::parse(line).unwrap_or_else(|| panic!("no call: {line}")))
        .collect();
    let mut world = World::new(root, occupant);
    if let Some(user) = user {
        let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
        rustix::thread::set_thread_res_gid(gid, gid, gid).expect("root may");
        rustix::thread::set_thread_res_uid(uid, uid, uid).expect("root may");
    }
    if changes == Changes::Kept {
        // What this user may not see is no change.
        world.look();
    }
    let mut out = std::io::stdout();
    for call in &calls {
        let line = line(&mut world, call, changes);
        // One write: what was said before a crash is there to be read.
        out.write_all(format!("{line}\n").as_bytes())
            .expect("somebody listens");
    }
    let changes = match (user, changes) {
        (_, Changes::Kept) => world.changed(),
        (None, Changes::Mended) => world.mended(),
        _ => String::new(),
    };
    out.write_all(format!("at last |  | {changes} | 0\n").as_bytes())
        .expect("somebody listens");
}

/// Makes a call: `RESULT ERRNO | WHAT IS SEEN | WHAT HAS CHANGED | ALLOCATIONS`.
fn line(world: &mut World, call: &Call, changes: Changes) -> String {
    let function = symbol(&call.symbol);
    if function.is_null() {
        return "no such symbol |  |  | 0".into();
    }
    // A sequence goes on from where it is.
    if !call.start.is_empty()
        && let Err(errno) = rustix::process::chdir(Path::new(&call.start))
    {
        return format!("no start: {errno} |  |  | 0");
    }
    let prepared = match Prepared::new(&call.arguments) {
        Ok(prepared) => prepared,
        Err(error) => return format!("{error} |  |  | 0"),
    };
    let Shown {
        result,
        seen,
        allocations,
    } = seen::called(world, &call.shows, &prepared, function);
    drop(prepared);
    let failed = result.starts_with("-1 ") || result.starts_with("null ");
    // What a call that failed has changed all the same shows with the next one.
    let changes = match changes {
        Changes::Kept if call.changes => world.changed(),
        Changes::Mended if call.changes && !failed => world.mended(),
        _ => String::new(),
    };
    format!("{result} | {seen} | {changes} | {allocations}").replace('\n', "\\n")
}
