//! Members that run one kind of server, and the whole life of their upgrade.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use procfs::process::Process;
use psl_tests::host::{self, Host};
use psl_tests::instance::{DEADLINE, Instance};
use psl_tests::usage;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A server, and how its versions can be told apart.
pub trait Server {
    /// Makes version 1 in `binaries/version`, and what each member has of its own.
    fn install(&self, host: &Host, members: &[String]);
    /// Returns the shell command that makes version 2 out of a copy of it.
    fn patch(&self) -> String;
    /// Returns the command line of a member, by the path that all members have.
    fn command(&self, host: &Host, member: &str) -> Vec<String>;
    /// Returns a member's `health` in members.toml.
    fn health(&self, host: &Host, member: &str) -> String;
    /// Tells whether a member answers.
    fn answers(&self, host: &Host, member: &str) -> bool;
    /// Writes data of a member's own, where it has some.
    fn write(&self, _: &Host, _: &str) {}
    /// Checks that a member answers as this version, with what was written.
    fn assert_serves(&self, host: &Host, member: &str, version: usize);
    /// Returns the files of its tree that each process of a member uses.
    fn files(&self) -> &'static [&'static str];
    /// Returns how many processes a member consists of.
    fn processes(&self) -> usize;
}

/// Running members.
struct Fleet<'a> {
    server: &'a dyn Server,
    host: Host,
    members: Vec<String>,
    first: Vec<Instance>,
}

/// Takes so many members from version 1 to version 2, step by step, until version 1 is gone.
#[track_caller]
pub fn upgrade(server: &dyn Server, count: usize, at_once: usize) {
    let fleet = Fleet::start(server, count);
    fleet.assert_serve(1);
    fleet.stage();
    fleet.assert_serve(1);
    fleet.roll(at_once);
    fleet.assert_serve(2);
    fleet.assert_current();
    let generation = fleet.admin(&["upgrade", "finish"]);
    assert!(generation.contains("generation "), "{generation}");
    fleet.assert_serve(2);
    // In a container nobody sees who else uses the tree.
    match host::is_contained() {
        false => fleet.admin(&["gc"]),
        true => fleet.admin(&["gc", "--force"]),
    };
    fleet.assert_collected();
    fleet.assert_serve(2);
}

impl<'a> Fleet<'a> {
    fn start(server: &'a dyn Server, count: usize) -> Self {
        let members: Vec<_> = (1..=count).map(|number| format!("erp{number}")).collect();
        let names: Vec<_> = members.iter().map(String::as_str).collect();
        let host = Host::new(&names);
        server.install(&host, &members);
        let mut listed = String::new();
        for member in &members {
            let (command, health) = (server.command(&host, member), server.health(&host, member));
            writeln!(
                listed,
                "[member.{member}]\ncommand = {command:?}\nhealth = {health}"
            )
            .expect("a string takes what it is given");
        }
        host.write("store/members.toml", &listed);
        let mut fleet = Self {
            server,
            host,
            members,
            first: Vec::new(),
        };
        for member in &fleet.members {
            let command = server.command(&fleet.host, member);
            let mut run = fleet.host.run(member, &command[0]);
            run.args(&command[1..]);
            fleet.first.push(Instance::start(run));
        }
        for member in &fleet.members {
            await_that(member, || server.answers(&fleet.host, member));
            server.write(&fleet.host, member);
        }
        fleet
    }

    /// Runs psl-admin without talk.
    #[track_caller]
    fn admin(&self, words: &[&str]) -> String {
        self.host.admin(["-q"].iter().chain(words))
    }

    #[track_caller]
    fn json(&self, words: &[&str]) -> Value {
        let printed = self.admin(&[words, &["--json"]].concat());
        serde_json::from_str(&printed).expect("it prints JSON")
    }

    fn path(&self, name: &str) -> String {
        let path = self.host.path(name).into_os_string();
        path.into_string().expect("the host's directory is text")
    }

    #[track_caller]
    fn stage(&self) {
        let [from, to] = ["binaries/version", "binaries/version2"].map(|name| self.path(name));
        self.admin(&["stage", "--patch", &self.server.patch(), &from, &to]);
    }

