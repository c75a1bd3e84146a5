//! A stage that runs, and what it does while a test looks on.
use crate::bench::Bench;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long a test waits for what has to happen.
const DEADLINE: Duration = Duration::from_secs(60);

/// A stage in the background, which is killed when a test fails.
pub struct Begun(Option<Child>);

impl Begun {
    /// Starts it.
    pub fn start(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(Some(command.spawn().unwrap()))
    }

    /// Returns its process.
    pub fn pid(&self) -> Pid {
        Pid::from_child(self.0.as_ref().unwrap())
    }

    /// Stops it as soon as something holds, and lets it go on after `act`.
    pub fn stopped_when(&self, holds: impl Fn() -> bool, act: impl FnOnce()) {
        until(holds);
        kill_process(self.pid(), Signal::STOP).unwrap();
        let stopped = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(self.pid()), stopped).unwrap().unwrap();
        assert!(status.stopped(), "the stage was faster than the test");
        act();
        kill_process(self.pid(), Signal::CONT).unwrap();
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits until it ends.
    pub fn end(mut self) -> Output {
        self.0.take().unwrap().wait_with_output().unwrap()
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

/// Waits until something holds.
#[track_caller]
pub fn until(holds: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < deadline, "it never held");
        std::thread::yield_now();
    }
}

/// Tells whether a work directory holds a name already.
pub fn has_begun(dir: &Path, name: &str) -> bool {
    let entries = fs::read_dir(dir).unwrap();
    entries.map(|entry| entry.unwrap()).any(|entry| {
        is_work(&entry.file_name().to_string_lossy()) && entry.path().join(name).exists()
    })
}

/// Lists the names in the bench's directory `d`.
pub fn names(bench: &Bench) -> Vec<String> {
    let entries = fs::read_dir(bench.path("d")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn is_work(name: &str) -> bool {
    name.contains(".psl-stage-") && !name.ends_with(".manifest")
}
