//! What `resolve` prints.
use crate::bench::Bench;
use std::os::unix::fs::symlink;

fn bench() -> Bench {
    let bench = Bench::with(
        "
[[link]]
from = '$T/version'
to = '$T/version2'
member = 'm'
private = true

[[link]]
from = '$T/version2/lib'
to = '$T/shared'
when = { version = '>=2' }

[member.m]
version = '2.1'

[member.n]
",
    );
    for dir in ["version/bin", "version2/bin", "shared/x"] {
        bench.mkdir(dir);
    }
    bench.write("version/bin/one", "");
    bench.write("version2/bin/two", "");
    symlink(bench.path("version"), bench.path("alias")).unwrap();
    symlink("../../version/bin/two", bench.path("version2/bin/back")).unwrap();
    bench
}

#[test]
fn a_member_reaches_what_a_symlink_would_lead_to() {
    let bench = bench();
    let rows = [
        ("m", "$T/version", "$T/version2"),
        ("m", "version/bin/two", "$T/version2/bin/two"),
        ("m", "$T/version/bin/../bin//two", "$T/version2/bin/two"),
        ("m", "$T/version/..", "$T"),
        ("m", "$T/alias/bin/two", "$T/version2/bin/two"),
        ("m", "$T/version/bin/back", "$T/version2/bin/two"),
        ("m", "$T/version/lib/x/", "$T/shared/x"),
        ("n", "$T/version/bin/one", "$T/version/bin/one"),
        ("n", "/", "/"),
        ("n", ".", "$T"),
    ];
    for (member, path, physical) in rows {
        assert_eq!(
            bench.ok(&format!("resolve --member {member} {path}")),
            format!("{physical}\n"),
            "{path}"
        );
    }
    let all = bench.ok("resolve --member m version version/bin");
    assert_eq!(all, "$T/version2\n$T/version2/bin\n");
}

#[test]
fn a_path_that_does_not_exist_for_the_member_is_told_and_the_others_are_printed() {
    let bench = bench();
    let rows = [
        ("m", "version/bin/one", "No such file or directory"),
        ("n", "version2/bin/two", "No such file or directory"),
        ("n", "version/bin/one/x", "Not a directory"),
        ("m", "", ""),
    ];
    for (member, path, why) in rows.into_iter().filter(|row| !row.1.is_empty()) {
        let ran = bench.run(&format!("resolve --member {member} {path} /"));
        assert_eq!((ran.code, ran.stdout.as_str()), (1, "/\n"), "{path}");
        assert!(
            ran.stderr
                .starts_with(&format!("psl-admin: \"{path}\": {why}")),
            "{path}: {}",
            ran.stderr
        );
    }
}

#[test]
fn json_says_which_paths_exist() {
    let bench = bench();
    let ran = bench.run("resolve --json --member m version gone");
    assert_eq!(ran.code, 1);
    let shown: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        shown[0],
        serde_json::json!({ "path": "version", "physical": "$T/version2", "error": null })
    );
    assert_eq!(
        (&shown[1]["path"], &shown[1]["physical"]),
        (&"gone".into(), &serde_json::Value::Null)
    );
    assert!(shown[1]["error"].is_string());
}
