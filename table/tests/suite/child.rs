//! A test that runs a part of itself in another process.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

const VARIABLE: &str = "PSL_TABLE_TEST_CHILD";

/// Returns the argument that the parent gave, when this process is the child.
pub fn argument() -> Option<String> {
    std::env::var(VARIABLE).ok()
}

/// Returns the command that runs the test of this name as a child; its stdout is a pipe.
pub fn command(test: &str, argument: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(VARIABLE, argument)
        .stdout(Stdio::piped());
    command
}

/// Returns the same as [`command`], as a user who is not root when this process is root.
///
/// The test program is copied to where everybody can reach it.
pub fn unprivileged(test: &str, argument: &Path, reachable: &Path) -> Command {
    let program = reachable.join("test-program");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = command(test, argument);
    let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    let mut other = Command::new(program);
    other
        .args(arguments)
        .env(VARIABLE, argument)
        .current_dir("/");
    if rustix::process::geteuid().is_root() {
        other.uid(65534).gid(65534);
    }
    command = other;
    command
}
