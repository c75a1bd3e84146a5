//! psl-admin, the demo's server and the shim in one directory, as after `cargo build`, and a TMPDIR of their own.
use serde_json::Value;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Lines};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long something may take that ends soon.
const DEADLINE: Duration = Duration::from_secs(60);

/// A directory with `bin/` and the empty `tmp/`, which everybody may use.
pub struct Bench {
    dir: TempDir,
}

impl Bench {
    /// Makes it.
    pub fn new() -> Self {
        let dir = tempfile::Builder::new()
            .prefix("psl-admin-test-")
            .tempdir()
            .unwrap();
        let bench = Self { dir };
        fs::set_permissions(bench.dir.path(), Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(bench.path("bin")).unwrap();
        let programs = [
            env!("CARGO_BIN_EXE_psl-admin"),
            env!("CARGO_BIN_EXE_psl-demo-server"),
        ];
        for file in programs.map(Path::new).into_iter().chain([shim()]) {
            fs::copy(file, bench.path("bin").join(file.file_name().unwrap())).unwrap();
        }
        fs::create_dir(bench.path("tmp")).unwrap();
        bench.chmod("tmp", 0o1777);
        bench
    }

    /// Returns the path of a name below the bench's directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Sets the mode of a name.
    pub fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    /// Returns a command that runs psl-admin.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(self.path("bin/psl-admin"), arguments)
    }

    /// Returns a command with the bench's TMPDIR.
    pub fn command_of(&self, program: impl AsRef<Path>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .args(arguments)
            .env("TMPDIR", self.path("tmp"))
            .current_dir("/");
        command
    }

    /// Lists what lies in TMPDIR.
    pub fn left(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("tmp")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// Lists the processes whose program lies below the bench's directory.
    pub fn processes(&self) -> Vec<PathBuf> {
        let programs = fs::read_dir("/proc").unwrap().flatten();
        let programs = programs.filter_map(|entry| fs::read_link(entry.path().join("exe")).ok());
        programs
            .filter(|program| program.starts_with(self.dir.path()))
            .collect()
    }

    /// Asserts that neither a file nor a process is left.
    #[track_caller]
    pub fn assert_clean(&self) {
        assert_eq!(self.left(), [] as [PathBuf; 0]);
        assert_eq!(self.processes(), [] as [PathBuf; 0]);
    }

    /// Starts a demo whose story can be read while it goes on.
    pub fn begin(&self) -> Going {
        let mut command = self.command(&["demo"]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Going { child, lines }
    }
}

/// A demo that is going on.
pub struct Going {
    pub child: Child,
    pub lines: Lines<BufReader<ChildStdout>>,
}

impl Going {
    /// Reads until a line holds this text.
    #[track_caller]
    pub fn read_to(&mut self, text: &str) -> String {
        let line = self
            .lines
            .find(|line| line.as_ref().unwrap().contains(text));
        line.unwrap_or_else(|| panic!("the story ends before {text:?}"))
            .unwrap()
    }

    /// Reads the rest, and waits for the end.
    pub fn end(self) -> Output {
        self.lines.for_each(drop);
        self.child.wait_with_output().unwrap()
    }
}

/// Runs a demo with `--json`, which must succeed without talk.
#[track_caller]
pub fn summary(command: &mut Command) -> Value {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    assert_eq!(
        (status.code(), String::from_utf8(stderr).unwrap()),
        (Some(0), String::new())
    );
    serde_json::from_slice(&stdout).unwrap()
}

/// Waits until something holds that tells nobody when it does.
#[track_caller]
pub fn await_that(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Builds the shim, which `cargo test` does not: no crate can link it.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--package", "psl-shim", "--message-format", "json"]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        let output = cargo
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let messages = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
        let files = messages.map(|message| message.unwrap()["filenames"].take());
        let files = files.filter_map(|files| serde_json::from_value::<Vec<PathBuf>>(files).ok());
        files
            .flatten()
            .find(|file| file.ends_with("libpsl_shim.so"))
            .unwrap()
    })
}