    #[track_caller]
    fn roll(&self, at_once: usize) {
        let [from, to] = ["binaries/version", "binaries/version2"].map(|name| self.path(name));
        let (members, at_once) = (self.members.join(","), at_once.to_string());
        self.admin(&[
            "upgrade",
            "start",
            &from,
            &to,
            "--members",
            &members,
            "--max-unavailable",
            &at_once,
            "--min-healthy",
            "0s",
            "--deadline",
            "30s",
        ]);
        let status = &self.json(&["upgrade", "status"])[0];
        assert_eq!(status["phase"], "complete", "{status:#}");
        let rows = status["members"].as_array().expect("a list");
        assert_eq!(rows.len(), self.members.len());
        for row in rows {
            let told = (&row["version"], &row["state"], &row["failed"]);
            assert_eq!(told, (&"new".into(), &"upgraded".into(), &Value::Null));
        }
    }

    #[track_caller]
    fn assert_serve(&self, version: usize) {
        for member in &self.members {
            self.server.assert_serves(&self.host, member, version);
        }
    }

    /// Checks that each member has one instance with the links of the table, and that uses no file of version 1.
    #[track_caller]
    fn assert_current(&self) {
        let rows = self.listed();
        assert_eq!(rows.len(), self.members.len(), "{rows:#?}");
        for member in &self.members {
            let row = rows.iter().find(|row| row["member"] == member.as_str());
            let row = row.expect("each member has a row");
            assert_eq!(row["state"], "CURRENT", "{row:#}");
            assert_eq!(row["processes"], self.server.processes(), "{row:#}");
        }
        let (old, new) = ("binaries/version", "binaries/version2");
        let expected: BTreeSet<_> = self.server.files().iter().map(PathBuf::from).collect();
        let running = self.running();
        assert_eq!(
            running.len(),
            self.members.len() * self.server.processes(),
            "nobody is left behind"
        );
        for process in running {
            let [old, new] = [old, new].map(|tree| {
                let tree = self.host.path(tree);
                usage::files_of(&tree, &process)
            });
            assert_eq!((old, new), (BTreeSet::new(), expected.clone()));
        }
    }

    /// Returns the rows of `ps` that are of this host: a process that has lost its environment is shown for each store.
    fn listed(&self) -> Vec<Value> {
        let mut command = self.host.command(host::admin());
        let output = command.args(["ps", "--json"]).output().expect("it runs");
        // It ends with 1 when an instance of anybody's is not current.
        let rows: Vec<Value> = serde_json::from_slice(&output.stdout).expect("it prints JSON");
        let versions = self.path("binaries/");
        let is_ours = |row: &Value| {
            let program = row["program"].as_str();
            program.is_some_and(|program| program.starts_with(&versions))
        };
        rows.into_iter().filter(is_ours).collect()
    }

    /// Checks that everybody has version 2 at the place, and that version 1 and the links are gone.
    #[track_caller]
    fn assert_collected(&self) {
        let place = self.host.path("binaries/version");
        let target = fs::read_link(&place).expect("a symlink is there for everybody");
        assert_eq!(target, self.host.path("binaries/version2"));
        let entries = fs::read_dir(self.host.path("binaries")).expect("it is there");
        let trees = entries.map(|entry| entry.expect("it can be read"));
        let trees = trees.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let trees: Vec<_> = trees.map(|entry| entry.file_name()).collect();
        assert_eq!(trees, ["version2"]);
        assert_eq!(self.json(&["list"]), Value::Array(Vec::new()));
    }

    /// Lists the processes whose program lies below the versions.
    fn running(&self) -> Vec<Process> {
        let versions = self.host.path("binaries");
        let processes = procfs::process::all_processes().expect("proc is there");
        let processes = processes.filter_map(Result::ok);
        let is_ours = |process: &Process| {
            let program = process.exe();
            program.is_ok_and(|program| program.starts_with(&versions))
        };
        processes.filter(is_ours).collect()
    }
}

impl Drop for Fleet<'_> {
    fn drop(&mut self) {
        self.first.clear();
        for process in self.running() {
            // Who has ended meanwhile needs no signal.
            let _ = Pid::from_raw(process.pid()).map(|pid| kill_process(pid, Signal::KILL));
        }
    }
}

/// Waits until something holds that tells nobody when it does.
#[track_caller]
fn await_that(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what} does not answer");
        std::thread::sleep(Duration::from_millis(10));
    }
}
