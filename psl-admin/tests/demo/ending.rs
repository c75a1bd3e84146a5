//! Demos that end before their time.
use crate::bench::{Bench, await_that};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::os::unix::process::ExitStatusExt;

#[test]
fn a_signal_ends_a_demo_and_nothing_is_left() {
    for (signal, moment) in [
        (Signal::INT, "psl-admin init"),
        (Signal::TERM, "before:"),
        (Signal::HUP, " erp1: starting"),
        (Signal::QUIT, "kill -9"),
        (Signal::INT, "erp3: waiting for its health"),
        (Signal::TERM, "a member has failed"),
        (Signal::INT, "psl-admin upgrade finish"),
    ] {
        let bench = Bench::new();
        let mut demo = bench.begin();
        demo.read_to(moment);
        kill_process(Pid::from_child(&demo.child), signal).unwrap();
        let ended = demo.end();
        assert_eq!(
            ended.status.signal(),
            Some(signal.as_raw()),
            "{moment}: {ended:?}"
        );
        assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
        bench.assert_clean();
    }
}

#[test]
fn a_killed_demo_leaves_no_process() {
    for moment in ["before:", "erp2: starting", "psl-admin upgrade resume"] {
        let bench = Bench::new();
        let mut demo = bench.begin();
        demo.read_to(moment);
        // The demo itself, and the two instances that do not move at the moment.
        assert!(bench.processes().len() >= 3);
        demo.child.kill().unwrap();
        demo.end();
        await_that("the instances end", || bench.processes().is_empty());
    }
}

#[test]
fn a_reader_that_goes_away_ends_a_demo() {
    let bench = Bench::new();
    let mut demo = bench.begin();
    demo.read_to("before:");
    drop(demo.lines);
    let ended = demo.child.wait_with_output().unwrap();
    assert_eq!(
        ended.status.signal(),
        Some(Signal::PIPE.as_raw()),
        "{ended:?}"
    );
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
    bench.assert_clean();
}

#[test]
fn an_instance_that_dies_fails_the_demo() {
    let bench = Bench::new();
    let mut demo = bench.begin();
    demo.read_to("--member erp3 --");
    let line = demo.read_to(" is healthy after ");
    let id: i32 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    demo.read_to("before:");
    kill_process(Pid::from_raw(id).unwrap(), Signal::KILL).unwrap();
    let ended = demo.end();
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(5), "{stderr}");
    assert!(stderr.contains("erp3"), "{stderr}");
    bench.assert_clean();
}

#[test]
fn an_answer_with_a_part_of_another_version_fails_the_demo() {
    let bench = Bench::new();
    let mut demo = bench.begin();
    demo.read_to("before:");
    let [directory] = &bench.left()[..] else {
        panic!("{:?}", bench.left())
    };
    let page = directory.join("binaries/version/share/page");
    fs::write(page, "page of version 2\n").unwrap();
    let ended = demo.end();
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(7), "{stderr}");
    assert!(
        stderr.starts_with("psl-admin: an unexpected answer: "),
        "{stderr}"
    );
    bench.assert_clean();
}
