//! One program drives a roll, and rolls exclude each other where they share a member.
use crate::bench::Bench;
use crate::hooks;
use rustix::fs::{FlockOperation, fcntl_lock};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;

#[test]
fn one_that_was_stopped_does_nothing_more_after_another_took_over() {
    let bench = Bench::new(2);
    let long = ["--min-healthy", "4s"];
    let mut stopped = bench.begin(&mut bench.upgrade(2, &long));
    bench.await_journal("\"event\":\"healthy\"");
    let pid = Pid::from_child(&stopped);
    kill_process(pid, Signal::STOP).unwrap();
    let ran = bench.run(&["upgrade", "resume"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    bench.assert_releases(&[2, 2]);
    let (journal, links) = (bench.journal(), bench.ok(&["history"]));
    let servers = bench.servers();
    kill_process(pid, Signal::CONT).unwrap();
    assert_eq!(stopped.wait().unwrap().code(), Some(4));
    assert_eq!(bench.journal(), journal);
    assert_eq!(bench.ok(&["history"]), links);
    assert_eq!(bench.servers(), servers);
    bench.assert_releases(&[2, 2]);
}

#[test]
fn a_roll_that_is_being_driven_is_driven_by_nobody_else() {
    let bench = Bench::new(2);
    let mut driving = bench.begin(&mut bench.upgrade(2, &["--min-healthy", "2s"]));
    bench.await_journal("\"event\":\"healthy\"");
    let ran = bench.run(&["upgrade", "resume"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stderr.contains("is being driven by"), "{ran:?}");
    assert!(driving.wait().unwrap().success());
    bench.assert_releases(&[2, 2]);
    assert!(!bench.journal().contains("taken"));
}

#[test]
fn rolls_over_one_member_exclude_each_other_and_others_do_not() {
    let bench = Bench::new(4);
    let (from, to) = ("$T/binaries/version", "$T/binaries/version2");
    let over = |members: &str| {
        let flags = ["--min-healthy", "2s", "--deadline", "20s"];
        let start = ["upgrade", "start", from, to, "--members", members];
        bench.command(&[&start[..], &flags].concat())
    };
    let mut first = bench.begin(&mut over("erp1,erp2"));
    bench.await_journal("\"event\":\"healthy\"");
    let ran = bench.ran(&mut over("erp3,erp2"));
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stderr.contains("has member \"erp2\""), "{ran:?}");
    let ran = bench.ran(&mut over("erp3,erp4"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(first.wait().unwrap().success());
    bench.assert_releases(&[2, 2, 2, 2]);
}

#[test]
fn a_member_of_another_host_is_left_alone() {
    let bench = Bench::new(1);
    let record = "{\"member\":\"erp1\",\"pid\":1,\"start\":1,\"boot\":\"b\",\"namespace\":1,\
                  \"host\":\"elsewhere.example\",\"generation\":1}";
    bench.write("store/running/erp1.json", record);
    let ran = bench.ran(&mut bench.upgrade(2, &[]));
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(ran.stderr.contains("elsewhere.example"), "{ran:?}");
    bench.assert_releases(&[1]);
}

/// Returns the file that says who drives the one roll.
fn owner(bench: &Bench) -> PathBuf {
    let found = fs::read_dir(bench.path("store/rolls")).unwrap();
    let mut found = found.map(|entry| entry.unwrap().path());
    found
        .find(|path| path.extension().is_some_and(|end| end == "owner"))
        .unwrap()
}

#[test]
fn a_command_leaves_its_trace_before_it_runs_and_only_for_who_drives_the_roll() {
    let bench = Bench::new(1);
    assert_eq!(bench.ran(&mut bench.upgrade(2, &[])).code, Some(0));
    let (owner, trace) = (owner(&bench), bench.path("trace"));
    let known: Value = serde_json::from_slice(&fs::read(&owner).unwrap()).unwrap();
    let token = known["token"].as_u64().unwrap();
    // As psl-admin executes itself for a start or stop command.
    let begin = |token: u64| {
        let begun = json!({
            "directory": bench.path("store/running"),
            "member": "erp1",
            "trace": trace,
            "fence": [owner, token],
            "trusts_any": true,
            "argv": ["cat", trace],
        });
        let mut command = bench.command(&[&begun.to_string()]);
        command.arg0("psl-admin: command");
        bench.ran(&mut command)
    };
    let ran = begin(token + 1);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(!trace.exists() && ran.stdout.is_empty(), "{ran:?}");
    let ran = begin(token);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let seen: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(seen["pid"].is_u64() && seen["start"].is_u64(), "{seen}");
}

#[test]
fn a_command_that_runs_on_another_host_is_waited_for() {
    let bench = Bench::stopped(1);
    hooks::by_hooks(&bench, 1);
    // As a host leaves it whose driver is gone: what runs there holds a lock, and has no process here.
    let trace =
        "{\"pid\":1,\"start\":1,\"boot\":\"b\",\"namespace\":1,\"host\":\"elsewhere.example\"}";
    bench.write("store/running/erp1.starting", trace);
    let path = bench.path("store/running/erp1.starting");
    let held = fs::File::options().write(true).open(path).unwrap();
    fcntl_lock(&held, FlockOperation::NonBlockingLockExclusive).unwrap();
    let ran = bench.ran(&mut bench.upgrade(2, &["--on-failure", "stop"]));
    assert_eq!(ran.code, Some(7), "{ran:?}");
    assert!(ran.stderr.contains("elsewhere.example"), "{ran:?}");
    bench.assert_releases(&[1]);
    drop(held);
    let ran = bench.run(&["upgrade", "resume"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    bench.assert_releases(&[2]);
}

#[test]
fn a_roll_of_a_host_that_is_gone_is_resumed() {
    let bench = Bench::new(2);
    let held = bench.ran(&mut bench.upgrade(2, &["--canary", "1"]));
    assert_eq!(held.code, Some(0), "{held:?}");
    // As if the one who drove it had died on another host without a word.
    let owner = owner(&bench);
    let text = fs::read_to_string(&owner).unwrap();
    let host = rustix::system::uname()
        .nodename()
        .to_str()
        .unwrap()
        .to_owned();
    let gone = text
        .replace(&format!("\"host\":\"{host}\""), "\"host\":\"gone.example\"")
        .replace("\"released\":true", "\"released\":false");
    assert_ne!(text, gone);
    fs::write(&owner, gone).unwrap();
    assert!(bench.status()["driven_by"].is_null());
    let ran = bench.run(&["upgrade", "resume"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    bench.assert_releases(&[2, 2]);
}
