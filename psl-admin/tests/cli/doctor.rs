//! `doctor`: the host's checks, and what it says of programs.
mod host;
mod libraries;
mod program;

use crate::bench::Bench;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Runs `doctor --json` with this environment on top; returns the exit code and what was printed.
#[track_caller]
fn asked(bench: &Bench, arguments: &str, environment: &[(&str, &str)]) -> (i32, Value) {
    let mut command = bench.command(&format!("doctor --json {arguments}"));
    for (name, value) in environment {
        command.env(name, bench.filled(value));
    }
    let ran = bench.ran(&mut command);
    let parsed = serde_json::from_str(&bench.filled(&ran.stdout));
    (
        ran.code,
        parsed.unwrap_or_else(|error| panic!("{error}: {ran:?}")),
    )
}

/// Returns one check of the host.
#[track_caller]
fn check<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let checks = answer["checks"].as_array().unwrap();
    let found = checks.iter().find(|it| it["name"] == name);
    found.unwrap_or_else(|| panic!("{answer} lacks {name}"))
}

/// Compiles a C source; `$T` in the arguments is the bench's directory.
#[track_caller]
fn compile(bench: &Bench, source: &str, to: &str, arguments: &str) {
    let file = format!("{to}.c");
    bench.write(&file, source);
    let arguments = bench.filled(arguments);
    let output = Command::new("cc")
        .arg(bench.path(&file))
        .arg("-o")
        .arg(bench.path(to))
        .args(arguments.split_whitespace())
        .output()
        .expect("a C compiler links Rust programs, too");
    assert!(output.status.success(), "{to}: {output:?}");
}

/// Makes a library in the shim's place that does nothing.
fn shim(bench: &Bench) {
    compile(
        bench,
        "int psl_stand_in;",
        "libpsl_shim.so",
        "-shared -fPIC",
    );
    configure(bench, "");
}

/// Writes the host configuration, with this bench's shim.
fn configure(bench: &Bench, lines: &str) {
    let text = bench.filled(&format!("shim = '$T/libpsl_shim.so'\n{lines}\n"));
    bench.write("psl.toml", text);
}

fn as_text(path: &Path) -> &str {
    path.to_str().unwrap()
}
