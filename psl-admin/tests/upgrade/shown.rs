//! What an administrator and other programs are told of a roll.
use crate::bench::Bench;
use serde_json::Value;
use std::fs;

#[test]
fn a_dry_run_prints_every_step_and_the_way_back_and_does_nothing() {
    let bench = Bench::new(2);
    let flags = ["--dry-run", "--canary", "1", "--deadline", "1m"];
    let ran = bench.ran(&mut bench.upgrade(2, &flags));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let expected = [
        "1. erp1",
        "stop   SIGTERM, then KILL, within 10 s",
        "link   $T/binaries/version -> $T/binaries/version2",
        "start  $T/binaries/version/bin/server --port",
        "-- holds until `psl-admin upgrade resume`",
        "2. erp2",
        "erp2: $T/binaries/version without a link of its own",
        "at most 3 min 10 s there, and 3 min 10 s back",
    ];
    let mut rest = ran.stdout.as_str();
    for line in expected {
        let (_, below) = rest
            .split_once(line)
            .unwrap_or_else(|| panic!("{line}: {}", ran.stdout));
        rest = below;
    }
    assert_eq!(bench.journal(), "");
    bench.assert_releases(&[1, 1]);
}

#[test]
fn every_event_is_an_object_with_time_roll_member_and_event() {
    let bench = Bench::new(2);
    let ran = bench.ran(&mut bench.upgrade(2, &["--json"]));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    let events: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for event in &events {
        for key in ["time", "roll", "event"] {
            assert!(event[key].is_string(), "{key}: {event}");
        }
        assert!(event.get("member").is_some(), "{event}");
    }
    let of = |member: &str| -> Vec<String> {
        let own = events.iter().filter(|event| event["member"] == member);
        own.map(|event| format!("{} {}", event["event"], event["step"]).replace('"', ""))
            .collect()
    };
    let expected = [
        "begun stop",
        "ended stop",
        "begun link",
        "ended link",
        "begun start",
        "ended start",
        "begun check",
        "healthy null",
        "ended check",
        "upgraded null",
    ];
    assert_eq!(
        of("erp2")
            .iter()
            .filter(|event| *event != "unhealthy null")
            .collect::<Vec<_>>(),
        expected
    );
    assert_eq!(events.last().unwrap()["event"], "finished");
    // The journal is the same lines.
    assert_eq!(bench.journal().lines().count(), events.len());
}

#[test]
fn a_picture_has_a_lane_a_member_and_its_commits() {
    let bench = Bench::new(2);
    assert_eq!(
        bench
            .ran(&mut bench.upgrade(2, &["--reason", "<a> & \"b\""]))
            .code,
        Some(0)
    );
    let file = bench.path("roll.svg");
    bench.ok(&["upgrade", "status", "--svg", file.to_str().unwrap()]);
    let text = fs::read_to_string(file).unwrap();
    for expected in [
        "erp1",
        "erp2",
        "stopped for",
        "starting for",
        "&lt;a&gt; &amp;",
        "generation 4",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert_eq!(text.matches("upgraded for").count(), 2);
}

#[test]
fn a_journal_that_was_changed_is_named_with_its_line() {
    let bench = Bench::new(1);
    assert_eq!(bench.ran(&mut bench.upgrade(2, &[])).code, Some(0));
    let status = bench.status();
    let roll = status["roll"].as_str().unwrap();
    let path = bench.path("store/rolls").join(roll);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replacen("\"step\":\"stop\"", "\"step\":\"link\"", 1),
    )
    .unwrap();
    let ran = bench.run(&["upgrade", "status", roll]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(
        ran.stderr.contains(&format!(
            "$T/store/rolls/{roll}:2: the checksum of the line is wrong"
        )),
        "{ran:?}"
    );
}

#[test]
fn a_journal_that_is_longer_than_any_roll_writes_is_refused_and_not_cut() {
    let bench = Bench::new(2);
    let held = bench.ran(&mut bench.upgrade(2, &["--canary", "1"]));
    assert_eq!(held.code, Some(0), "{held:?}");
    let rolls = fs::read_dir(bench.path("store/rolls")).unwrap();
    let mut rolls = rolls.map(|entry| entry.unwrap().path());
    let is_journal = |path: &std::path::PathBuf| {
        let end = path.extension().and_then(|end| end.to_str());
        end.is_some_and(|end| end.parse::<u64>().is_ok())
    };
    let journal = rolls.find(is_journal).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&journal).unwrap();
    let whole = file.metadata().unwrap().len();
    // What is behind the last line might be the end of one: a torn one would be cut off.
    let long = (64 << 20) + 1;
    file.set_len(long).unwrap();
    for verb in [&["upgrade", "status"][..], &["upgrade", "resume"]] {
        let ran = bench.run(verb);
        assert_eq!(ran.code, Some(6), "{ran:?}");
        assert!(ran.stderr.contains("longer than 64 MiB"), "{ran:?}");
        assert_eq!(file.metadata().unwrap().len(), long);
    }
    file.set_len(whole).unwrap();
    let ran = bench.run(&["upgrade", "resume"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    bench.assert_releases(&[2, 2]);
}
