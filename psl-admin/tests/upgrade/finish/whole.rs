//! Rolls that are finished, while everybody works.
use crate::bench::{Bench, name};
use crate::finish::{Watcher, kept, led_to, restart, without_exchange};
use std::fs;

#[test]
fn everybody_gets_the_new_version_by_a_symlink_and_nobody_sees_a_gap() {
    for can_exchange in [true, false] {
        let bench = Bench::new(2);
        bench.write("binaries/version.psl-manifest", "of version 1\n");
        assert_eq!(bench.ran(&mut bench.upgrade(2, &[])).code, Some(0));
        let mut watchers = vec![
            Watcher::of_member(&bench, 1, "preload", 2),
            Watcher::of_member(&bench, 2, "preload", 2),
        ];
        if can_exchange {
            watchers.push(Watcher::of_member(&bench, 1, "mount", 2));
        }
        let outside = Watcher::of_nobody(&bench);
        let mut finish = bench.command(&["upgrade", "finish"]);
        if !can_exchange {
            finish = without_exchange(&finish);
        }
        let ran = bench.ran(&mut finish);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        for watcher in watchers {
            assert_eq!(watcher.gaps(), 0, "with exchange: {can_exchange}");
        }
        assert_eq!(outside.gaps() == 0, can_exchange);

        let place = bench.path("binaries/version");
        assert_eq!(led_to(&place).as_deref(), Some("version2"));
        let kept = bench.path("binaries").join(kept(&bench).unwrap());
        assert_eq!(fs::read_to_string(kept.join("share/page")).unwrap(), "1");
        let manifest = kept.with_file_name(format!(
            "{}.psl-manifest",
            kept.file_name().unwrap().to_str().unwrap()
        ));
        assert_eq!(fs::read_to_string(manifest).unwrap(), "of version 1\n");
        assert!(!bench.links().contains(&name(1)), "{}", bench.links());
        assert_eq!(bench.status()["phase"], "finished");
        assert!(
            ran.stderr
                .contains(kept.file_name().unwrap().to_str().unwrap()),
            "{ran:?}"
        );
        bench.assert_releases(&[2, 2]);
        restart(&bench, 2);
        bench.assert_releases(&[2, 2]);
        let again = bench.run(&[
            "upgrade",
            "finish",
            bench.status()["roll"].as_str().unwrap(),
        ]);
        assert_eq!(again.code, Some(1), "{again:?}");
    }
}

#[test]
fn the_new_version_is_built_at_the_place_itself_and_nobody_sees_a_gap() {
    for can_exchange in [true, false] {
        let bench = Bench::new(2);
        fs::create_dir(bench.path("binaries/private")).unwrap();
        let flags = ["--copy-from", "$T/binaries/version2", "--private"];
        let ran = bench.ran(&mut bench.upgrade_to("$T/binaries/private/{member}", &flags));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        bench.assert_releases(&[2, 2]);
        let ran = bench.run(&["upgrade", "finish"]);
        assert_eq!(ran.code, Some(5), "{ran:?}");
        assert!(ran.stderr.contains("--replace"), "{ran:?}");
        let watchers = [1, 2].map(|member| Watcher::of_member(&bench, member, "preload", 2));
        let mut finish = bench.command(&["upgrade", "finish", "--replace"]);
        if !can_exchange {
            finish = without_exchange(&finish);
        }
        let ran = bench.ran(&mut finish);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        for watcher in watchers {
            assert_eq!(watcher.gaps(), 0, "with exchange: {can_exchange}");
        }
        bench.assert_releases(&[2, 2]);
        let place = bench.path("binaries/version");
        assert!(place.symlink_metadata().unwrap().is_dir());
        assert_eq!(fs::read_to_string(place.join("share/page")).unwrap(), "2");
        bench.ok(&["check", "--tree", place.to_str().unwrap()]);
        assert!(kept(&bench).is_some());
        assert!(!bench.links().contains(&name(1)), "{}", bench.links());
        fs::rename(bench.path("binaries/version2"), bench.path("elsewhere")).unwrap();
        bench.stop(1);
        bench.start(1);
        let program = bench.program(1);
        assert!(
            program.ends_with("/binaries/version/bin/server"),
            "{program}"
        );
        let other = bench.program(2);
        assert!(other.contains("/private/erp2/"), "{other}");
    }
}

