//! A store in memory, of which every try gets a copy of its own, and the commands that change it.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use psl_table::history::without_header;
use psl_table::store::{Store, Trust};
use psl_tests::{host, shim};
use tempfile::TempDir;

/// The member that has a link.
pub const MEMBER: &str = "erp1";

/// What an instance of the member finds in its file.
pub const LINKED: &str = "version2";

/// The generation that is current.
pub const CURRENT: u64 = 4;

/// The names that a store may have.
const KNOWN: [&str; 6] = [
    "history",
    "lock",
    "members.toml",
    "rolls",
    "running",
    "table.toml",
];

/// Makes a directory that others may enter.
///
/// In memory where there is such a place: what is tried here is not what a loss of power leaves, and syncing takes
/// its time.
fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let place = match memory.is_dir() {
        true => memory.into(),
        false => std::env::temp_dir(),
    };
    tempfile::Builder::new()
        .prefix("psl-")
        .permissions(Permissions::from_mode(0o755))
        .tempdir_in(place)
        .expect("a directory can be made")
}

/// What all tries have in common: trees, files that commands are given, and the store that is copied.
pub struct Bench {
    dir: TempDir,
}

/// One try: a directory with a store that is its own.
pub struct Try<'b> {
    bench: &'b Bench,
    dir: TempDir,
}

impl Bench {
    /// Makes one whose store is at generation [`CURRENT`].
    pub fn new() -> Self {
        let bench = Self { dir: directory() };
        for version in ["version", LINKED, "version3"] {
            bench.write(&format!("binaries/{version}/file"), version);
        }
        bench.write("editor", "exec sed -i s/version2/version3/ \"$1\"\n");
        bench.write("psl.toml", &format!("shim = {:?}\n", shim::library()));
        let first = Try {
            bench: &bench,
            dir: directory(),
        };
        for arguments in [
            "init {store}",
            "member set erp1 app=erp",
            "member set erp2 app=crm",
            "add --member erp1 {bench}/binaries/version {bench}/binaries/version2",
        ] {
            first.admin(arguments);
        }
        let text = first.open().read_raw().expect("the table is whole");
        let other = text.replace("app = \"erp\"", "app = \"web\"");
        assert_ne!(text, other);
        bench.write("other.toml", &other);
        copy(&first.store(), &bench.path("store"));
        drop(first);
        bench
    }

    /// Returns the path of a name in its directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        let parent = path.parent().expect("it is below the directory");
        fs::create_dir_all(parent).expect("a directory can be made");
        fs::write(path, text).expect("a file can be written");
    }

    /// Begins a try, with a copy of the store.
    pub fn begin(&self) -> Try<'_> {
        let begun = self.begin_empty();
        copy(&self.path("store"), &begun.store());
        begun
    }

    /// Begins a try without a store.
    pub fn begin_empty(&self) -> Try<'_> {
        Try {
            bench: self,
            dir: directory(),
        }
    }
}

/// Copies a directory, and those below it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("it is free");
    for entry in fs::read_dir(from).expect("the directory is there") {
        let entry = entry.expect("it can be listed");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match from.is_dir() {
            true => copy(&from, &to),
            false => _ = fs::copy(from, to).expect("a file can be copied"),
        }
    }
}

