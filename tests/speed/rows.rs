//! What is measured, with its goal: calls first, then whole programs.

use std::ffi::OsString;
use std::path::Path;

use crate::room::{LIBRARY, Room, Store};
use crate::trees::{ENTRIES, FOUND, TRACKED};
use crate::way::Way::{self, *};

/// What a row is to come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// No more than so many times the base.
    Ratio {
        /// What is judged.
        way: Way,
        /// What it is compared with.
        base: Way,
        /// The greatest ratio.
        limit: f64,
    },
    /// An instance of the preload engine takes no more than so many microseconds longer than a bare process.
    Over {
        /// The greatest difference.
        limit: f64,
    },
}

impl Goal {
    const fn of_bare(limit: f64) -> Self {
        Self::Ratio {
            way: Preload,
            base: Bare,
            limit,
        }
    }
}

/// A row of the table.
pub struct Row {
    /// What it is called.
    pub what: String,
    /// What it is to come to.
    pub goal: Goal,
    /// What the process does that is started so: a kind of call and its arguments.
    pub calls: Vec<Call>,
}

/// A column of a row.
pub struct Call {
    /// Which one.
    pub way: Way,
    /// How the process is started that makes the calls.
    pub started: Way,
    /// A kind of call and its arguments; `{tree}` in them is the tree.
    pub call: Vec<String>,
}

/// Who comes to a file without a link as everybody does.
const ALL: &[Way] = &[
    Bare, Empty, Inert, Preload, Mount, Bubblewrap, Fakechroot, Proot,
];

/// Who comes to a file behind a link.
const LINKED: &[Way] = &[Preload, Mount, Bubblewrap, Proot];

/// Returns all rows.
pub fn all(room: &Room) -> Vec<Row> {
    let mut rows = Vec::new();
    for (what, call) in [
        ("stat", "stat {tree}/dir/file"),
        ("access", "access {tree}/dir/file"),
        ("open and close", "open {tree}/dir/file"),
        ("readlink", "readlink {tree}/real"),
        ("fopen and fclose", "fopen {tree}/dir/file"),
    ] {
        rows.push(row(what, Goal::of_bare(1.05), ALL, call));
    }
    let entries = format!("fstatat of each of {ENTRIES} entries");
    let listed = format!("a listing of {ENTRIES} entries");
    for (what, call) in [
        ("stat, relative", "stat dir/file"),
        ("open and close, relative", "open dir/file"),
        (&entries, "entries {tree}/entries"),
        (&listed, "readdir {tree}/entries"),
    ] {
        rows.push(row(what, Goal::of_bare(1.03), ALL, call));
    }
    rows.push(row(
        "stat through real symlinks (/bin/true)",
        Goal::of_bare(1.10),
        ALL,
        "stat /bin/true",
    ));
    for (what, kind, limit) in [
        ("stat through a link", "stat", 0.87),
        ("open and close through a link", "open", 0.92),
    ] {
        rows.push(through(what, kind, Goal::of_bare(limit), LINKED));
    }
    let goal = Goal::Ratio {
        way: Wide,
        base: Preload,
        limit: 1.05,
    };
    rows.push(row(
        "stat, 10,000 links against one",
        goal,
        &[Bare, Preload, Wide],
        "stat {tree}/dir/file",
    ));
    rows.push(through(
        "stat through a link, 10,000 against one",
        "stat",
        goal,
        &[Preload, Wide],
    ));
    let goal = Goal::Ratio {
        way: Preload,
        base: Empty,
        limit: 1.06,
    };
    rows.push(row(
        "exec of /bin/true, against an empty .so",
        goal,
        ALL,
        "run /bin/true",
    ));
    for (which, limit) in [(Store::Small, 100.0), (Store::Large, 15_000.0)] {
        rows.push(start(room, which, limit));
    }
    rows.extend(programs());
    rows
}

fn programs() -> impl Iterator<Item = Row> {
    let rows = [
        (
            format!("git status, {TRACKED} files"),
            "run /usr/bin/git -C {tree}/repository status".to_owned(),
        ),
        (
            format!("find -size, {FOUND} files"),
            "run /usr/bin/find {tree}/found -size +1k".to_owned(),
        ),
        (
            format!("tar, {TRACKED} files"),
            "run /usr/bin/tar -cf {tree}/archive -C {tree} repository".to_owned(),
        ),
        (
            "python3, imports".to_owned(),
            format!("run /usr/bin/python3 -c {IMPORTS}"),
        ),
        (
            "gcc -c".to_owned(),
            "run /usr/bin/gcc -c {tree}/source.c -o {tree}/source.o".to_owned(),
        ),
        (
            format!("grep -r, {TRACKED} files"),
            // What is written to /dev/null ends at the first match, so there is none.
            "run /usr/bin/grep -r nowhere {tree}/repository".to_owned(),
        ),
        (
            "node, start".to_owned(),
            "run /usr/bin/node -e 0".to_owned(),
        ),
    ];
    let there = |call: &str| {
        let program = call.split(' ').nth(1);
        program.is_some_and(|program| Path::new(program).exists())
    };
    let rows = rows.into_iter().filter(move |(_, call)| there(call));
    rows.map(|(what, call)| row(&what, Goal::of_bare(1.02), ALL, &call))
}

/// What an application of some size imports.
const IMPORTS: &str = "import\tasyncio,decimal,email.message,http.client,json,logging,sqlite3,ssl,unittest,xml.dom.minidom";

/// Makes one whose processes all do the same.
fn row(what: &str, goal: Goal, ways: &[Way], call: &str) -> Row {
    let call: Vec<_> = call.split(' ').map(str::to_owned).collect();
    let calls = ways.iter().map(|&way| Call {
        way,
        started: way,
        call: call.clone(),
    });
    Row {
        what: what.to_owned(),
        goal,
        calls: calls.collect(),
    }
}

/// Makes one of a file behind a link, which is a symlink for who has no other.
fn through(what: &str, kind: &str, goal: Goal, ways: &[Way]) -> Row {
    let call = |link| format!("{kind} {{tree}}/{link}/file");
    let mut both = row(what, goal, &[Bare, Empty], &call("real"));
    both.calls.extend(row("", goal, ways, &call("link")).calls);
    both
}

/// Makes one of the first process of an instance, which a bare process starts.
fn start(room: &Room, which: Store, limit: f64) -> Row {
    let what = format!("start of an instance, {} rows", which.rows());
    let mut row = row(&what, Goal::Over { limit }, &[Bare], "run /bin/true");
    let variables = room.variables(which);
    let library: [(_, OsString); 1] = [("LD_PRELOAD", room.built(LIBRARY).into())];
    let variables = variables.into_iter().chain(library);
    let variables = variables.map(|(name, value)| format!("{name}={}", value.display()));
    let call = ["run".to_owned()].into_iter().chain(variables);
    row.calls.push(Call {
        way: Preload,
        started: Bare,
        call: call.chain(["/bin/true".to_owned()]).collect(),
    });
    row
}
