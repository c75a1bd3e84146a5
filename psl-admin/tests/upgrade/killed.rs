//! Whoever drives a roll is killed at any moment, and `resume` reaches the same end.
use crate::bench::{self, Bench};
use crate::hooks;
use std::thread;
use std::time::Duration;

/// Random enough, and the same in every run.
pub struct Moments(pub u64);

impl Moments {
    /// Returns a moment before `limit`.
    pub fn below(&mut self, limit: Duration) -> Duration {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        limit.mul_f64((self.0 >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

/// Begins a command, and kills it at some moment within `limit`.
pub fn kill(bench: &Bench, command: &mut std::process::Command, moment: Duration) {
    let mut child = bench.begin(command);
    thread::sleep(moment);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Goes on until nobody has to any more; returns the last exit code.
fn resume(bench: &Bench) -> Option<i32> {
    let ran = bench.run(&["upgrade", "resume"]);
    assert!(matches!(ran.code, Some(0 | 7)), "{ran:?}");
    ran.code
}

fn is_live(bench: &Bench) -> bool {
    let status = bench.status();
    let phase = status["phase"].as_str().unwrap();
    !matches!(phase, "complete" | "undone")
}

#[test]
fn a_roll_killed_at_a_hundred_moments_is_resumed_to_the_same_end() {
    let bench = Bench::new(2);
    assert_eq!(bench.ran(&mut bench.upgrade(2, &[])).code, Some(0));
    let whole = bench.journal().lines().count();
    let mut moments = Moments(1);
    let mut resumed = 0;
    for round in 0..100 {
        let version = 3 - round % 2;
        // How long a roll takes depends on what else the machine does: it is killed so many events after it was begun.
        let (events, pause) = (round % whole, moments.below(Duration::from_millis(20)));
        let before = bench.journal();
        let mut driving = bench.begin(&mut bench.upgrade(version, &[]));
        bench::await_that("the roll has come so far, or has ended", || {
            let journal = bench.journal();
            let has_come = journal != before && journal.lines().count() >= events;
            events == 0 || has_come || driving.try_wait().unwrap().is_some()
        });
        thread::sleep(pause);
        driving.kill().unwrap();
        driving.wait().unwrap();
        if is_live(&bench) {
            resumed += 1;
            assert_eq!(resume(&bench), Some(0), "round {round}");
        } else if bench.releases() != vec![Some(version.to_string()); 2] {
            // It was killed before there was a roll.
            let ran = bench.ran(&mut bench.upgrade(version, &[]));
            assert_eq!(ran.code, Some(0), "round {round}: {ran:?}");
        }
        bench.assert_releases(&[version, version]);
        assert_eq!(bench.status()["phase"], "complete", "round {round}");
        let links = bench.links();
        assert_eq!(
            links.matches(&format!("version{version}")).count(),
            2,
            "{links}"
        );
        assert_eq!(links.lines().count(), 3, "round {round}: {links}");
        assert_eq!(bench.servers().len(), 2, "round {round}");
    }
    assert!(resumed > 30, "{resumed} of the kills came in the middle");
}

#[test]
fn a_roll_that_fails_and_is_killed_ends_as_one_that_fails() {
    let bench = Bench::new(2);
    let broken = bench.path("binaries/version3/share/page");
    std::fs::remove_file(broken).unwrap();
    let flags = ["--on-failure", "undo-all", "--deadline", "1s"];
    let mut moments = Moments(7);
    for round in 0..12 {
        let moment = moments.below(Duration::from_millis(2500));
        kill(&bench, &mut bench.upgrade(3, &flags), moment);
        if !bench.journal().is_empty() && is_live(&bench) {
            assert_eq!(resume(&bench), Some(7), "round {round}");
            assert_eq!(bench.status()["phase"], "undone", "round {round}");
        }
        bench.assert_releases(&[1, 1]);
        assert!(!bench.links().contains("version3"), "round {round}");
        assert_eq!(bench.servers().len(), 2, "round {round}");
    }
}

#[test]
fn an_undo_killed_at_any_moment_is_resumed_to_its_end() {
    let bench = Bench::new(2);
    let mut moments = Moments(3);
    for round in 0..12 {
        assert_eq!(bench.ran(&mut bench.upgrade(2, &[])).code, Some(0));
        let status = bench.status();
        let roll = status["roll"].as_str().unwrap();
        let moment = moments.below(Duration::from_millis(500));
        kill(
            &bench,
            &mut bench.command(&["upgrade", "undo", roll]),
            moment,
        );
        match bench.status()["phase"].as_str().unwrap() {
            "complete" => drop(bench.ok(&["upgrade", "undo", roll])),
            "undone" => {}
            _ => assert_eq!(resume(&bench), Some(0), "round {round}"),
        }
        bench.assert_releases(&[1, 1]);
        assert_eq!(bench.status()["phase"], "undone", "round {round}");
        assert_eq!(bench.servers().len(), 2, "round {round}");
    }
}

#[test]
fn a_roll_killed_while_a_start_command_runs_starts_no_second_instance() {
    let bench = Bench::stopped(2);
    hooks::by_hooks(&bench, 2);
    let start = std::fs::read_to_string(bench.path("hooks/start")).unwrap();
    let slow = format!(
        "echo x >> $T/hooks/begun; until [ -e $T/hooks/go ]; do sleep 0.02; done\n{}",
        start.trim_start_matches("#!/bin/sh\n")
    );
    bench.script("hooks/start", &slow);
    let mut driving = bench.begin(&mut bench.upgrade(2, &[]));
    let begun = || {
        let text = std::fs::read_to_string(bench.path("hooks/begun"));
        text.map_or(0, |text| text.lines().count())
    };
    bench::await_that("the start command runs", || begun() == 1);
    driving.kill().unwrap();
    driving.wait().unwrap();
    let mut resuming = bench.begin(&mut bench.command(&["upgrade", "resume"]));
    bench::await_that("somebody else drives the roll", || {
        bench.status()["driven_by"]["pid"] == resuming.id()
    });
    thread::sleep(Duration::from_millis(300));
    assert_eq!(begun(), 1);
    bench.write("hooks/go", "");
    assert!(resuming.wait().unwrap().success());
    bench.assert_releases(&[2, 2]);
    assert_eq!(bench.servers().len(), 2);
    assert_eq!(begun(), 2);
}
