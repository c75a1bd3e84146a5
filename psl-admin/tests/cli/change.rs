//! The verbs that change the table.
use crate::bench::Bench;
use std::fs;
use std::process::Stdio;

#[test]
fn init_makes_an_empty_store_and_nothing_else() {
    let bench = Bench::without_store();
    assert_eq!(bench.ok("init store"), "generation 1\n");
    assert_eq!(bench.ok("list --json"), "[]\n");
    assert_eq!(bench.ok("show 1"), bench.table());
    let before = bench.store();
    let again = bench.run("init store");
    assert_eq!((again.code, again.stdout.as_str()), (0, "generation 1\n"));
    assert_eq!(again.stderr, "psl-admin: \"$T/store\" is a store already\n");
    bench.write("full/file", "");
    bench.fails(5, "init full");
    bench.fails(6, "init missing/store");
    assert_eq!(bench.store(), before);
}

#[test]
fn init_keeps_its_reason_and_knows_what_it_is_built_upon() {
    let bench = Bench::without_store();
    bench.fails(4, "init --if-generation 1 store");
    assert!(!bench.path("store").exists());
    assert_eq!(
        bench.ok("init --if-generation 0 --reason first store"),
        "generation 1\n"
    );
    let history = bench.ok("history --json");
    let history: serde_json::Value = serde_json::from_str(&history).unwrap();
    assert_eq!(
        (&history[0]["reason"], &history[0]["after"]),
        (&"first".into(), &serde_json::Value::Null)
    );
    bench.fails(4, "init --if-generation 0 store");
}

#[test]
fn init_in_a_dry_run_makes_nothing() {
    let bench = Bench::without_store();
    let diff = bench.ok("init --dry-run store");
    assert!(diff.contains("+format = 1\n"), "{diff}");
    assert!(!bench.path("store").exists());
    bench.write("full/file", "");
    bench.fails(5, "init --dry-run full");
    bench.fails(6, "init --dry-run missing/store");
}

#[test]
fn a_link_is_added_and_removed_and_the_rest_stays_byte_for_byte() {
    let bench = Bench::with("\n# Ask bob.\n[[link]]\nfrom='/x'   # aligned\nto  ='$T'\n# end\n");
    bench.mkdir("v2");
    let before = bench.body();
    let rows = [
        (
            "--member m /a $T/v2",
            "from = \"/a\"\nto = \"$T/v2\"\nmember = \"m\"\n",
        ),
        ("/a $T/v2", "from = \"/a\"\nto = \"$T/v2\"\n"),
        (
            "--when app=erp --when version=>=2 --when env.LANG=de* /a $T/v2",
            "from = \"/a\"\nto = \"$T/v2\"\nwhen = { app = \"erp\", version = \">=2\", env = { LANG = \"de*\" } }\n",
        ),
    ];
    for (generation, (arguments, row)) in (1..).step_by(2).zip(rows) {
        assert_eq!(
            bench.ok(&format!("add {arguments}")),
            format!("generation {}\n", generation + 1)
        );
        assert_eq!(
            bench.body(),
            format!("{before}\n[[link]]\n{}", bench.filled(row))
        );
        let (named, _) = arguments.rsplit_once(' ').unwrap();
        assert_eq!(
            bench.ok(&format!("remove {named}")),
            format!("generation {}\n", generation + 2)
        );
        assert_eq!(bench.body(), before);
    }
}

#[test]
fn a_row_keeps_its_flags_and_its_note() {
    let bench = Bench::new();
    let note = [
        "add",
        "--private",
        "--live",
        "--note",
        "roll 7 \"x\"",
        "/a",
        "$T",
    ];
    assert_eq!(bench.ran(&mut bench.command_of(&note)).code, 0);
    let row = "[[link]]\nfrom = \"/a\"\nto = \"$T\"\nprivate = true\nlive = true\nnote = 'roll 7 \"x\"'\n";
    assert!(
        bench.body().ends_with(&bench.filled(row)),
        "{}",
        bench.body()
    );
}

