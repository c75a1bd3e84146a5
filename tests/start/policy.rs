//! `on_error`: what becomes of an instance whose table cannot be used.

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::bench::{Bench, LINKED, WITHOUT, assert_says, output};

#[test]
fn a_launch_goes_on_with_the_last_generation_that_was_good_and_says_which() {
    for by_run in [false, true] {
        let bench = Bench::new();
        let start = || output(bench.launch(by_run));
        bench.configure("on_error = \"last-good\"\n");
        assert_says(&start(), 0, LINKED, &[]);

        bench.break_table();
        let of_table = ["table.toml:2:6", "generation 2", "ago"];
        assert_says(&start(), 0, LINKED, &of_table);
        fs::rename(bench.store(), bench.at("away")).expect("it can be moved");
        assert_says(&start(), 0, LINKED, &["no such directory", "generation 2"]);
    }
}

#[test]
fn without_a_generation_that_was_kept_nothing_is_started() {
    for (by_run, status) in [(false, 78), (true, 3)] {
        let bench = Bench::new();
        let start = || output(bench.launch(by_run));
        bench.configure("on_error = \"last-good\"\n");
        bench.break_table();
        let parts = ["table.toml:2:6", "last-good", "kept no generation"];
        assert_says(&start(), status, b"", &parts);

        // What others could write is not used.
        let bench = Bench::new();
        let start = || output(bench.launch(by_run));
        bench.configure("on_error = \"last-good\"\n");
        assert_says(&start(), 0, LINKED, &[]);
        bench.break_table();
        let kept = fs::read_dir(bench.at("cache/psl")).expect("it was made");
        let kept: Vec<_> = kept
            .map(|entry| entry.expect("it can be read").path())
            .collect();
        assert_eq!(kept.len(), 1);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        fs::set_permissions(&kept[0], mode).expect("root may, and so may its owner");
        assert_says(&start(), status, b"", &["table.toml:2:6", "chmod"]);
    }
}

#[test]
fn another_generation_than_was_asked_for_is_not_started() {
    let bench = Bench::new();
    bench.configure("on_error = \"last-good\"\n");
    assert_says(&output(bench.run(&[])), 0, LINKED, &[]);
    fs::rename(bench.store(), bench.at("away")).expect("it can be moved");
    let of_kept = ["no such directory", "generation 2"];
    assert_says(
        &output(bench.run(&["--generation", "2"])),
        0,
        LINKED,
        &of_kept,
    );
    let parts = ["no such directory", "generation 2", "generation 1"];
    assert_says(&output(bench.run(&["--generation", "1"])), 6, b"", &parts);
}

#[test]
fn a_generation_that_cannot_be_kept_is_a_warning() {
    let bench = Bench::new();
    bench.configure("on_error = \"last-good\"\n");
    let mut command = bench.instance();
    command.env("XDG_CACHE_HOME", "/proc/none");
    assert_says(
        &output(command),
        0,
        LINKED,
        &["/proc/none/psl", "last-good"],
    );
    let mut command = bench.instance();
    command.env_remove("XDG_CACHE_HOME");
    assert_says(&output(command), 0, LINKED, &["XDG_CACHE_HOME"]);
}

#[test]
fn by_the_other_policies_instances_run_without_links_or_not_at_all() {
    let bench = Bench::new();
    for (policy, statuses, seen, word) in [
        ("refuse", [78, 3], &b""[..], "not"),
        ("ignore", [0, 0], WITHOUT, "ignore"),
    ] {
        bench.configure(&format!("on_error = {policy:?}\n"));
        assert_says(&output(bench.instance()), 0, LINKED, &[]);
        let table = fs::read(bench.store().join("table.toml")).expect("it is there");
        bench.break_table();
        let parts = ["table.toml:2:6", word];
        assert_says(&output(bench.instance()), statuses[0], seen, &parts);
        let parts = &parts[..if policy == "refuse" { 1 } else { 2 }];
        assert_says(&output(bench.run(&[])), statuses[1], seen, parts);
        fs::write(bench.store().join("table.toml"), table).expect("it can be written");
    }
}

#[test]
fn what_was_started_under_another_policy_is_kept_too_and_nothing_is_said_where_it_cannot_be() {
    for policy in ["refuse", "ignore"] {
        for by_run in [false, true] {
            let bench = Bench::new();
            let start = || bench.launch(by_run);
            bench.configure(&format!("on_error = {policy:?}\n"));
            let mut nowhere = start();
            nowhere.env("XDG_CACHE_HOME", "/proc/none");
            assert_says(&output(nowhere), 0, LINKED, &[]);
            assert_says(&output(start()), 0, LINKED, &[]);

            bench.break_table();
            bench.configure("on_error = \"last-good\"\n");
            assert_says(&output(start()), 0, LINKED, &["generation 2", "ago"]);
        }
    }
}

#[test]
fn a_start_writes_what_is_kept_only_when_the_table_is_another_one() {
    let bench = Bench::new();
    bench.configure("");
    let kept = || {
        let mut entries = fs::read_dir(bench.at("cache/psl")).expect("a start has made it");
        let file = entries.next().expect("the table is kept");
        assert!(entries.next().is_none(), "a table is kept once");
        file.and_then(|file| file.metadata())
            .expect("it can be seen")
            .ino()
    };
    assert_says(&output(bench.run(&[])), 0, LINKED, &[]);
    let first = kept();
    assert_says(&output(bench.run(&[])), 0, LINKED, &[]);
    assert_says(&output(bench.instance()), 0, LINKED, &[]);
    assert_eq!(kept(), first);

    let table = bench.store().join("table.toml");
    let text = fs::read_to_string(&table).expect("it is there");
    fs::write(&table, text + "[member.other]\n").expect("it can be written");
    assert_says(&output(bench.instance()), 0, LINKED, &[]);
    assert_ne!(kept(), first);
}
