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
        self.before = inventory::take(&self.root).expect("the tree can be read");
        for (path, found) in &self.before {
            self.names.insert(found.identity, path.clone());
        }
    }

    /// Looks again at an entry that was made anew.
    fn look_at(&mut self, path: &str) {
        let found = inventory::look(&self.root.join(path)).ok();
        let before = self.before.get(path);
        assert_eq!(
            before.map(|it| &it.what),
            found.as_ref().map(|it| &it.what),
            "{path} was not mended"
        );
        if let Some(found) = found {
            self.names.insert(found.identity, path.into());
            self.before.insert(path.into(), found);
        }
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
        if !difference.is_empty() {
            let paths: Vec<&str> = difference.iter().map(|(path, _)| path.as_str()).collect();
            inventory::mend(&self.root, self.occupant, &paths).expect("the tree can be mended");
            // An inode of one may be another's by now.
            for identity in paths.iter().filter_map(|path| self.before.get(*path)) {
                self.names.remove(&identity.identity);
            }
            for path in paths {
                self.look_at(path);
            }
        }
        let changes: Vec<_> = difference
            .into_iter()
            .map(|(path, change)| format!("{path}: {change}"))
            .collect();
        changes.join(", ")
    }
}

/// Makes all calls; as `user` where that is given and may be.
pub fn play(root: &str, occupant: &str, user: Option<u32>) {
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
    let mut out = std::io::stdout();
    for call in &calls {
        let line = line(&mut world, call);
        // One write: what was said before a crash is there to be read.
        out.write_all(format!("{line}\n").as_bytes())
            .expect("somebody listens");
    }
    let changes = if user.is_none() {
        world.mended()
    } else {
        String::new()
    };
    out.write_all(format!("at last |  | {changes} | 0\n").as_bytes())
        .expect("somebody listens");
}

/// Makes a call: `RESULT ERRNO | WHAT IS SEEN | WHAT HAS CHANGED | ALLOCATIONS`.
fn line(world: &mut World, call: &Call) -> String {
    let function = symbol(&call.symbol);
    if function.is_null() {
        return "no such symbol |  |  | 0".into();
    }
    if let Err(errno) = rustix::process::chdir(Path::new(&call.start)) {
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
    let changes = if call.changes && !failed {
        world.mended()
    } else {
        String::new()
    };
    format!("{result} | {seen} | {changes} | {allocations}").replace('\n', "\\n")
}