#[test]
fn a_target_that_does_not_exist_is_warned_of_and_committed() {
    let bench = Bench::new();
    bench.mkdir("there");
    let rows = [
        (
            "add $T/there $T/gone",
            "psl-admin: warning: the target \"$T/gone\" of \"$T/there\" does not exist, but the place does: are FROM and TO swapped?",
        ),
        (
            "add /gone $T/gone",
            "psl-admin: warning: the target \"$T/gone\" of \"/gone\" does not exist, --force",
        ),
        ("add --force $T/there/a $T/gone", ""),
        ("add -q $T/there/b $T/gone", ""),
        ("add $T/other $T/there", ""),
    ];
    for (generation, (arguments, warning)) in (2..).zip(rows) {
        let ran = bench.run(arguments);
        assert_eq!(
            (ran.code, ran.stdout),
            (0, format!("generation {generation}\n")),
            "{arguments}"
        );
        match warning {
            "" => assert_eq!(ran.stderr, "", "{arguments}"),
            _ => assert!(
                ran.stderr.starts_with(warning),
                "{arguments}: {}",
                ran.stderr
            ),
        }
    }
}

#[test]
fn a_row_that_makes_the_table_invalid_is_refused() {
    let bench = Bench::with("\n[[link]]\nfrom = '/a'\nto = '/b'\n");
    let before = bench.store();
    let rows = [
        ("add --force /a /c", "a second link from \"/a\""),
        ("add --force /b /a", "cycle"),
        ("add --force /c /c", "`to` is `from` itself"),
        ("add --force /c /c/d", "lies below"),
        ("add --force --dry-run /a /c", "a second link from \"/a\""),
    ];
    for (arguments, message) in rows {
        let stderr = bench.fails(3, arguments);
        assert!(stderr.contains(message), "{arguments}: {stderr}");
        assert!(stderr.contains("^"), "{arguments}: {stderr}");
    }
    assert_eq!(bench.store(), before);
}

#[test]
fn a_link_that_does_not_exist_is_not_removed_and_the_nearest_is_named() {
    let bench = Bench::with(
        "\n[[link]]\nfrom = '/binaries/version'\nto = '/b'\nmember = 'erp1'\n\
         \n[[link]]\nfrom = '/srv'\nto = '/c'\nwhen = { app = 'erp', env = { LANG = 'de' } }\n",
    );
    let before = bench.store();
    let rows = [
        (
            "remove /binaries/version",
            "--member erp1 /binaries/version",
        ),
        (
            "remove --member erp2 /binaries/version",
            "--member erp1 /binaries/version",
        ),
        (
            "remove --when app=erp /srv",
            "--when 'app=erp' --when 'env.LANG=de' /srv",
        ),
    ];
    for (arguments, nearest) in rows {
        let stderr = bench.fails(1, arguments);
        assert!(
            stderr.starts_with("psl-admin: there is no link `"),
            "{stderr}"
        );
        assert!(
            stderr.ends_with(&format!(
                "help: the nearest is `psl-admin remove {nearest}`\n"
            )),
            "{stderr}"
        );
    }
    assert_eq!(bench.store(), before);
    assert!(
        Bench::new()
            .fails(1, "remove /a")
            .ends_with("help: the table has no links\n")
    );
}

#[test]
fn a_dry_run_shows_the_diff_and_changes_nothing() {
    let bench = Bench::with("\n[[link]]\nfrom = '/a'\nto = '$T'\n\n[member.m]\napp = 'x'\n");
    bench.ok("add /b $T");
    let before = bench.store();
    let rows = [
        (
            "add --dry-run /c $T",
            "--- generation 2\n+++ dry run\n@@ ",
            "\n+\n+[[link]]\n+from = \"/c\"\n+to = \"$T\"\n",
        ),
        (
            "remove --dry-run /a",
            "--- generation 2\n",
            "\n-[[link]]\n-from = '/a'\n-to = '$T'\n",
        ),
        (
            "member set --dry-run m app=y",
            "--- generation 2\n",
            "\n-app = 'x'\n+app = \"y\"\n",
        ),
        (
            "member remove --dry-run m",
            "--- generation 2\n",
            "\n-[member.m]\n-app = 'x'\n",
        ),
        (
            "rollback --dry-run",
            "--- generation 2\n+++ generation 1\n",
            "\n-\n-[[link]]\n-from = \"/b\"\n-to = \"$T\"\n",
        ),
        ("member set --dry-run m app=x2 app=x", "", ""),
    ];
    for (arguments, head, change) in rows {
        let diff = bench.ok(arguments);
        assert!(
            diff.starts_with(head) && diff.contains(change),
            "{arguments}: {diff}"
        );
        let json: serde_json::Value =
            serde_json::from_str(&bench.ok(&format!("--json {arguments}"))).unwrap();
        assert_eq!(json["generation"], 2, "{arguments}");
        assert_eq!(json["diff"], diff, "{arguments}");
    }
    assert_eq!(bench.store(), before);
}

