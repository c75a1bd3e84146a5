//! The program that tests of exec(3) start: it says what it is, what it was given and what it sees.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// Prints the physical program, the arguments, the environment without the engine's part, the version seen, and what
/// else a program inherits.
pub fn describe(program: &OsStr) {
    let arguments: Vec<_> = std::env::args_os().collect();
    let mut variables: Vec<_> = std::env::vars_os()
        .filter(|(name, _)| name != "LD_PRELOAD" && !name.as_bytes().starts_with(b"PSL_"))
        .map(|(name, value)| {
            let text = [name.into_vec(), value.into_vec()].join(&b'=');
            String::from_utf8_lossy(&text).into_owned()
        })
        .collect();
    variables.sort();
    // `ROOT/shared/VERSION/tool`: what is at the link of that root, by an ordinary call of libc.
    let version = Path::new(program)
        .parent()
        .and_then(Path::parent)
        .map(|shared| shared.join("version/which"))
        .map(std::fs::read_to_string);
    println!(
        "{program:?} {arguments:?} {variables:?} {version:?} {} {:?} {}",
        working_directory(),
        descriptors(),
        standing()
    );
}

fn working_directory() -> String {
    let path = rustix::process::getcwd([]);
    path.map_or_else(|errno| errno.to_string(), |path| format!("{path:?}"))
}

/// What is open, by number; a pipe is like any other.
fn descriptors() -> Vec<String> {
    let mut open: Vec<_> = (0..64)
        .filter_map(|number| {
            let path = rustix::fs::readlink(format!("/proc/self/fd/{number}"), []).ok()?;
            let path = path.to_string_lossy();
            let path = path.split(":[").next().unwrap_or_default();
            Some(format!("{number} {path}"))
        })
        .collect();
    open.sort();
    open
}

/// Its signals, its user, and whose group and session it is in.
fn standing() -> String {
    let status = std::fs::read_to_string("/proc/self/status").expect("procfs is there");
    let lines = status.lines().filter(|line| {
        ["Uid:", "SigBlk:", "SigIgn:"]
            .iter()
            .any(|what| line.starts_with(what))
    });
    let lines: Vec<_> = lines.collect();
    // A group or a session that a process outside a PID namespace leads is 0 in there.
    // SAFETY: plain system calls without arguments in memory.
    let (own, group, session) = unsafe { (libc::getpid(), libc::getpgid(0), libc::getsid(0)) };
    // SAFETY: as above.
    let parents = unsafe { libc::getpgid(libc::getppid()) };
    let group = match group {
        its if its == own => "leads its group",
        its if its == parents => "is in its parent's group",
        _ => "is in another group",
    };
    let session = if session == own {
        "leads its session"
    } else {
        "is in another's session"
    };
    format!("{} {group} {session}", lines.join(" "))
}
