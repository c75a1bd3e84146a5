//! A store in a temporary directory, and psl-admin run on it.
use psl_table::pinned::{Engine, Pinned, View};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A store with nothing in it, below a directory that the rows of a test call `$T`.
pub struct Bench {
    dir: TempDir,
}

/// What one run of psl-admin did; `$T` stands for the bench's directory.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Bench {
    /// Makes the store `$T/store` and the empty host configuration `$T/psl.toml`.
    pub fn new() -> Self {
        let bench = Self::without_store();
        bench.ok("init $T/store");
        bench
    }

    /// Makes the host configuration alone.
    pub fn without_store() -> Self {
        let bench = Self {
            dir: tempfile::Builder::new()
                .prefix("psl-admin-test-")
                .tempdir()
                .unwrap(),
        };
        bench.write("psl.toml", "");
        bench
    }

    /// Makes a store whose table has these rows behind its first lines, as if edited by hand.
    pub fn with(rows: &str) -> Self {
        let bench = Self::new();
        let text = bench.table();
        bench.write("store/table.toml", format!("{text}{}", bench.filled(rows)));
        bench
    }

    /// Returns the path of a name below the bench's directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file, readable by all and writable by the owner.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    }

    /// Makes a directory.
    pub fn mkdir(&self, name: &str) {
        fs::create_dir_all(self.path(name)).unwrap();
    }

    /// Copies psl-admin; another process does it, since a program that this one holds open for writing while it
    /// starts a third cannot be executed.
    pub fn install(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        let mut copy = Command::new("cp");
        copy.arg(env!("CARGO_BIN_EXE_psl-admin")).arg(&path);
        assert!(copy.status().unwrap().success());
        path
    }

    /// Sets the mode of a name.
    pub fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Returns the current table's text.
    pub fn table(&self) -> String {
        fs::read_to_string(self.path("store/table.toml")).unwrap()
    }

    /// Returns the table's text without its commit header and generation.
    pub fn body(&self) -> String {
        let table = self.table();
        let lines = table.split_inclusive('\n');
        lines
            .filter(|line| !line.starts_with("#:") && !line.starts_with("generation ="))
            .collect()
    }

    /// Returns a command with the bench's environment; arguments are split at spaces.
    pub fn command(&self, arguments: &str) -> Command {
        let arguments = arguments.split(' ').filter(|argument| !argument.is_empty());
        self.command_of(&arguments.collect::<Vec<_>>())
    }

    /// Returns a command with the bench's environment.
    pub fn command_of(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psl-admin"));
        for variable in [
            "LD_PRELOAD",
            "LD_LIBRARY_PATH",
            "PSL_MEMBER",
            "PSL_SNAPSHOT",
            "PSL_APP",
            "PSL_APP_VERSION",
            "PSL_PIN",
            "VISUAL",
            "EDITOR",
            "CLICOLOR_FORCE",
            "NO_COLOR",
        ] {
            command.env_remove(variable);
        }
        command
            .env("PSL_CONFIG", self.path("psl.toml"))
            .env("PSL_STORE", self.path("store"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .current_dir(self.dir.path())
            .args(arguments.iter().map(|argument| self.filled(argument)));
        command
    }

    /// Runs psl-admin; arguments are split at spaces.
    pub fn run(&self, arguments: &str) -> Ran {
        self.ran(&mut self.command(arguments))
    }

    /// Runs a command.
    pub fn ran(&self, command: &mut Command) -> Ran {
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().unwrap();
        let place = self.dir.path().to_str().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap().replace(place, "$T");
        Ran {
            code: status.code().expect("psl-admin is not killed"),
            stdout: text(stdout),
            stderr: text(stderr),
        }
    }

    /// Runs psl-admin, which must succeed without talk; returns its standard output.
    #[track_caller]
    pub fn ok(&self, arguments: &str) -> String {
        let ran = self.run(arguments);
        assert_eq!(
            (ran.code, ran.stderr.as_str()),
            (0, ""),
            "psl-admin {arguments}"
        );
        ran.stdout
    }

    /// Runs psl-admin, which must fail with this code and no data; returns its standard error.
    #[track_caller]
    pub fn fails(&self, code: i32, arguments: &str) -> String {
        let ran = self.run(arguments);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (code, ""),
            "psl-admin {arguments}: {ran:?}"
        );
        assert!(
            ran.stderr.starts_with("psl-admin: "),
            "psl-admin {arguments}: {ran:?}"
        );
        ran.stderr
    }

    /// Returns every name below the store with its mode and its bytes.
    pub fn store(&self) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
        let mut found = BTreeMap::new();
        gather(&self.path("store"), &mut found);
        found
    }

    /// Puts the bench's directory in the place of `$T`.
    pub fn filled(&self, text: &str) -> String {
        text.replace("$T", self.dir.path().to_str().unwrap())
    }
}

fn gather(dir: &Path, found: &mut BTreeMap<PathBuf, (u32, Vec<u8>)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.symlink_metadata().unwrap();
        let bytes = if metadata.is_dir() {
            gather(&path, found);
            Vec::new()
        } else {
            fs::read(&path).unwrap()
        };
        found.insert(path, (metadata.permissions().mode(), bytes));
    }
}

/// Returns what an instance passes on before its first process has looked at anything.
pub fn pinned(generation: u64, member: &str, engine: Engine) -> String {
    let pinned = Pinned {
        generation,
        member: member.into(),
        engine,
        view: View::Open,
    };
    pinned.to_string()
}
