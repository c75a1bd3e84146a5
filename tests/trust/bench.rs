//! A host for root, and another user's processes on it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::chown;
use std::process::{Command, Output};

use psl_tests::host::{self, Host};
use psl_tests::packages;

/// The member that has a link.
pub const MEMBER: &str = "erp1";

/// Another user, without any rights.
pub const OTHER: u32 = 65534;

/// Makes a host whose member has a link from `binaries/version`, where `version` is, to `binaries/version2`.
pub fn host() -> Host {
    assert!(
        rustix::process::geteuid().is_root(),
        "these tests take two users: run them as root"
    );
    let host = Host::new(&[MEMBER]);
    for version in ["version", "version2", "version3"] {
        host.write(&format!("binaries/{version}/file"), version);
    }
    host.link(MEMBER, "binaries/version", "binaries/version2");
    host
}

/// Returns a command of psl-admin.
pub fn admin(host: &Host, arguments: &[&str]) -> Command {
    let mut command = host.command(host::admin());
    command.args(arguments);
    command
}

/// Runs a command, whatever becomes of it.
pub fn output(command: &mut Command) -> Output {
    command.output().expect("it can be started")
}

/// Returns all that a command said, its status first.
pub fn told(output: &Output) -> String {
    let [said, errors] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    format!("{}: {said}{errors}", output.status)
}

/// Has another user do it, in the environment that the command has.
pub fn by_other(command: &Command) -> Command {
    let mut other = Command::new(packages::file("/usr/bin/setpriv"));
    other
        .args(["--reuid", &OTHER.to_string(), "--regid", &OTHER.to_string()])
        .args(["--clear-groups", "/usr/bin/env", "-i"])
        .env_clear()
        .current_dir("/");
    // Not for root's part of it, which would become an instance itself.
    for (name, value) in command.get_envs() {
        other.arg([name, value.unwrap_or_default()].join(OsStr::new("=")));
    }
    other.arg(command.get_program()).args(command.get_args());
    other
}

/// Gives a file, or a directory with all that is in it, to the other user.
pub fn give_away(host: &Host, name: &str) {
    let mut left = vec![host.path(name)];
    while let Some(path) = left.pop() {
        chown(&path, Some(OTHER), Some(OTHER)).expect("root may give it away");
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("root may read it");
            left.extend(entries.map(|entry| entry.expect("it can be listed").path()));
        }
    }
}
