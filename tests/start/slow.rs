//! `start_deadline`: storage that does not answer.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use psl_tests::packages;
use rustix::process::{Pid, Signal, kill_process};

use crate::bench::{Bench, LINKED, WITHOUT, assert_says, output};

/// A file system in user space that can be made to hang.
struct Mounted<'a> {
    server: Child,
    at: &'a Path,
}

impl<'a> Mounted<'a> {
    /// Mounts one directory over another.
    fn new(directory: &Path, at: &'a Path) -> Self {
        std::fs::create_dir(at).expect("it is free");
        let server = Command::new(packages::file("/usr/bin/bindfs"))
            .args(["-f", "-o", "allow_other,attr_timeout=0,entry_timeout=0"])
            .args([directory, at])
            .stdout(Stdio::null())
            .spawn()
            .expect("bindfs runs");
        let mounted = Self { server, at };
        let begin = Instant::now();
        while std::fs::read_dir(at).is_ok_and(|mut entries| entries.next().is_none()) {
            assert!(begin.elapsed() < Duration::from_secs(30), "bindfs mounts");
            std::thread::yield_now();
        }
        mounted
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.server), signal).expect("it is ours");
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.server), Signal::CONT);
        let _ = Command::new("umount").arg("-l").arg(self.at).status();
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn a_store_that_does_not_answer_keeps_nobody_waiting_for_longer_than_its_deadline() {
    let bench = Bench::new();
    let at = bench.at("mounted");
    let mounted = Mounted::new(&bench.store(), &at);
    // By another name, which no list of mounts has.
    let store = bench.at("alias");
    std::os::unix::fs::symlink(&at, &store).expect("it is free");
    let configure = |policy: &str| {
        bench.configure(&format!(
            "on_error = {policy:?}\nstart_deadline = \"1s\"\ntrust = \"any\"\n"
        ));
    };
    let started = |by_run: bool| {
        let mut command = if by_run {
            bench.run(&[])
        } else {
            bench.instance()
        };
        command.env("PSL_STORE", &store);
        let begin = Instant::now();
        let output = output(command);
        (output, begin.elapsed())
    };
    configure("last-good");
    for by_run in [false, true] {
        assert_says(&started(by_run).0, 0, LINKED, &[]);
    }
    mounted.signal(Signal::STOP);
    let slow = format!("{store:?} has not answered for 1s");
    for (policy, by_run, status, seen, word) in [
        ("refuse", false, 78, &b""[..], "start_deadline"),
        ("refuse", true, 6, b"", "start_deadline"),
        ("last-good", false, 0, LINKED, "generation 2"),
        ("last-good", true, 0, LINKED, "generation 2"),
        ("ignore", false, 0, WITHOUT, "ignore"),
        ("ignore", true, 0, WITHOUT, "ignore"),
    ] {
        configure(policy);
        let (output, took) = started(by_run);
        assert_says(&output, status, seen, &[&slow, word]);
        // Each step of `run` waits once.
        let steps = if by_run && status == 0 { 2 } else { 1 };
        let most = Duration::from_millis(1000 * steps + 1000);
        assert!(took < most, "{policy}, {by_run}: {took:?}");
    }
    mounted.signal(Signal::CONT);
    let (output, _) = started(false);
    assert_says(&output, 0, LINKED, &[]);
}