#[test]
fn the_loser_of_two_administrators_is_told() {
    let bench = Bench::with("\n[[link]]\nfrom = '/a'\nto = '$T'\n\n[member.m]\n");
    bench.ok("add /b $T");
    let before = bench.store();
    for arguments in [
        "add /c $T",
        "remove /a",
        "member set m app=x",
        "member remove m",
        "rollback 1",
    ] {
        for dry in ["", "--dry-run "] {
            let stderr = bench.fails(4, &format!("{arguments} {dry}--if-generation 1"));
            assert!(
                stderr.contains("at generation 2, expected 1"),
                "{arguments}: {stderr}"
            );
        }
    }
    assert_eq!(bench.store(), before);
    assert_eq!(bench.ok("add --if-generation 2 /c $T"), "generation 3\n");
    assert_eq!(
        bench.ok("rollback --if-generation 3").lines().last(),
        Some("generation 4")
    );
}

#[test]
fn members_get_and_lose_attributes() {
    let bench = Bench::with(
        "\n# Ours.\n[member.erp1] # first\napp='erp'\n\n[[link]]\nfrom = '/a'\nto = '$T'\nmember = 'erp2'\n",
    );
    assert_eq!(
        bench.ok("member set erp1 version=1 groups=canary,west"),
        "generation 2\n"
    );
    assert!(bench.body().contains(
        "[member.erp1] # first\napp='erp'\nversion = \"1\"\ngroups = [\"canary\", \"west\"]\n"
    ));
    assert_eq!(
        bench.ok("member set erp1 version= groups="),
        "generation 3\n"
    );
    assert!(
        bench
            .body()
            .contains("[member.erp1] # first\napp='erp'\n\n[[link]]")
    );
    assert_eq!(bench.ok("member set erp2 app=erp"), "generation 4\n");
    assert!(
        bench
            .body()
            .contains("app='erp'\n\n[member.erp2]\napp = \"erp\"\n\n[[link]]")
    );
    assert_eq!(bench.ok("member remove erp1"), "generation 5\n");
    assert!(!bench.body().contains("\n[member.erp1]"));
}

#[test]
fn a_member_that_a_link_names_is_removed_by_force_only() {
    let bench =
        Bench::with("\n[member.m]\napp = 'x'\n\n[[link]]\nfrom = '/a'\nto = '$T'\nmember = 'm'\n");
    let before = bench.store();
    for dry in ["", "--dry-run "] {
        let stderr = bench.fails(5, &format!("member remove {dry}m"));
        assert!(
            stderr.starts_with("psl-admin: links name the member \"m\", at line "),
            "{stderr}"
        );
    }
    let stderr = bench.fails(1, "member remove n");
    assert!(
        stderr.contains("no attributes of a member \"n\"") && stderr.contains("it lists \"m\""),
        "{stderr}"
    );
    assert_eq!(bench.store(), before);
    assert_eq!(bench.ok("member remove --force m"), "generation 2\n");
    assert!(
        bench
            .body()
            .ends_with(&bench.filled("\n[[link]]\nfrom = '/a'\nto = '$T'\nmember = 'm'\n"))
    );
}

#[test]
fn administrators_who_commit_at_once_lose_nothing() {
    let bench = Bench::new();
    let rows: Vec<_> = (0..8).map(|row| format!("add /a{row} $T")).collect();
    let children: Vec<_> = rows
        .iter()
        .map(|row| bench.command(row).stdout(Stdio::null()).spawn().unwrap())
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let listed: serde_json::Value = serde_json::from_str(&bench.ok("list --json")).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), rows.len());
    assert_eq!(bench.ok("add /b $T"), "generation 10\n");
}

#[test]
fn a_change_that_changes_nothing_commits_nothing() {
    let bench = Bench::with("\n[member.m]\napp = \"x\"\n");
    let before = fs::read_dir(bench.path("store/history")).unwrap().count();
    assert_eq!(bench.ok("member set m app=x"), "generation 1\n");
    assert_eq!(
        fs::read_dir(bench.path("store/history")).unwrap().count(),
        before
    );
}

#[test]
fn a_reason_is_kept_in_the_history() {
    let bench = Bench::new();
    let arguments = ["add", "--reason", "roll 7\nforged", "/a", "$T"];
    assert_eq!(bench.ran(&mut bench.command_of(&arguments)).code, 0);
    let history = bench.ok("history -n 1");
    assert!(history.contains("roll 7"), "{history}");
    assert_eq!(history.lines().count(), 2, "{history}");
}
