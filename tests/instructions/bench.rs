//! A tree with a link, a store, and the program that makes calls, with a clock that does as it is told.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use psl_table::pinned::VARIABLE;
use psl_tests::{packages, shim, store};
use tempfile::TempDir;

use crate::callgrind;

/// In how many calls one is counted: so many that it does not count what differs from one start to the next. As many
/// come before them, to have all bound.
const CALLS: u64 = 2000;

/// The same of programs that are started.
const RUNS: u64 = 20;

/// How far the clock goes on where a name is not known any more: a moment of the library's.
const MOMENT: &str = "16777216";

/// Something the program is to do.
pub struct Call {
    call: &'static str,
    is_still: bool,
}

impl Call {
    /// Makes one that is made many times in a moment; `{tree}` in it is the tree.
    pub const fn still(call: &'static str) -> Self {
        let is_still = true;
        Self { call, is_still }
    }

    /// Makes one that is made once in a moment.
    pub const fn moving(call: &'static str) -> Self {
        let is_still = false;
        Self { call, is_still }
    }
}

/// Which process it is.
#[derive(Clone, Copy, Debug)]
pub enum Ran {
    /// One without variables.
    Inert,
    /// One that inherits its links.
    Inside,
    /// One that reads the table.
    First,
}

/// The directory; it goes when it is dropped.
pub struct Bench {
    dir: TempDir,
    inherited: String,
}

impl Bench {
    /// Makes one.
    pub fn new() -> Self {
        // A name's length counts: each machine has one of this length.
        let dir = tempfile::Builder::new()
            .prefix("psl-")
            .rand_bytes(6)
            .tempdir_in("/tmp")
            .expect("a directory can be made");
        let mut bench = Self {
            dir,
            inherited: String::new(),
        };
        let tree = bench.tree();
        for dir in ["dir", "link", "target"] {
            fs::create_dir_all(tree.join(dir)).expect("it is free");
        }
        for file in ["dir/file", "target/file"] {
            fs::write(tree.join(file), "text").expect("it can be written");
        }
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("c");
        let compiled = Command::new("cc")
            .args(["-O1", "-rdynamic", "-o"])
            .arg(bench.at("calls"))
            .args([sources.join("calls.c"), sources.join("clock.c")])
            .output()
            .expect("there is a compiler");
        assert!(compiled.status.success(), "{compiled:?}");
        let (from, to) = (tree.join("link"), tree.join("target"));
        let member = store::MEMBER;
        let table = format!(
            "format = 1\ngeneration = 1\n[[link]]\nfrom = {from:?}\nto = {to:?}\nmember = {member:?}\n"
        );
        store::make(&bench.at("store"), &table).expect("a store can be made");
        fs::write(bench.at("psl.toml"), "on_uncovered = \"warn\"\n").expect("it can be written");
        bench.inherited = bench.inherited();
        bench
    }

    /// Returns what a process inherits.
    fn inherited(&self) -> String {
        let mut first = self.command(Path::new("/usr/bin/env"), Ran::First);
        let output = first.arg("/usr/bin/env").output().expect("env runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        let (_, value) = lines
            .find(|(name, _)| *name == VARIABLE)
            .unwrap_or_else(|| panic!("nothing is passed on: {output:?}"));
        value.to_owned()
    }

    /// Returns how many instructions one more call takes.
    pub fn per_call(&self, call: &Call) -> u64 {
        let calls = match call.call.starts_with("run ") {
            true => RUNS,
            false => CALLS,
        };
        let more = self.total(call, 2 * calls) - self.total(call, calls);
        more / calls
    }

    /// Returns how many a process takes that makes so many calls.
    fn total(&self, call: &Call, calls: u64) -> u64 {
        let tree = self.tree().display().to_string();
        let mut command = self.command(&self.at("calls"), Ran::Inside);
        command.args(call.call.split(' ').map(|it| it.replace("{tree}", &tree)));
        if !call.is_still {
            command.env("CLOCK_STEP", MOMENT);
        }
        self.count(&command, &format!("{calls}\n"))
    }

    /// Returns how many a process takes that does nothing.
    pub fn process(&self, ran: Ran) -> u64 {
        self.count(&self.command(Path::new("/bin/true"), ran), "")
    }

    /// Returns the names that readlink(2) is asked about in a process that inherits its links and does nothing.
    pub fn asked(&self) -> Vec<String> {
        let command = self.command(Path::new("/bin/true"), Ran::Inside);
        let mut traced = Command::new(packages::file("/usr/bin/strace"));
        traced
            .args(["-e", "trace=readlink,readlinkat"])
            .env_clear()
            .current_dir(self.tree());
        // For the program alone: nothing is preloaded into strace.
        for (name, value) in command.get_envs() {
            let value = value.expect("none is removed");
            let (name, value) = (name.display(), value.display());
            traced.args(["-E", &format!("{name}={value}")]);
        }
        let output = traced
            .arg(command.get_program())
            .output()
            .expect("strace runs");
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8_lossy(&output.stderr);
        let calls = text.lines().filter(|line| line.starts_with("readlink"));
        let names = calls.filter_map(|line| line.split('"').nth(1));
        names.map(str::to_owned).collect()
    }

    fn count(&self, command: &Command, input: &str) -> u64 {
        callgrind::count(command, input, shim::library(), &self.at("profile"))
    }

    fn command(&self, program: &Path, ran: Ran) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("LD_PRELOAD", shim::library())
            .current_dir(self.tree());
        if !matches!(ran, Ran::Inert) {
            command
                .env("PSL_STORE", self.at("store"))
                .env("PSL_MEMBER", store::MEMBER)
                .env("PSL_CONFIG", self.at("psl.toml"))
                .env("XDG_CACHE_HOME", self.at("cache"));
        }
        if matches!(ran, Ran::Inside) {
            command.env(VARIABLE, &self.inherited);
        }
        command
    }

    fn tree(&self) -> PathBuf {
        self.at("tree")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}
