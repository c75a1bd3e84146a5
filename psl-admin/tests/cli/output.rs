//! Where output goes, and in which colours.
use crate::bench::Bench;
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let bench = Bench::new();
    for (flag, coloured) in [
        ("", false),
        ("--color never ", false),
        ("--color always ", true),
    ] {
        for verb in [
            "add --dry-run /a /missing",
            "show 9",
            "list --bad",
            "--help",
        ] {
            let ran = bench.run(&format!("{flag}{verb}"));
            let output = ran.stdout + &ran.stderr;
            assert_eq!(
                output.contains('\u{1b}'),
                coloured,
                "{flag}{verb}: {output:?}"
            );
        }
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_output_quietly() {
    let bench = Bench::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = bench.command("history").stdout(writer).output().unwrap();
    assert_eq!(output.stderr, b"");
    assert_eq!(output.status.signal(), Some(13));
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let bench = Bench::new();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ran = bench
        .command("history")
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(6));
    assert!(
        ran.stderr
            .starts_with(b"psl-admin: cannot write to standard output: ")
    );
}
