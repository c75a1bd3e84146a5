//! Two stages to one place.
use super::begun::{Begun, names, until};
use crate::bench::Bench;
use std::fs::{self, File};
use std::io::Write;

#[test]
fn who_comes_second_is_told_who_was_first() {
    let bench = Bench::without_store();
    bench.write("d/src/f", "x");
    // The first waits in its patch until somebody writes to a pipe.
    let made = std::process::Command::new("mkfifo")
        .arg(bench.path("gate"))
        .status();
    assert!(made.unwrap().success());
    let patch = "touch ../../begun; read line < ../../gate";
    let first = bench.command_of(&["stage", "--patch", patch, "d/src", "d/dst"]);
    let first = Begun::start(&mut { first });
    until(|| bench.path("begun").exists());
    let pid = first.pid().as_raw_nonzero();
    let stderr = bench.fails(4, "stage d/src d/dst");
    assert!(
        stderr.starts_with("psl-admin: \"$T/d/dst\" is being staged already, by "),
        "{stderr}"
    );
    assert!(stderr.contains(&format!(", pid {pid}\n")), "{stderr}");
    // Another place is not concerned, though its name begins with the same.
    bench.ok("stage d/src d/dst2");
    let mut gate = File::options()
        .write(true)
        .open(bench.path("gate"))
        .unwrap();
    gate.write_all(b"\n").unwrap();
    assert_eq!(first.end().status.code(), Some(0));
    let manifests = [
        "dst",
        "dst.psl-manifest",
        "dst2",
        "dst2.psl-manifest",
        "src",
    ];
    assert_eq!(names(&bench), manifests);
}

#[test]
fn of_many_at_once_one_wins() {
    for _ in 0..5 {
        let bench = Bench::without_store();
        for file in 0..50 {
            bench.write(&format!("d/src/{file}"), "x");
        }
        let all: Vec<_> = (0..6)
            .map(|_| Begun::start(&mut bench.command("stage d/src d/dst")))
            .collect();
        let codes: Vec<_> = all.into_iter().map(|one| one.end().status.code()).collect();
        let won = codes.iter().filter(|code| **code == Some(0)).count();
        assert_eq!(won, 1, "{codes:?}");
        assert!(
            codes
                .iter()
                .all(|code| [Some(0), Some(4), Some(5)].contains(code)),
            "{codes:?}"
        );
        assert_eq!(names(&bench), ["dst", "dst.psl-manifest", "src"]);
        bench.ok("check --tree d/dst");
    }
}

#[test]
fn a_place_that_is_taken_meanwhile_is_not_overwritten() {
    let bench = Bench::without_store();
    bench.write("d/src/f", "x");
    for (taken, patch) in [
        ("directory", "mkdir ../dst"),
        ("file", "echo mine > ../dst"),
        ("symlink", "ln -s nowhere ../dst"),
    ] {
        let ran = bench.ran(&mut bench.command_of(&["stage", "--patch", patch, "d/src", "d/dst"]));
        assert_eq!(ran.code, 4, "{taken}: {ran:?}");
        assert!(
            ran.stderr.contains("\"$T/d/dst\" was made meanwhile"),
            "{taken}: {ran:?}"
        );
        assert_eq!(names(&bench), ["dst", "src"], "{taken}");
        let path = bench.path("d/dst");
        if path.is_dir() {
            fs::remove_dir(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn a_manifest_without_a_tree_is_replaced() {
    let bench = Bench::without_store();
    bench.write("d/src/f", "x");
    bench.write("d/dst.psl-manifest", "of a tree that was removed");
    bench.ok("stage d/src d/dst");
    bench.ok("check --tree d/dst");
}
