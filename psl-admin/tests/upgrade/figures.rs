//! Both processes of the design, figure by figure: the table, and what each instance runs.
use crate::bench::{Bench, name};
use crate::finish::{kept, led_to, restart};
use serde_json::Value;
use std::fs;

/// Returns the table as rows of member, place and target.
fn table(bench: &Bench) -> Vec<[String; 3]> {
    let rows: Value = serde_json::from_str(&bench.ok(&["list", "--json"])).unwrap();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| [text(row, "member"), text(row, "from"), text(row, "to")])
        .collect()
}

/// Asserts what the table holds, what runs, and where each member would find itself after a start.
#[track_caller]
fn assert_figure(bench: &Bench, links: &[(usize, &str)], releases: &[usize], reached: &[&str]) {
    let place = "$T/binaries/version".to_owned();
    let expected: Vec<_> = links
        .iter()
        .map(|(member, to)| [name(*member), place.clone(), format!("$T/binaries/{to}")])
        .collect();
    assert_eq!(table(bench), expected);
    bench.assert_releases(releases);
    for (index, tree) in reached.iter().enumerate() {
        let found = bench.ok(&[
            "resolve",
            "--member",
            &name(index + 1),
            "$T/binaries/version/share/page",
        ]);
        assert_eq!(found, format!("$T/binaries/{tree}/share/page\n"));
    }
}

#[test]
fn one_copy_that_all_members_share() {
    let bench = Bench::new(2);
    fs::remove_dir_all(bench.path("binaries/version2")).unwrap();
    assert_figure(&bench, &[], &[1, 1], &["version", "version"]);
    // The new version is made beside the old one, and nobody notices.
    let patch = "printf 2 > share/page; printf 2 > share/release";
    bench.ok(&[
        "stage",
        "--patch",
        patch,
        "$T/binaries/version",
        "$T/binaries/version2",
    ]);
    assert_figure(&bench, &[], &[1, 1], &["version", "version"]);
    // The first member is stopped, gets its link, and starts on the new version.
    assert_eq!(
        bench.ran(&mut bench.upgrade(2, &["--canary", "1"])).code,
        Some(0)
    );
    assert_figure(
        &bench,
        &[(1, "version2")],
        &[2, 1],
        &["version2", "version"],
    );
    bench.ok(&["upgrade", "resume"]);
    let both = [(1, "version2"), (2, "version2")];
    assert_figure(&bench, &both, &[2, 2], &["version2", "version2"]);
    // Everybody gets the new version, and the links are removed.
    bench.ok(&["upgrade", "finish"]);
    assert_figure(&bench, &[], &[2, 2], &["version2", "version2"]);
    assert_eq!(
        led_to(&bench.path("binaries/version")).as_deref(),
        Some("version2")
    );
    assert!(kept(&bench).is_some());
    // The old version goes, while the instances of the roll still run.
    bench.ok(&["gc"]);
    assert_eq!(kept(&bench), None);
    assert_figure(&bench, &[], &[2, 2], &["version2", "version2"]);
    restart(&bench, 2);
    assert_figure(&bench, &[], &[2, 2], &["version2", "version2"]);
}

#[test]
fn a_private_copy_for_each_member() {
    let bench = Bench::new(2);
    fs::create_dir(bench.path("binaries/private")).unwrap();
    let sees = |member: usize, path: &str| {
        let path = format!("$T/binaries/{path}");
        bench
            .run(&["resolve", "--member", &name(member), &path])
            .code
            == Some(0)
    };
    assert_figure(&bench, &[], &[1, 1], &["version", "version"]);
    let flags = [
        "--copy-from",
        "$T/binaries/version2",
        "--private",
        "--canary",
        "1",
    ];
    let to = "$T/binaries/private/{member}";
    assert_eq!(bench.ran(&mut bench.upgrade_to(to, &flags)).code, Some(0));
    // The first member has a copy that the second one does not see; the second one has none yet.
    assert_figure(
        &bench,
        &[(1, "private/erp1")],
        &[2, 1],
        &["private/erp1", "version"],
    );
    assert!(sees(1, "private/erp1") && !sees(2, "private/erp1"));
    assert!(!bench.path("binaries/private/erp2").exists());
    bench.ok(&["upgrade", "resume"]);
    let (links, reached) = (
        [(1, "private/erp1"), (2, "private/erp2")],
        ["private/erp1", "private/erp2"],
    );
    assert_figure(&bench, &links, &[2, 2], &reached);
    assert!(!sees(1, "private/erp2") && !sees(2, "private/erp1"));
    bench.ok(&["check", "--tree", "$T/binaries/private/erp1"]);
    // The new version is built at the place itself; who runs has its copy still.
    bench.ok(&["upgrade", "finish", "--replace"]);
    assert_figure(&bench, &[], &[2, 2], &["version", "version"]);
    assert!(bench.program(1).contains("/private/erp1/"));
    let ran = bench.run(&["gc"]);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert_eq!(kept(&bench), None);
    assert_figure(&bench, &[], &[2, 2], &["version", "version"]);
    // Each copy goes after the next start of its member.
    for member in [1, 2] {
        bench.stop(member);
        bench.start(member);
        assert!(
            bench
                .program(member)
                .ends_with("/binaries/version/bin/server")
        );
        bench.run(&["gc"]);
        let copy = bench.path(&format!("binaries/private/{}", name(member)));
        assert!(!copy.exists(), "{copy:?}");
    }
    assert_figure(&bench, &[], &[2, 2], &["version", "version"]);
    assert_eq!(bench.ok(&["gc"]), "");
}
