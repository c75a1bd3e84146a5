//! `diff`: generations and files compared.
use crate::bench::Bench;

/// A bench with generations 1 to 3: nothing, a link and a member, the link changed.
fn bench() -> Bench {
    let bench = Bench::new();
    let head = "format = 1\ngeneration = 9\n";
    let link = "[[link]]\nfrom = '/a'\nto = '/b'\n";
    bench.write("two", format!("{head}{link}[member.m]\napp = 'x'\n"));
    bench.ok("apply two");
    bench.write(
        "three",
        format!("{head}{link}private = true\n[[link]]\nfrom = '/a'\nto = '/c'\nmember = 'm'\n[member.m]\napp = 'y'\n"),
    );
    bench.ok("apply three");
    bench
}

#[test]
fn differences_are_shown_and_exit_with_1() {
    let bench = bench();
    let rows = [
        (
            "2 3",
            "--- generation 2\n+++ generation 3\n",
            "+private = true\n",
        ),
        (
            "2",
            "--- generation 2\n+++ current table\n",
            "+private = true\n",
        ),
        (
            "3 2",
            "--- generation 3\n+++ generation 2\n",
            "-private = true\n",
        ),
        ("three two", "--- three\n+++ two\n", "-private = true\n"),
        (
            "2 ./three",
            "--- generation 2\n+++ ./three\n",
            "+private = true\n",
        ),
        (
            "$T/two",
            "--- $T/two\n+++ current table\n",
            "+private = true\n",
        ),
    ];
    for (arguments, head, change) in rows {
        let ran = bench.run(&format!("diff {arguments}"));
        assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{arguments}");
        assert!(ran.stdout.starts_with(head), "{arguments}: {}", ran.stdout);
        assert!(ran.stdout.contains(change), "{arguments}: {}", ran.stdout);
    }
    let styled = bench.run("--color always diff 2 3").stdout;
    assert!(styled.contains("\u{1b}[32m+private = true"), "{styled:?}");
}

#[test]
fn what_a_commit_sets_is_no_difference() {
    let bench = bench();
    for arguments in ["3", "3 3", "2 two", "three", "two two"] {
        assert_eq!(bench.ok(&format!("diff {arguments}")), "", "{arguments}");
    }
    // Files alone need no store.
    let mut command = bench.command("diff two two");
    assert_eq!(bench.ran(command.env_remove("PSL_STORE")).code, 0);
}

#[test]
fn json_tells_rows_and_members() {
    let bench = bench();
    let json = |arguments: &str| {
        let ran = bench.run(&format!("diff --json {arguments}"));
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        (ran.code, json)
    };
    let (code, shown) = json("2 3");
    assert_eq!(code, 1);
    let a = |to: &str, private: bool| serde_json::json!({ "from": "/a", "to": to, "private": private, "live": false });
    let mut added = a("/c", false);
    added["member"] = "m".into();
    let m =
        |app: &str| serde_json::json!({ "member": "m", "app": app, "version": null, "groups": [] });
    assert_eq!(shown["old"], "generation 2");
    assert_eq!(shown["added"], serde_json::json!([added]));
    assert_eq!(shown["removed"], serde_json::json!([]));
    let changed = serde_json::json!([{ "old": a("/b", false), "new": a("/b", true) }]);
    assert_eq!(shown["changed"], changed);
    let changed = serde_json::json!([{ "old": m("x"), "new": m("y") }]);
    let members = serde_json::json!({ "added": [], "removed": [], "changed": changed });
    assert_eq!(shown["members"], members);
    assert_eq!(shown["diff"], bench.run("diff 2 3").stdout);

    let (code, shown) = json("2 1");
    assert_eq!(code, 1);
    assert_eq!(shown["removed"], serde_json::json!([a("/b", false)]));
    assert_eq!(shown["members"]["removed"], serde_json::json!([m("x")]));
    let (code, shown) = json("three");
    assert_eq!((code, &shown["diff"]), (0, &"".into()));
}

#[test]
fn broken_tables_are_compared_as_text_alone() {
    let bench = bench();
    let broken = bench.table().replace("private = true", "private = maybe");
    bench.write("store/table.toml", broken);
    let shown = bench.run("diff 3");
    assert_eq!(shown.code, 1);
    assert!(shown.stdout.contains("-private = true\n+private = maybe\n"));
    let stderr = bench.fails(3, "diff --json 3");
    assert!(
        stderr.starts_with("psl-admin: $T/store/table.toml:"),
        "{stderr}"
    );
    bench.fails(2, "diff 4");
    bench.fails(6, "diff missing");
}