#[test]
fn the_next_roll_is_finished_where_the_last_one_has_left_a_symlink() {
    for can_exchange in [true, false] {
        let bench = Bench::new(1);
        for version in [2, 3] {
            assert_eq!(bench.ran(&mut bench.upgrade(version, &[])).code, Some(0));
            let outside = Watcher::of_nobody(&bench);
            let mut finish = bench.command(&["upgrade", "finish"]);
            if !can_exchange {
                finish = without_exchange(&finish);
            }
            let ran = bench.ran(&mut finish);
            assert_eq!(ran.code, Some(0), "{ran:?}");
            // A symlink is replaced by a symlink at once, wherever it is.
            assert_eq!(outside.gaps() == 0, can_exchange || version == 3);
            bench.assert_releases(&[version]);
        }
        let place = bench.path("binaries/version");
        assert_eq!(led_to(&place).as_deref(), Some("version3"));
        let kept = bench.path("binaries").join(kept(&bench).unwrap());
        assert_eq!(led_to(&kept).as_deref(), Some("version2"));
        // The way back is a roll to what was kept.
        let kept = kept.to_str().unwrap();
        let ran = bench.ran(&mut bench.upgrade_to(kept, &[]));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        bench.assert_releases(&[2]);
    }
}

#[test]
fn two_rolls_to_one_target_are_finished_one_after_the_other() {
    let bench = Bench::new(2);
    let over = |member: usize| {
        let (from, to) = ("$T/binaries/version", "$T/binaries/version2");
        let start = ["upgrade", "start", from, to, "--members", &name(member)];
        bench.ok(&[&start[..], &["--min-healthy", "0s"]].concat());
        bench.status()["roll"].as_str().unwrap().to_owned()
    };
    let first = over(1);
    let ran = bench.run(&["upgrade", "finish", &first]);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(
        ran.stderr.contains("processes that run the old one"),
        "{ran:?}"
    );
    let second = over(2);
    let ran = bench.run(&["upgrade", "finish"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    bench.ok(&["upgrade", "finish", &first]);
    assert_eq!(
        led_to(&bench.path("binaries/version")).as_deref(),
        Some("version2")
    );
    assert!(bench.links().contains("erp2"));
    bench.ok(&["upgrade", "finish", &second]);
    assert!(!bench.links().contains("erp2"));
    assert_eq!(
        led_to(&bench.path("binaries/version")).as_deref(),
        Some("version2")
    );
    bench.assert_releases(&[2, 2]);
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let bench = Bench::new(1);
    assert_eq!(bench.ran(&mut bench.upgrade(2, &[])).code, Some(0));
    let (links, journal) = (bench.links(), bench.journal());
    let text = bench.ok(&["upgrade", "finish", "--dry-run"]);
    for expected in [
        "make a symlink to",
        "version.old-3",
        "remove the links at",
        "erp1",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let text = bench.ok(&["upgrade", "finish", "--dry-run", "--replace"]);
    assert!(text.contains("copy "), "{text}");
    assert_eq!((bench.links(), bench.journal()), (links, journal));
    assert_eq!(kept(&bench), None);
    let ran = bench.run(&["upgrade", "finish", "--if-generation", "2"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    let events = bench.ok(&["upgrade", "finish", "--json", "--reason", "erp 2.0"]);
    assert!(bench.ok(&["history", "-n", "1"]).contains("(erp 2.0)"));
    let events: Vec<serde_json::Value> = events
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let words: Vec<_> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    let task = ["task-begun", "task-ended"];
    let expected = [
        &["taken", "finishing"][..],
        &task,
        &task,
        &task,
        &["finished"],
    ]
    .concat();
    assert_eq!(words, expected);
}
