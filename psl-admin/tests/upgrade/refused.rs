//! What is refused before the first member is stopped.
use crate::bench::Bench;

#[test]
fn what_cannot_go_well_is_refused_and_changes_nothing() {
    let bench = Bench::new(2);
    bench.write("binaries/file", "");
    bench.write("tree/x", "");
    bench.ok(&["member", "set", "erp9", "app=erp"]);
    bench.ok(&[
        "add",
        "--force",
        "--member",
        "erp9",
        "$T/binaries/version",
        "$T/nowhere",
    ]);
    let generation = bench.ok(&["history", "-n", "1"]);
    let from = "$T/binaries/version";
    let rows: &[(&[&str], i32, &str)] = &[
        (
            &[from, "$T/binaries/none", "--members", "erp1"],
            5,
            "TO \"$T/binaries/none\" cannot be used",
        ),
        (
            &[from, "$T/binaries/file", "--members", "erp1"],
            5,
            "expected a directory",
        ),
        (
            &["$T/none", "$T/binaries/version2", "--members", "erp1"],
            5,
            "is not there for member \"erp1\"",
        ),
        (
            &[from, "$T/binaries/version2", "--members", "erp7"],
            2,
            "does not list member \"erp7\"",
        ),
        (
            &[from, "$T/binaries/version2", "--members", "erp1,erp2,erp1"],
            2,
            "names \"erp1\" twice",
        ),
        (
            &[
                from,
                "$T/binaries/version2",
                "--members",
                "erp1",
                "--deadline",
                "5s",
            ],
            2,
            "expected more than the 10 s",
        ),
        (
            &[
                from,
                "$T/binaries/version2",
                "--members",
                "erp1",
                "--max-unavailable",
                "0",
            ],
            2,
            "at least 1",
        ),
        (
            &[
                from,
                "$T/binaries/version2",
                "--members",
                "erp1",
                "--copy-from",
                "$T/tree",
            ],
            2,
            "expected {member} in TO",
        ),
        (
            &[
                from,
                "$T/tree/{member}",
                "--members",
                "erp1",
                "--copy-from",
                "$T/none",
            ],
            5,
            "--copy-from \"$T/none\"",
        ),
        (
            &[
                from,
                "$T/{member}/x",
                "--members",
                "erp1",
                "--copy-from",
                "$T/tree",
            ],
            5,
            "the directory above TO",
        ),
        (
            &[from, "$T/tree", "--members", "erp1"],
            5,
            "could not execute",
        ),
        (
            &[
                from,
                "$T/binaries/version2",
                "--members",
                "erp1",
                "--if-generation",
                "1",
            ],
            4,
            "expected 1 ",
        ),
        (&[from, "relative", "--members", "erp1"], 2, "is relative"),
    ];
    for (arguments, code, expected) in rows {
        for dry in [&["--dry-run"][..], &[]] {
            let ran = bench.run(&[&["upgrade", "start"], *arguments, dry].concat());
            assert_eq!(ran.code, Some(*code), "{arguments:?}: {ran:?}");
            assert!(ran.stderr.contains(expected), "{arguments:?}: {ran:?}");
        }
    }
    bench.assert_releases(&[1, 1]);
    assert_eq!(bench.ok(&["history", "-n", "1"]), generation);
    assert_eq!(bench.journal(), "");
}

#[test]
fn a_member_that_is_not_healthy_is_not_upgraded() {
    let bench = Bench::stopped(2);
    bench.start(1);
    let ran = bench.ran(&mut bench.upgrade(2, &[]));
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(ran.stderr.contains("erp2: does not run"), "{ran:?}");
    assert!(ran.stderr.contains("1 of 2 members"), "{ran:?}");
    assert_eq!(bench.releases(), [Some("1".to_owned()), None]);
}

#[test]
fn a_link_that_would_lose_is_refused() {
    let bench = Bench::new(1);
    let host = rustix::system::uname()
        .nodename()
        .to_str()
        .unwrap()
        .to_owned();
    let when = format!("host={host}");
    let (from, other) = ("$T/binaries/version", "$T/binaries/version3");
    bench.ok(&["add", "--member", "erp1", "--when", &when, from, other]);
    let ran = bench.ran(&mut bench.upgrade(2, &[]));
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(
        ran.stderr.contains("would lose for member \"erp1\""),
        "{ran:?}"
    );
}

#[test]
fn a_member_that_has_the_target_already_is_refused() {
    let bench = Bench::new(1);
    assert_eq!(bench.ran(&mut bench.upgrade(2, &[])).code, Some(0));
    let ran = bench.ran(&mut bench.upgrade(2, &[]));
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(ran.stderr.contains("already"), "{ran:?}");
}

#[test]
fn members_without_a_health_check_are_refused() {
    let bench = Bench::new(1);
    bench.members("[member.erp1]\nunit = \"erp1.service\"\n");
    let ran = bench.ran(&mut bench.upgrade(2, &[]));
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.stderr.contains("has no health check"), "{ran:?}");
}

#[test]
fn a_roll_whose_links_a_later_one_has_changed_is_not_undone() {
    let bench = Bench::new(2);
    assert_eq!(bench.ran(&mut bench.upgrade(2, &[])).code, Some(0));
    let first = bench.status()["roll"].as_str().unwrap().to_owned();
    assert_eq!(bench.ran(&mut bench.upgrade(3, &[])).code, Some(0));
    let ran = bench.run(&["upgrade", "undo", &first]);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(
        ran.stderr.contains("undo the rolls that came later first"),
        "{ran:?}"
    );
    bench.assert_releases(&[3, 3]);
    // The other way round both can be undone.
    let second = bench.status()["roll"].as_str().unwrap().to_owned();
    bench.ok(&["upgrade", "undo", &second]);
    bench.assert_releases(&[2, 2]);
    bench.ok(&["upgrade", "undo", &first]);
    bench.assert_releases(&[1, 1]);
}
