//! A store, versions of a small real server, and members that run it.
mod answers;

use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long something may take that ends soon.
pub const SOON: Duration = Duration::from_secs(60);

/// A directory with `bin/`, the store, and the versions.
pub struct Bench {
    dir: TempDir,
    ports: Vec<(u16, OwnedFd)>,
}

/// What one run of psl-admin did; `$T` stands for the bench's directory.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Bench {
    /// Makes a store with members that are started by command, and that run version 1.
    pub fn new(members: usize) -> Self {
        let bench = Self::stopped(members);
        (1..=members).for_each(|member| bench.start(member));
        bench
    }

    /// Makes the same without starting anything.
    pub fn stopped(members: usize) -> Self {
        let dir = tempfile::Builder::new();
        let dir = { dir }.prefix("psl-upgrade-test-").tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let ports = (0..members).map(|_| answers::port()).collect();
        let bench = Self { dir, ports };
        fs::create_dir(bench.path("bin")).unwrap();
        let programs = [
            Path::new(env!("CARGO_BIN_EXE_psl-admin")),
            Path::new(env!("CARGO_BIN_EXE_psl-demo-server")),
            shim(),
        ];
        for file in programs {
            // Another process copies: what this one holds open for writing while it starts a third cannot be executed.
            let mut copy = Command::new("cp");
            assert!(
                copy.arg(file)
                    .arg(bench.path("bin"))
                    .status()
                    .unwrap()
                    .success()
            );
        }
        bench.write("psl.toml", "");
        for version in 1..=3 {
            bench.version(version);
        }
        bench.ok(&["init", "$T/store"]);
        let mut listed = String::new();
        for member in 1..=members {
            bench.ok(&["member", "set", &name(member), "app=erp"]);
            writeln!(listed, "{}", bench.by_command(member)).unwrap();
        }
        bench.write("store/members.toml", &listed);
        bench
    }

    /// Makes the tree of a version: `binaries/version` for the first.
    pub fn version(&self, version: usize) {
        let tree = format!("binaries/{}", tree(version));
        fs::create_dir_all(self.path(&format!("{tree}/bin"))).unwrap();
        let server = self.path(&format!("{tree}/bin/server"));
        let mut copy = Command::new("cp");
        copy.arg("--link").arg(self.path("bin/psl-demo-server"));
        assert!(copy.arg(server).status().unwrap().success());
        self.write(&format!("{tree}/share/release"), &version.to_string());
        self.write(&format!("{tree}/share/page"), &version.to_string());
    }

    /// Makes a member's own tree of a version: `binaries/private/<member>`.
    pub fn private(&self, member: usize, version: usize) -> String {
        let tree = format!("binaries/private/{}", name(member));
        fs::create_dir_all(self.path("binaries/private")).unwrap();
        let mut copy = Command::new("cp");
        let source = self.path(&format!("binaries/{}", crate::bench::tree(version)));
        copy.arg("-a").arg(source).arg(self.path(&tree));
        assert!(copy.status().unwrap().success());
        tree
    }

    /// Returns the lines of members.toml for a member that psl-admin starts itself.
    pub fn by_command(&self, member: usize) -> String {
        let port = self.ports[member - 1].0;
        self.filled(&format!(
            "[member.{}]\ncommand = [\"$T/binaries/version/bin/server\", \"--port\", \"{port}\"]\n\
             stop_deadline = \"10s\"\nhealth = {{ http = \"http://127.0.0.1:{port}/\" }}\n",
            name(member)
        ))
    }

    /// Replaces members.toml.
    pub fn members(&self, text: &str) {
        self.write("store/members.toml", &self.filled(text));
    }

    /// Returns a member's port.
    pub fn port(&self, member: usize) -> u16 {
        self.ports[member - 1].0
    }

    /// Starts a member as an administrator types it, and waits until it answers.
    pub fn start(&self, member: usize) {
        let server = self.path("binaries/version/bin/server");
        let port = self.port(member).to_string();
        let mut command = self.command(&["run", "--member", &name(member), "--"]);
        command.arg(server).args(["--port", &port]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        // Whoever ends is collected, so that it does not count as there.
        std::thread::spawn(move || child.wait());
        await_that("the member answers", || self.release(member).is_some());
    }

    /// Stops a member's instance by a signal, and waits until it has ended.
    pub fn stop(&self, member: usize) {
        let text = self.answer(member).unwrap();
        let mut lines = text.lines();
        let pid = lines
            .find_map(|line| line.strip_prefix("process "))
            .unwrap();
        let pid = rustix::process::Pid::from_raw(pid.parse().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let process = PathBuf::from(format!("/proc/{}/exe", pid.as_raw_nonzero()));
        await_that("the member ends", || fs::read_link(&process).is_err());
    }

    /// Returns a command that runs psl-admin; `$T` in arguments is the bench's directory.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.path("bin/psl-admin"));
        for variable in ["LD_PRELOAD", "PSL_MEMBER", "PSL_SNAPSHOT", "NO_COLOR"] {
            command.env_remove(variable);
        }
        command
            .env("PSL_CONFIG", self.path("psl.toml"))
            .env("PSL_STORE", self.path("store"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .current_dir("/")
            .args(arguments.iter().map(|argument| self.filled(argument)));
        // In a container nobody sees who else uses a tree (the number is that of the first process's namespace).
        let namespace = fs::read_link("/proc/self/ns/pid").expect("procfs is there");
        if arguments.first() == Some(&"gc") && namespace.as_os_str() != "pid:[4026531836]" {
            command.arg("--force");
        }
        command
    }

    /// Returns a command that begins a roll over all members, without waiting for health to last.
    pub fn upgrade(&self, version: usize, flags: &[&str]) -> Command {
        self.upgrade_to(&format!("$T/binaries/{}", tree(version)), flags)
    }

    /// Returns the same for any target.
    pub fn upgrade_to(&self, to: &str, flags: &[&str]) -> Command {
        let members: Vec<_> = (1..=self.ports.len()).map(name).collect();
        let members = members.join(",");
        let start = [
            "upgrade",
            "start",
            "$T/binaries/version",
            to,
            "--members",
            &members,
        ];
        let quick = ["--min-healthy", "0s", "--deadline", "20s"];
        let given = |flag: &&str| !flags.contains(flag);
        let quick = quick.chunks(2).filter(|pair| given(&pair[0])).flatten();
        self.command(&[&start, quick.copied().collect::<Vec<_>>().as_slice(), flags].concat())
    }

    /// Runs a command.
    pub fn ran(&self, command: &mut Command) -> Ran {
        let Output {
            status,
            stdout,
            stderr,
        } = command.stdin(Stdio::null()).output().unwrap();
        Ran {
            code: status.code(),
            stdout: self.shown(&stdout),
            stderr: self.shown(&stderr),
        }
    }

    /// Starts a command whose output goes nowhere.
    pub fn begin(&self, command: &mut Command) -> Child {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().unwrap()
    }

    /// Runs psl-admin.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.ran(&mut self.command(arguments))
    }

    /// Runs psl-admin, which must succeed; returns its standard output.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
        ran.stdout
    }

    /// Returns what `upgrade status --json` says of the only roll, or the last one.
    #[track_caller]
    pub fn status(&self) -> Value {
        let mut all: Value =
            serde_json::from_str(&self.ok(&["upgrade", "status", "--json"])).unwrap();
        assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
        all[0].take()
    }

    /// Returns the links of the table, as `list` shows them.
    pub fn links(&self) -> String {
        let text = self.ok(&["list"]);
        self.shown(text.as_bytes())
    }

    /// Returns the states of all members of the only roll, or the last one.
    pub fn states(&self) -> Vec<String> {
        let status = self.status();
        let members = status["members"].as_array().unwrap().iter();
        members
            .map(|member| member["state"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Waits until the journal of the first roll of today has this text.
    #[track_caller]
    pub fn await_journal(&self, text: &str) {
        await_that(text, || self.journal().contains(text));
    }

    /// Returns the journal of the last roll.
    pub fn journal(&self) -> String {
        let Ok(entries) = fs::read_dir(self.path("store/rolls")) else {
            return String::new();
        };
        let names = entries.map(|entry| entry.unwrap().path());
        let number = |path: &PathBuf| path.extension()?.to_str()?.parse::<u64>().ok();
        let last = names.filter_map(|path| Some((number(&path)?, path))).max();
        last.map_or_else(String::new, |(_, path)| fs::read_to_string(path).unwrap())
    }

    /// Returns the path of a name below the bench's directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file, and the directories above it.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }

    /// Writes a script that can be executed.
    pub fn script(&self, name: &str, text: &str) {
        self.write(name, &format!("#!/bin/sh\n{}\n", self.filled(text)));
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Puts the bench's directory in the place of `$T`.
    pub fn filled(&self, text: &str) -> String {
        text.replace("$T", self.dir.path().to_str().unwrap())
    }

    fn shown(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        text.replace(self.dir.path().to_str().unwrap(), "$T")
    }

    /// Lists the processes whose program lies below the versions.
    pub fn servers(&self) -> Vec<i32> {
        let versions = self.path("binaries");
        let programs = fs::read_dir("/proc").unwrap().flatten();
        let found = programs.filter(|entry| {
            let program = fs::read_link(entry.path().join("exe"));
            program.is_ok_and(|program| program.starts_with(&versions))
        });
        let names = found.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter_map(|name| name.parse().ok()).collect()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        for pid in self.servers() {
            let pid = rustix::process::Pid::from_raw(pid).unwrap();
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

/// Returns the name of a member.
pub fn name(member: usize) -> String {
    format!("erp{member}")
}

/// Returns the name of a version's tree.
pub fn tree(version: usize) -> String {
    match version {
        1 => "version".to_owned(),
        version => format!("version{version}"),
    }
}

/// Waits until something holds that tells nobody when it does.
#[track_caller]
pub fn await_that(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
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
        let directory = env!("CARGO_MANIFEST_DIR");
        let output = cargo.current_dir(directory).output().unwrap();
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