impl<'b> Try<'b> {
    /// Returns what it has in common with others.
    pub fn bench(&self) -> &'b Bench {
        self.bench
    }

    /// Returns the directory that it has for itself.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Returns the path of the store.
    pub fn store(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    /// Opens the store.
    pub fn open(&self) -> Store {
        Store::open(&self.store(), Trust::Owner).expect("there is a store")
    }

    /// Returns a command in the environment of the try.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        let editor = format!("sh {}", self.bench.path("editor").display());
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .env("EDITOR", editor)
            .env("XDG_STATE_HOME", self.dir.path())
            .env("XDG_CACHE_HOME", self.dir.path())
            .env("PSL_STORE", self.store())
            .env("PSL_CONFIG", self.bench.path("psl.toml"))
            .current_dir("/");
        command
    }

    /// Returns a command of psl-admin; `{store}` in the arguments is the store, `{bench}` what tries have in common.
    pub fn asked(&self, arguments: &str) -> Command {
        let bench = self.bench.dir.path().display().to_string();
        let store = self.store().display().to_string();
        let mut command = self.command(host::admin());
        for argument in arguments.split(' ') {
            command.arg(
                argument
                    .replace("{store}", &store)
                    .replace("{bench}", &bench),
            );
        }
        command
    }

    /// Has psl-admin do something, and returns what it prints.
    #[track_caller]
    pub fn admin(&self, arguments: &str) -> String {
        let output = self.asked(arguments).output().expect("psl-admin runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        let is_done = output.status.success() && errors.is_empty();
        assert!(is_done, "{arguments}: {}: {errors}", output.status);
        String::from_utf8(output.stdout).expect("psl-admin prints text")
    }

    /// Returns the table's text, without what a commit sets.
    #[track_caller]
    pub fn body(&self) -> String {
        body(&self.open().read_raw().expect("the table can be read"))
    }

    /// Returns the generations in the history with their texts.
    pub fn generations(&self) -> Vec<(u64, String)> {
        let store = self.open();
        let numbers = store.generations().expect("the history can be listed");
        let text = |number| fs::read_to_string(store.generation_file(number));
        let texts = numbers.into_iter().map(|number| (number, text(number)));
        texts
            .map(|(number, text)| (number, text.expect("a generation can be read")))
            .collect()
    }

    /// Returns what the store consists of, but for what differs from one try to the next: numbers of processes, and times.
    pub fn state(&self) -> BTreeMap<PathBuf, String> {
        let mut state = BTreeMap::new();
        let mut left = vec![self.store()];
        while let Some(dir) = left.pop() {
            // A store that was not made has no state.
            for entry in fs::read_dir(&dir).into_iter().flatten() {
                let path = entry.expect("it can be listed").path();
                let name = path.strip_prefix(self.store()).expect("it is below");
                let name = name.display().to_string();
                let mut parts = name.split('.');
                let name = match (parts.next(), parts.next(), parts.nth(1)) {
                    (Some(""), Some("aside"), Some(count)) => format!("aside {count}"),
                    _ => name,
                };
                let is_dir = path.is_dir();
                let text = match is_dir {
                    true => String::new(),
                    false => fs::read_to_string(&path).expect("all files are text"),
                };
                let is_told =
                    |line: &&str| !line.starts_with("#: when ") && !line.contains(", pid ");
                let text: Vec<_> = text.lines().filter(is_told).collect();
                state.insert(PathBuf::from(name), text.join("\n"));
                if is_dir {
                    left.push(path);
                }
            }
        }
        state
    }

    /// Lists the names in the store that no store has.
    pub fn strangers(&self) -> Vec<PathBuf> {
        let names = |dir: &Path| {
            let entries = fs::read_dir(dir).expect("the directory is there");
            let names = entries.map(|entry| entry.expect("it can be listed").path());
            names.collect::<Vec<_>>()
        };
        let mut strangers = names(&self.store());
        strangers.retain(|path| !KNOWN.iter().any(|known| path.ends_with(known)));
        let generation = |path: &PathBuf| {
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            let number = stem.and_then(|stem| stem.parse::<u64>().ok());
            number.is_some() && path.extension().is_some_and(|end| end == "toml")
        };
        let history = names(&self.store().join("history"));
        strangers.extend(history.into_iter().filter(|path| !generation(path)));
        strangers
    }

    /// Lists the files of rolls and registrations that were being written.
    pub fn unfinished(&self) -> Vec<PathBuf> {
        let dirs = ["rolls", "running"].map(|dir| self.store().join(dir));
        // A store has them when they are needed.
        let entries = dirs.into_iter().flat_map(fs::read_dir).flatten();
        let paths = entries.map(|entry| entry.expect("it can be listed").path());
        let is_unfinished = |path: &PathBuf| path.extension().is_some_and(|end| end == "aside");
        paths.filter(is_unfinished).collect()
    }
}

/// Returns a table's text without what a commit sets: the header, and the generation's number.
pub fn body(text: &str) -> String {
    let lines = without_header(text).lines();
    lines
        .filter(|line| !line.starts_with("generation = "))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Returns the number of the generation that a command has acknowledged.
pub fn acknowledged(output: &str) -> Option<u64> {
    let line = output
        .lines()
        .find_map(|line| line.strip_prefix("generation "))?;
    line.parse().ok()
}
