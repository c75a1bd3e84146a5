//! `apply`: the whole table from a file.
use crate::bench::{Bench, Ran};
use std::fs::File;
use std::process::Command;

const OTHER: &str = "format = 1\ngeneration = 77\n\n[[link]]\nfrom = '/b'\nto = '/c'\n";

fn fed(bench: &Bench, input: impl AsRef<[u8]>, arguments: &str) -> Ran {
    bench.write("input", input);
    let input = File::open(bench.path("input")).unwrap();
    bench.ran(bench.command(arguments).stdin(input))
}

#[test]
fn the_table_is_replaced_in_one_commit() {
    let bench = Bench::new();
    bench.ok("add /a $T");
    bench.write("table", OTHER);
    let dry = bench.ok("apply --dry-run table");
    assert!(
        dry.starts_with("--- generation 2\n+++ table\n@@ ") && dry.contains("\n+from = '/b'\n"),
        "{dry}"
    );
    let shown = bench.ok("apply --reason cleanup ./table");
    assert_eq!(
        shown,
        dry.replace("+++ table", "+++ ./table") + "generation 3\n"
    );
    assert_eq!(bench.body(), OTHER.replace("generation = 77\n", ""));
    assert!(bench.table().contains("#: reason cleanup\n"));
    // Equal to what is there, apart from its number: nothing to commit.
    assert_eq!(bench.ok("apply table"), "generation 3\n");
    assert!(!bench.path("store/history/4.toml").exists());
}

#[test]
fn standard_input_is_a_file_like_any_other() {
    let bench = Bench::new();
    let ran = fed(&bench, OTHER, "apply --json --if-generation 1 -");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["generation"], 2);
    let diff = json["diff"].as_str().unwrap();
    assert!(
        diff.starts_with("--- generation 1\n+++ <stdin>\n"),
        "{diff}"
    );
    assert_eq!(fed(&bench, OTHER, "apply --if-generation 1 -").code, 4);
}

#[test]
fn what_is_wrong_is_named_by_file_line_and_column_and_changes_nothing() {
    let bench = Bench::new();
    let before = bench.store();
    let rows: [(&[u8], &str); 4] = [
        (b"format = 1\ngeneration = 1\nlink = 3\n", ":3:8: "),
        (
            b"format = 1\ngeneration = 1\n[[link]]\nfrom = 'a'\nto = '/b'\n",
            ":4:8: `from` \"a\" is relative",
        ),
        (b"format = 1\n# \xff\n", ":2:3: not UTF-8"),
        (b"", ":1:1: "),
    ];
    for (text, message) in rows {
        bench.write("table", text);
        for (name, ran) in [
            ("table", bench.run("apply table")),
            ("<stdin>", fed(&bench, text, "apply -")),
            ("<stdin>", fed(&bench, text, "apply --dry-run -")),
        ] {
            assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{ran:?}");
            let expected = format!("psl-admin: {name}{message}");
            assert!(ran.stderr.starts_with(&expected), "{expected}: {ran:?}");
        }
    }
    let mut endless = Command::new("sh");
    endless
        .args([
            "-c",
            "yes | \"$0\" apply -",
            env!("CARGO_BIN_EXE_psl-admin"),
        ])
        .env("PSL_STORE", bench.path("store"))
        .env("PSL_CONFIG", bench.path("psl.toml"));
    let ran = bench.ran(&mut endless);
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("\"<stdin>\" is too large"), "{ran:?}");
    bench.fails(6, "apply missing");
    bench.mkdir("dir");
    bench.fails(3, "apply dir");
    assert_eq!(bench.store(), before);
}

#[test]
fn a_broken_table_is_replaced() {
    for broken in [&b"format = "[..], b"\xff\xfe\n"] {
        let bench = Bench::new();
        bench.write("store/table.toml", broken);
        bench.write("table", OTHER);
        let shown = bench.ok("apply table");
        assert!(
            shown.starts_with("--- broken table\n+++ table\n"),
            "{shown}"
        );
        assert!(shown.ends_with("\ngeneration 2\n"), "{shown}");
        assert!(bench.ok("list").contains("/b"));
    }
}
