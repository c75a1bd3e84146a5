//! What `check --tree` finds.
use crate::bench::Bench;
use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::process::Command;

/// Makes a copy with a bit of everything.
fn staged() -> Bench {
    let bench = Bench::without_store();
    bench.write("d/src/bin/app", "version 1");
    bench.write("d/src/bin/a b", "x");
    bench.mkdir("d/src/empty");
    symlink("bin/app", bench.path("d/src/app")).unwrap();
    bench.ok("stage d/src d/dst");
    bench
}

type Row = (&'static str, fn(&Bench), &'static str);

const ROWS: &[Row] = &[
    ("nothing", |_| {}, ""),
    ("a time alone", |b| touch(b, "d/dst/bin/app"), ""),
    (
        "same size",
        |b| b.write("d/dst/bin/app", "version 2"),
        "changed bin/app: content\n",
    ),
    (
        "another size",
        |b| b.write("d/dst/bin/app", ""),
        "changed bin/app: content\n",
    ),
    (
        "mode",
        |b| b.chmod("d/dst/bin/app", 0o600),
        "changed bin/app: mode 0644 became 0600\n",
    ),
    (
        "the root's",
        |b| b.chmod("d/dst", 0o700),
        "changed .: mode 0755 became 0700\n",
    ),
    (
        "target",
        |b| {
            fs::remove_file(b.path("d/dst/app")).unwrap();
            symlink("bin/a b", b.path("d/dst/app")).unwrap();
        },
        "changed app: target bin/app became bin/a%20b\n",
    ),
    (
        "kind",
        |b| {
            fs::remove_dir(b.path("d/dst/empty")).unwrap();
            symlink("x", b.path("d/dst/empty")).unwrap();
        },
        "changed empty: directory became symlink, mode 0755 became 0777\n",
    ),
    (
        "gone, with what is below",
        |b| fs::remove_dir_all(b.path("d/dst/bin")).unwrap(),
        "missing bin\nmissing bin/a%20b\nmissing bin/app\n",
    ),
    (
        "more",
        |b| b.write("d/dst/new/f", ""),
        "added new\nadded new/f\n",
    ),
];

fn touch(bench: &Bench, name: &str) {
    let done = Command::new("touch")
        .arg("-d@5")
        .arg(bench.path(name))
        .status();
    assert!(done.unwrap().success());
}

#[test]
fn each_path_that_differs_has_a_line() {
    for (row, act, expected) in ROWS {
        let bench = staged();
        act(&bench);
        let ran = bench.run("check --tree d/dst");
        let differ = match expected.lines().count() {
            0 => "none differs".to_owned(),
            1 => "1 differs".to_owned(),
            count => format!("{count} differ"),
        };
        let expected_text = format!("{expected}$T/d/dst: 6 paths, {differ}\n");
        assert_eq!(ran.stdout, expected_text, "{row}");
        assert_eq!(
            (ran.code, ran.stderr.as_str()),
            (i32::from(!expected.is_empty()), ""),
            "{row}"
        );
        let json: serde_json::Value =
            serde_json::from_str(&bench.run("--json check --tree d/dst").stdout).unwrap();
        assert_eq!(
            json["drift"].as_array().unwrap().len(),
            expected.lines().count(),
            "{json}"
        );
    }
}

#[test]
fn another_owner_is_a_difference() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let bench = staged();
    chown(bench.path("d/dst/bin/app"), Some(7), Some(8)).unwrap();
    let ran = bench.run("check --tree d/dst");
    assert!(
        ran.stdout
            .starts_with("changed bin/app: owner 0:0 became 7:8\n"),
        "{ran:?}"
    );
}

#[test]
fn a_tree_is_found_through_a_symlink() {
    let bench = staged();
    symlink("dst", bench.path("d/current")).unwrap();
    assert_eq!(
        bench.ok("check --tree d/current"),
        "$T/d/dst: 6 paths, none differs\n"
    );
}

#[test]
fn a_manifest_that_is_not_as_it_was_written_is_refused_with_its_line() {
    let bench = staged();
    let path = "d/dst.psl-manifest";
    let text = fs::read_to_string(bench.path(path)).unwrap();
    let cut = text.rfind("end ").unwrap();
    let rows = [
        (String::new(), "1:1: this is no manifest"),
        ("\u{fffd}".to_owned(), "1:1: this is no manifest"),
        (
            text.replacen("manifest 1", "manifest 2", 1),
            "1:1: this is no manifest",
        ),
        (
            text[..cut].to_owned(),
            "7:1: the manifest is cut off after this line",
        ),
        (
            text[..text.len() - 9].to_owned(),
            "8:1: the manifest is not as it was written",
        ),
        (
            text.replacen("0644", "0645", 1),
            "8:1: the manifest is not as it was written",
        ),
        (
            text.replacen("0644", "0x44", 1),
            ":1: expected what a path is",
        ),
        (
            format!("{text}\n"),
            "8:1: the manifest is not as it was written",
        ),
    ];
    for (text, expected) in rows {
        bench.write(path, &text);
        let stderr = bench.fails(3, "check --tree d/dst");
        assert!(
            stderr.starts_with("psl-admin: $T/d/dst.psl-manifest:"),
            "{stderr}"
        );
        assert!(stderr.contains(expected), "{expected}: {stderr}");
    }
    fs::remove_file(bench.path(path)).unwrap();
    let stderr = bench.fails(6, "check --tree d/dst");
    assert!(
        stderr.contains("cannot read \"$T/d/dst.psl-manifest\""),
        "{stderr}"
    );
    bench.fails(6, "check --tree d/gone");
    bench.fails(2, "check --tree d/dst table.toml");
}
