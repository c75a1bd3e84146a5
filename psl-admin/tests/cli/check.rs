//! What `check` finds.
use crate::bench::Bench;
use std::fs;
use std::os::unix::fs::symlink;

#[test]
fn a_table_without_flaws_has_no_warnings() {
    let bench = Bench::with("\n[[link]]\nfrom = '$T/version'\nto = '$T/store'\n");
    assert_eq!(
        bench.ok("check"),
        "$T/store/table.toml: generation 1, 1 link, 0 warnings\n"
    );
    bench.write("table.toml", "format = 1\ngeneration = 8\n");
    assert_eq!(
        bench.ok("check table.toml"),
        "table.toml: generation 8, 0 links, 0 warnings\n"
    );
}

#[test]
fn what_is_probably_not_meant_is_named_with_its_line() {
    let bench = Bench::without_store();
    bench.mkdir("real");
    bench.mkdir("open");
    bench.chmod("open", 0o777);
    symlink(bench.path("real"), bench.path("alias")).unwrap();
    let rows = [
        (
            "from = '$T/a'\nto = '$T/gone'\n",
            "6: warning: the target \"$T/gone\" does not exist",
        ),
        (
            "from = '$T/gone/a'\nto = '$T/real'\n",
            "5: warning: the place \"$T/gone/a\" cannot be reached: its directory does not exist",
        ),
        (
            "from = '$T/alias/a'\nto = '$T/real'\n",
            "5: warning: the place \"$T/alias/a\" lies behind a real symlink, it is \"$T/real/a\"",
        ),
        (
            "from = '$T/a'\nto = '$T/open'\n",
            "6: warning: the target \"$T/open\" is writable by group and others (mode 0777)",
        ),
        (
            "from = '$T/a'\nto = '$T/real'\nwhen = { app = 'a' }\n[[link]]\nfrom = '$T/a'\nto = '$T/real'\nwhen = { user = 'u' }\n",
            "8: warning: a process that meets both app=a and user=u gets the link",
        ),
    ];
    for (row, expected) in rows {
        let text = format!("format = 1\ngeneration = 1\n\n[[link]]\n{row}");
        bench.write("table.toml", bench.filled(&text));
        let printed = bench.ok("check table.toml");
        let (line, message) = expected.split_once(": ").unwrap();
        let first = printed.lines().next().unwrap();
        assert!(
            first.starts_with(&format!("table.toml:{line}:")),
            "{printed}"
        );
        assert!(first.contains(message), "{printed}");
        assert!(printed.ends_with(" 1 warning\n"), "{printed}");

        let json: serde_json::Value =
            serde_json::from_str(&bench.ok("check --json table.toml")).unwrap();
        assert_eq!(json["warnings"].as_array().unwrap().len(), 1, "{json}");
        assert_eq!(json["warnings"][0]["line"].to_string(), line, "{json}");
    }
}

#[test]
fn what_lies_behind_a_link_is_looked_for_as_its_member_sees_it() {
    let bench = Bench::without_store();
    bench.mkdir("version2/lib");
    let head = "format = 1\ngeneration = 1\n\n\
        [[link]]\nfrom = '$T/version'\nto = '$T/version2'\nmember = 'm'\n\n[[link]]\n";
    let rows = [
        (
            "from = '$T/version/lib/x'\nto = '$T/version2/lib'\nmember = 'm'\n",
            None,
        ),
        ("from = '$T/x'\nto = '$T/version/lib'\nmember = 'm'\n", None),
        (
            "from = '$T/x'\nto = '$T/version/lib'\nwhen = { app = 'a' }\n",
            None,
        ),
        (
            "from = '$T/x'\nto = '$T/version/gone'\nmember = 'm'\n",
            Some("the target \"$T/version/gone\" does not exist"),
        ),
        (
            "from = '$T/version/gone/x'\nto = '$T/version2'\nmember = 'm'\n",
            Some("the place \"$T/version/gone/x\" cannot be reached"),
        ),
    ];
    for (row, expected) in rows {
        bench.write("table.toml", bench.filled(&format!("{head}{row}")));
        let printed = bench.ok("check table.toml");
        match expected {
            Some(expected) => assert!(printed.contains(expected), "{row}: {printed}"),
            None => assert!(printed.ends_with(" 0 warnings\n"), "{row}: {printed}"),
        }
    }
}

#[test]
fn the_members_file_is_checked_with_the_store() {
    let bench = Bench::new();
    bench.write(
        "store/members.toml",
        "[member.erp1]\nunit = 'erp@1.service'\nhelth = {}\n",
    );
    let stderr = bench.fails(3, "check");
    assert!(
        stderr.starts_with("psl-admin: $T/store/members.toml:3:1: unknown key `helth`"),
        "{stderr}"
    );
    assert!(stderr.contains("\n3 | helth = {}\n  | ^^^^^\n"), "{stderr}");
    bench.write(
        "store/members.toml",
        "[member.erp1]\nunit = 'erp@1.service'\n",
    );
    bench.ok("check");
    bench.chmod("store/members.toml", 0o666);
    let ran = bench.run("check");
    assert_eq!(ran.code, 5);
    assert!(
        ran.stderr
            .contains("\"$T/store/members.toml\" is writable by group and others"),
        "{ran:?}"
    );
}

#[test]
fn a_store_that_others_can_write_is_reported_and_still_read() {
    let bench = Bench::with("\n[[link]]\nfrom = '/a'\nto = '$T/gone'\n");
    for name in ["store", "store/table.toml"] {
        let mode = if name == "store" { 0o777 } else { 0o666 };
        bench.chmod(name, mode);
        let ran = bench.run("check");
        assert_eq!(ran.code, 5, "{name}: {ran:?}");
        assert!(
            ran.stdout.contains("the target \"$T/gone\" does not exist"),
            "{name}: {ran:?}"
        );
        assert!(
            ran.stderr
                .contains(&format!("\"$T/{name}\" is writable by group and others")),
            "{name}: {ran:?}"
        );
        bench.chmod(name, if name == "store" { 0o755 } else { 0o644 });
    }
    bench.ok("check");
    bench.write("psl.toml", "trust = 'any'\n");
    bench.chmod("store", 0o777);
    let ran = bench.run("check");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stderr
            .starts_with("psl-admin: warning: \"$T/store\" is writable by group"),
        "{ran:?}"
    );
}

#[test]
fn a_file_that_is_no_table_is_refused_at_once() {
    let bench = Bench::without_store();
    fs::create_dir(bench.path("dir")).unwrap();
    let rows = [
        ("dir", 3, "is a directory"),
        ("/dev/zero", 3, "is a device"),
        ("gone", 6, "No such file"),
    ];
    for (file, code, message) in rows {
        let stderr = bench.fails(code, &format!("check {file}"));
        assert!(stderr.contains(message), "{file}: {stderr}");
    }
}
