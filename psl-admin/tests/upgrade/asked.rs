//! Holding, pausing, undoing and interrupting a roll.
use crate::bench::Bench;
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn a_roll_holds_after_the_first_members_until_it_is_resumed() {
    let bench = Bench::new(3);
    let ran = bench.ran(&mut bench.upgrade(2, &["--canary", "2"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("upgrade resume"), "{ran:?}");
    assert_eq!(bench.status()["phase"], "held");
    bench.assert_releases(&[2, 2, 1]);
    bench.ok(&["upgrade", "resume"]);
    bench.assert_releases(&[2, 2, 2]);
    assert_eq!(bench.run(&["upgrade", "resume"]).code, Some(1));
}

#[test]
fn a_pause_lets_the_member_be_finished_and_no_other_begin() {
    let bench = Bench::new(3);
    let mut driving = bench.begin(&mut bench.upgrade(2, &["--min-healthy", "2s"]));
    bench.await_journal("\"event\":\"healthy\"");
    bench.ok(&["upgrade", "pause"]);
    assert!(driving.wait().unwrap().success());
    assert_eq!(bench.status()["phase"], "paused");
    bench.assert_releases(&[2, 1, 1]);
    let ran = bench.run(&["upgrade", "pause"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    bench.ok(&["upgrade", "resume"]);
    bench.assert_releases(&[2, 2, 2]);
}

#[test]
fn an_undo_does_not_wait_for_health_that_has_to_last() {
    let bench = Bench::new(3);
    let flags = ["--min-healthy", "1h", "--deadline", "2h"];
    let mut driving = bench.begin(&mut bench.upgrade(2, &flags));
    bench.await_journal("\"event\":\"healthy\"");
    let ran = bench.run(&["upgrade", "undo"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(driving.wait().unwrap().code(), Some(7));
    assert_eq!(bench.status()["phase"], "undone");
    bench.assert_releases(&[1, 1, 1]);
    assert!(!bench.links().contains("version2"), "{}", bench.links());
}

#[test]
fn a_signal_leaves_a_roll_that_can_be_resumed() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let bench = Bench::new(2);
        let flags = ["--min-healthy", "5s"];
        let mut driving = bench.begin(&mut bench.upgrade(2, &flags));
        bench.await_journal("\"event\":\"healthy\"");
        kill_process(Pid::from_child(&driving), signal).unwrap();
        assert_eq!(driving.wait().unwrap().code(), Some(7), "{signal:?}");
        assert!(bench.journal().trim_end().ends_with('}'));
        assert!(bench.journal().contains("\"event\":\"interrupted\""));
        let text = bench.ok(&["upgrade", "status"]);
        assert!(
            text.contains("driven by nobody") && text.contains("upgrade resume"),
            "{text}"
        );
        let undo = bench.run(&["upgrade", "undo"]);
        assert_eq!(undo.code, Some(0), "{undo:?}");
        bench.assert_releases(&[1, 1]);
    }
}

#[test]
fn an_undo_brings_the_link_back_that_a_member_had() {
    let bench = Bench::new(2);
    assert_eq!(bench.ran(&mut bench.upgrade(2, &[])).code, Some(0));
    let links = bench.links();
    assert_eq!(bench.ran(&mut bench.upgrade(3, &[])).code, Some(0));
    bench.assert_releases(&[3, 3]);
    let status = bench.status();
    bench.ok(&["upgrade", "undo", status["roll"].as_str().unwrap()]);
    bench.assert_releases(&[2, 2]);
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&bench.links()), sorted(&links));
}
