//! A store with a live link to one of many data files, which say which one they are.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use psl_table::history::Author;
use psl_table::store::{CommitOptions, Store};
use psl_table::trust::Trust;
use psl_tests::{shim, store};
use tempfile::TempDir;

/// How long after a commit everybody has to see it.
pub const SECOND: Duration = Duration::from_millis(1000);

/// A directory with data and a store; it goes when it is dropped.
pub struct Bench {
    _dir: TempDir,
    path: PathBuf,
}

impl Bench {
    /// Makes one whose link leads to the first of so many files.
    pub fn new(files: usize) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("psl-live-")
            .permissions(Permissions::from_mode(0o755))
            .tempdir()
            .expect("a directory can be made");
        let path = dir.path().canonicalize().expect("it was just made");
        let bench = Self { _dir: dir, path };
        fs::create_dir(bench.path.join("data")).expect("it is free");
        for file in 1..=files {
            fs::write(bench.data(file), format!("{file} {file}")).expect("it can be written");
        }
        store::make(&bench.store(), &bench.table(1)).expect("a store can be made");
        bench
    }

    /// Returns the path of the live link.
    pub fn link(&self) -> PathBuf {
        self.path.join("data/live")
    }

    /// Returns the path of a link that is not live, and leads wherever the live one did at first.
    pub fn fixed(&self) -> PathBuf {
        self.path.join("data/fixed")
    }

    /// Returns the path of a data file.
    pub fn data(&self, file: usize) -> PathBuf {
        self.path.join(format!("data/{file}"))
    }

    /// The store.
    pub fn store(&self) -> PathBuf {
        self.path.join("store")
    }

    /// Returns a table whose links lead to this file.
    pub fn table(&self, file: usize) -> String {
        let mut table = String::from("format = 1\ngeneration = 1\n");
        let member = store::MEMBER;
        for (from, more) in [(self.link(), "live = true\n"), (self.fixed(), "")] {
            let to = self.data(file);
            write!(
                table,
                "[[link]]\nfrom = {from:?}\nto = {to:?}\nmember = {member:?}\n{more}"
            )
            .expect("a string takes what it is given");
        }
        table
    }

    /// Has the links lead to this file from here on.
    pub fn commit(&self, file: usize) {
        self.commit_table(&self.table(file));
    }

    /// Commits a table.
    pub fn commit_table(&self, table: &str) {
        let store = Store::open(&self.store(), Trust::Owner).expect("the store is there");
        let committed = store.replace(&Author::here(None), CommitOptions::default(), table);
        committed.expect("the table is right");
    }

    /// Returns a command of the member's, under the preload library and an allocator that counts.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let (shim, counting) = (shim::library(), shim::counting_allocator());
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env(
                "LD_PRELOAD",
                format!("{}:{}", shim.display(), counting.display()),
            )
            .env("PSL_STORE", self.store())
            .env("XDG_CACHE_HOME", self.store().with_file_name("cache"))
            .env("PSL_MEMBER", store::MEMBER);
        command
    }

    /// Returns a command that has the probe do something with the live link.
    pub fn probe(&self, how: &str, arguments: &[&str]) -> Command {
        self.probe_with(how, &self.link(), arguments)
    }

    /// Returns the same for another path.
    pub fn probe_with(&self, how: &str, path: &Path, arguments: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_probe"));
        command
            .args([OsStr::new("live"), how.as_ref(), path.as_ref()])
            .args(arguments);
        command
    }
}
