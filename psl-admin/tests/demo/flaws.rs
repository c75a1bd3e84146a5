//! Surroundings in which no demo can be shown.
use crate::bench::Bench;
use std::fs;
use std::process::{Command, Stdio};

/// Runs a demo that must fail, before it has told anything with `-q`.
#[track_caller]
fn assert_fails(command: &mut Command, code: i32, message: &str) {
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(code), &b""[..]),
        "{stderr}"
    );
    assert!(stderr.contains(message), "{message:?}: {stderr}");
}

#[test]
fn what_is_missing_beside_psl_admin_is_told() {
    for (file, message) in [
        (
            "psl-demo-server",
            "help: `cargo build --release` builds it; it belongs beside psl-admin",
        ),
        ("libpsl_shim.so", "the shim is missing, looked for "),
    ] {
        let bench = Bench::new();
        fs::remove_file(bench.path("bin").join(file)).unwrap();
        assert_fails(&mut bench.command(&["-q", "demo"]), 5, message);
        bench.assert_clean();
    }
}

#[test]
fn a_tmpdir_that_cannot_be_used_is_told() {
    let bench = Bench::new();
    let missing = bench.path("missing");
    let message = format!("psl-admin: cannot make a directory in {missing:?}: ");
    assert_fails(
        bench.command(&["-q", "demo"]).env("TMPDIR", &missing),
        6,
        &message,
    );

    bench.chmod("tmp", 0o777);
    assert_fails(
        &mut bench.command(&["-q", "demo"]),
        5,
        "is writable by group and others",
    );
    bench.assert_clean();
}

#[test]
fn a_store_of_the_caller_is_not_touched() {
    let bench = Bench::new();
    assert_fails(
        &mut bench.command(&["--store", "/missing", "demo"]),
        2,
        "expected no --store",
    );
    bench.assert_clean();
}

#[test]
fn an_output_that_is_full_ends_a_demo() {
    let bench = Bench::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = bench
        .command(&["demo"])
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(6), "{stderr}");
    assert!(
        stderr.starts_with("psl-admin: cannot write to standard output: "),
        "{stderr}"
    );
    bench.assert_clean();
}
