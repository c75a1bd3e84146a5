//! Programs that a sanitizer was compiled into: its runtime has hooks of its own, and reports what it finds wrong.

use std::path::{Path, PathBuf};
use std::process::Command;

use psl_tests::fixture::Occupant;
use psl_tests::packages;
use psl_tests::run::Library;
use psl_tests::shim;

use crate::bench;

/// A way to build and start a program.
struct Sanitizer {
    flags: &'static [&'static str],
    /// The runtime that is preloaded before the library, because it wants to be first.
    before: Option<&'static str>,
    options: &'static [(&'static str, &'static str)],
}

const SANITIZERS: &[Sanitizer] = &[
    Sanitizer {
        flags: &[],
        before: None,
        options: &[],
    },
    Sanitizer {
        flags: &["-fsanitize=address"],
        before: Some("libasan.so"),
        options: &[],
    },
    Sanitizer {
        flags: &["-fsanitize=address"],
        before: None,
        options: &[("ASAN_OPTIONS", "verify_asan_link_order=0")],
    },
    Sanitizer {
        flags: &["-fsanitize=address", "-static-libasan"],
        before: None,
        options: &[],
    },
    Sanitizer {
        flags: &["-fsanitize=undefined", "-fno-sanitize-recover=all"],
        before: None,
        options: &[],
    },
    Sanitizer {
        flags: &["-fsanitize=thread"],
        before: None,
        // It does not see the atomic operations of libraries that it was not compiled into.
        options: &[("TSAN_OPTIONS", "ignore_noninstrumented_modules=1")],
    },
];

fn gcc() -> Command {
    let mut command = Command::new(packages::file("/usr/bin/gcc"));
    // What is preloaded is for the program.
    command.env_remove("LD_PRELOAD");
    command
}

fn compile(sanitizer: &Sanitizer, program: &Path) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/paths.c");
    let mut gcc = gcc();
    gcc.args(["-g", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread"]);
    gcc.args(sanitizer.flags).arg("-o").arg(program).arg(source);
    let status = gcc.status().expect("gcc runs");
    assert!(status.success(), "{gcc:?}");
}

/// Returns where the compiler finds a library.
fn runtime(name: &str) -> PathBuf {
    let asked = gcc().arg(format!("-print-file-name={name}")).output();
    let path = String::from_utf8(asked.expect("gcc runs").stdout).expect("it prints text");
    let path = Path::new(path.trim()).canonicalize();
    path.unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn programs_with_sanitizers_see_links_and_nothing_is_reported() {
    for sanitizer in SANITIZERS {
        let dir = tempfile::tempdir().expect("a directory can be made");
        let program = dir.path().join("paths");
        compile(sanitizer, &program);
        let mut said = [
            (Occupant::Itself, Library::Absent),
            (Occupant::Directory, Library::Engine),
        ]
        .map(|(occupant, library)| {
            let bench = bench(occupant);
            let root = bench.root();
            let mut command = bench.command(&program, library);
            // Its own allocator takes the place of the one that counts.
            command.env_remove("LD_PRELOAD").arg(&root);
            command.envs(sanitizer.options.iter().copied());
            if library == Library::Engine {
                let before = sanitizer
                    .before
                    .map(|name| format!("{}:", runtime(name).display()));
                let own = shim::library().display();
                command.env("LD_PRELOAD", format!("{}{own}", before.unwrap_or_default()));
            }
            let output = command.output().expect("the program runs");
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                output.status.success() && errors.is_empty(),
                "{:?}, {library:?}: {}\n{errors}",
                sanitizer.flags,
                output.status
            );
            let said = String::from_utf8_lossy(&output.stdout);
            said.replace(&root.display().to_string(), "{root}")
        });
        let private = std::mem::take(&mut said[1]);
        assert!(private.contains("popen: two\n"), "{private}");
        assert_eq!(said[0], private, "{:?}", sanitizer.flags);
    }
}
