//! `psl-admin ps`, and instances to see.

use std::process::Command;

use psl_tests::host::{self, Host};
use psl_tests::instance::Instance;
use psl_tests::packages;
use serde_json::Value;

pub const MEMBER: &str = "erp1";
pub const OTHER: &str = "erp2";

/// A host with three versions, the second one of which is the member's.
pub fn host() -> Host {
    let host = Host::new(&[MEMBER, OTHER]);
    for version in ["version", "version2", "version3"] {
        host.write(&format!("binaries/{version}/file"), version);
    }
    host.link(MEMBER, "binaries/version", "binaries/version2");
    host
}

/// What one run of `ps` says.
#[derive(Debug)]
pub struct Seen {
    pub code: Option<i32>,
    pub rows: Vec<Value>,
    pub said: String,
}

impl Seen {
    /// Asks for JSON, with these arguments.
    #[track_caller]
    pub fn of(host: &Host, arguments: &[&str]) -> Self {
        let mut command = host.command(host::admin());
        command.args(["ps", "--json"]).args(arguments);
        Self::by(command)
    }

    /// Has a command ask for it.
    #[track_caller]
    pub fn by(mut command: Command) -> Self {
        let output = command.output().expect("psl-admin runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let rows = serde_json::from_slice(&output.stdout);
        Self {
            code: output.status.code(),
            rows: rows.unwrap_or_else(|error| panic!("{error}: {output:?}")),
            said,
        }
    }

    /// Returns the row of an instance's first process.
    #[track_caller]
    pub fn row(&self, instance: &Instance) -> &Value {
        let pid = instance.id().as_raw_nonzero().get();
        let row = self.rows.iter().find(|row| row["pid"] == pid);
        row.unwrap_or_else(|| panic!("process {pid} is not in {self:#?}"))
    }
}

/// Starts a shell that says it is there and then obeys.
#[track_caller]
pub fn obey(mut instance: Instance) -> Instance {
    instance.tell("echo here");
    instance.wait_for("here");
    instance
}

/// Starts a shell as an instance of a member.
#[track_caller]
pub fn shell(host: &Host, member: &str) -> Instance {
    obey(Instance::start(
        host.run(member, packages::file("/bin/bash")),
    ))
}

/// Compares the state of an instance, and what it is due to.
#[track_caller]
pub fn assert_state(host: &Host, instance: &Instance, state: &str, why: &str) {
    let seen = Seen::of(host, &[]);
    let row = seen.row(instance);
    let said = row["why"].as_str().unwrap_or_default();
    assert!(
        row["state"] == state && said.contains(why),
        "{state}, {why}: {row:#}"
    );
    let is_wrong = matches!(state, "STALE" | "MIXED");
    assert_eq!(seen.code, Some(i32::from(is_wrong)), "{seen:#?}");
}
