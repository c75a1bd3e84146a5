//! A host whose configuration, store and user are a test's.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use psl_tests::{host, shim, store};
use tempfile::TempDir;

/// Who starts instances where a test is run as root: the host keeps generations of a user, not of the tests.
const NOBODY: u32 = 65534;

/// What an instance says that has no link, and one that has.
pub const WITHOUT: &[u8] = b"1";
/// As above.
pub const LINKED: &[u8] = b"2";

/// A directory with all of it; it goes when it is dropped.
pub struct Bench {
    _dir: TempDir,
    pub path: PathBuf,
}

impl Bench {
    /// Makes one whose member has a link from `which` to `2`.
    pub fn new() -> Self {
        let dir = tempfile::Builder::new()
            .prefix("psl-start-")
            .permissions(Permissions::from_mode(0o755))
            .tempdir()
            .expect("a directory can be made");
        let path = dir.path().canonicalize().expect("it was just made");
        let bench = Self { _dir: dir, path };
        for (name, text) in [("which", WITHOUT), ("2", LINKED)] {
            fs::write(bench.at(name), text).expect("it can be written");
        }
        let cache = bench.at("cache");
        fs::create_dir(&cache).expect("it is free");
        if rustix::process::geteuid().is_root() {
            chown(&cache, Some(NOBODY), Some(NOBODY)).expect("root may");
        }
        let from = bench.at("which");
        let to = bench.at("2");
        let member = store::MEMBER;
        let table = format!(
            "format = 1\ngeneration = 1\n[member.{member}]\n[[link]]\nfrom = {from:?}\nto = {to:?}\nmember = {member:?}\n"
        );
        store::make(&bench.store(), &table).expect("a store can be made");
        bench
    }

    /// Returns a path in it.
    pub fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The store.
    pub fn store(&self) -> PathBuf {
        self.at("store")
    }

    /// Writes the host's configuration.
    pub fn configure(&self, text: &str) {
        fs::write(self.at("psl.toml"), text).expect("it can be written");
    }

    /// Puts something in the table's place that is none.
    pub fn break_table(&self) {
        fs::write(self.store().join("table.toml"), "format = 1\nforma").expect("it can be written");
    }

    /// Returns a command that starts an instance which says what it sees: by the library alone.
    pub fn instance(&self) -> Command {
        let mut command = self.command(Path::new("/bin/cat"));
        command
            .env("LD_PRELOAD", shim::library())
            .arg(self.at("which"));
        command
    }

    /// Returns the same by `psl-admin run`, with more arguments for it.
    pub fn run(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(host::admin());
        command
            .args(["run", "--member", store::MEMBER])
            .args(arguments)
            .args(["--", "/bin/cat"])
            .arg(self.at("which"));
        command
    }

    /// Returns a command that starts an instance in one way or the other.
    pub fn launch(&self, by_run: bool) -> Command {
        match by_run {
            true => self.run(&[]),
            false => self.instance(),
        }
    }

    /// Returns a command of the user's.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PSL_STORE", self.store())
            .env("PSL_MEMBER", store::MEMBER)
            .env("PSL_CONFIG", self.at("psl.toml"))
            .env("XDG_CACHE_HOME", self.at("cache"));
        if rustix::process::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}

/// Checks what a command says, that it ends so, and that each of these parts is in its one line of errors.
#[track_caller]
pub fn assert_says(output: &Output, status: i32, stdout: &[u8], parts: &[&str]) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    assert_eq!(output.stdout, stdout, "{errors}");
    assert_eq!(errors.is_empty(), parts.is_empty(), "{errors}");
    for part in parts {
        assert!(errors.contains(part), "{part:?} is not in {errors}");
    }
}

/// Runs a command.
#[track_caller]
pub fn output(mut command: Command) -> Output {
    command.output().expect("it can be started")
}
