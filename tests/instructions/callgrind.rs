//! Instructions of one object of a process, counted by callgrind.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use psl_tests::packages;

/// Where Debian has the tool.
const TOOL: &str = if cfg!(target_arch = "aarch64") {
    "/usr/libexec/valgrind/callgrind-arm64-linux"
} else {
    "/usr/libexec/valgrind/callgrind-amd64-linux"
};

/// Runs a command, whose environment and arguments are kept, and counts the instructions in `object`.
///
/// The tool itself is started: it is a static program, but its launcher would be the first process of an instance.
pub fn count(command: &Command, input: &str, object: &Path, out: &Path) -> u64 {
    let launcher = packages::file("/usr/bin/valgrind");
    let mut counting = Command::new(TOOL);
    counting
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("VALGRIND_LAUNCHER", launcher)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    if let Some(dir) = command.get_current_dir() {
        counting.current_dir(dir);
    }
    let mut child = counting.spawn().expect("valgrind runs");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{command:?}: {output:?}");
    let text = std::fs::read_to_string(out).expect("callgrind wrote it");
    let counted = of_object(&text, object);
    assert!(counted > 0, "nothing ran in {object:?}");
    counted
}

/// Adds up what callgrind's profile says of one object, without what it calls elsewhere.
///
/// The format is that of <https://valgrind.org/docs/manual/cl-format.html>, with one event and one position.
fn of_object(profile: &str, object: &Path) -> u64 {
    let object = object.to_str().expect("the path of a build is text");
    let mut names = HashMap::new();
    let (mut is_in_it, mut is_called, mut sum) = (false, false, 0);
    for line in profile.lines() {
        if let Some(name) = line.strip_prefix("ob=") {
            is_in_it = named(&mut names, name) == object;
        } else if let Some(name) = line.strip_prefix("cob=") {
            named(&mut names, name);
        } else if line.starts_with("calls=") {
            // The next line is what the callee took.
            is_called = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            let cost = line
                .split(' ')
                .nth(1)
                .and_then(|cost| cost.parse::<u64>().ok());
            if is_in_it && !is_called {
                sum += cost.expect("a line has a position and a cost");
            }
            is_called = false;
        }
    }
    sum
}

/// Returns the name that `(ID) NAME` says, or one that `(ID)` was said to be.
fn named<'t>(names: &mut HashMap<&'t str, &'t str>, text: &'t str) -> &'t str {
    match text.split_once(' ') {
        Some((id, name)) => {
            names.insert(id, name);
            name
        }
        None => names.get(text).copied().unwrap_or(text),
    }
}

#[test]
fn only_the_objects_own_lines_are_added_up() {
    let profile = "positions: line\nevents: Ir\n\nob=(1) /a\nfn=(1) main\n12 7\n\
        cob=(2) /b\ncfn=(2) one\ncalls=3 4\n12 900\n+1 5\n\nob=(2)\nfn=(2)\n4 60\n* 1\n";
    assert_eq!(of_object(profile, Path::new("/a")), 12);
    assert_eq!(of_object(profile, Path::new("/b")), 61);
    assert_eq!(of_object(profile, Path::new("/c")), 0);
}
