//! The end of a roll: everybody gets the new version, and nobody sees a gap.
mod killed;
mod refused;
mod whole;

use crate::bench::{Bench, await_that, name};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A process that looks at its version again and again, and writes down when it is not there, or another one.
pub struct Watcher<'b> {
    bench: &'b Bench,
    child: Child,
    number: u32,
}

impl<'b> Watcher<'b> {
    /// Starts one as a part of an instance of a member.
    pub fn of_member(bench: &'b Bench, member: usize, engine: &str, version: usize) -> Self {
        let run = ["run", "--member", &name(member), "--engine", engine, "--"];
        Self::begin(
            bench,
            bench.command(&run),
            &format!(
                "{{ found=; read -r found < \"$place/share/page\"; [ \"$found\" = {version} ]; }}"
            ),
        )
    }

    /// Starts one that has no links, and leaves nothing open.
    pub fn of_nobody(bench: &'b Bench) -> Self {
        Self::begin(bench, Command::new("env"), "[ -e \"$place/share\" ]")
    }

    fn begin(bench: &'b Bench, mut command: Command, look: &str) -> Self {
        let script = "place=$1; cd /; while [ ! -e \"$2.stop\" ]; do\n\
             if LOOK; then :; else echo gone >> \"$2.gaps\"; fi\n\
             echo x >> \"$2.count\"; done"
            .replace("LOOK", look);
        let child = command
            .args(["sh", "-c", &script, "watcher"])
            .arg(bench.path("binaries/version"));
        let number = next();
        let file = bench.path(&format!("watcher{number}"));
        let child = child.arg(&file).stdin(Stdio::null()).spawn().unwrap();
        let watcher = Self {
            bench,
            child,
            number,
        };
        watcher.await_more();
        watcher
    }

    /// Waits until it has looked many times more.
    pub fn await_more(&self) {
        let looks = || fs::metadata(self.file("count")).map_or(0, |found| found.len() / 2);
        let before = looks();
        await_that("the watcher looks", || looks() > before + 50);
    }

    /// Ends it; returns how often its version was not there.
    pub fn gaps(mut self) -> usize {
        self.await_more();
        fs::write(self.file("stop"), "").unwrap();
        assert!(self.child.wait().unwrap().success());
        fs::read_to_string(self.file("gaps")).map_or(0, |text| text.lines().count())
    }

    /// Returns its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn file(&self, what: &str) -> std::path::PathBuf {
        self.bench.path(&format!("watcher{}.{what}", self.number))
    }
}

impl Drop for Watcher<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a command that does as another one, on a file system that cannot exchange two names, and slowly.
pub fn without_exchange(command: &Command) -> Command {
    let refused = "inject=renameat2:error=EINVAL";
    let slow = "inject=renameat,rename:delay_exit=200000";
    traced(command, "renameat2,renameat,rename", &[refused, slow])
}

/// Returns a command that does as another one, apart from what strace(1) is told to do to its system calls.
pub fn traced(command: &Command, calls: &str, expressions: &[&str]) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e"]);
    strace.arg(format!("trace={calls}"));
    for expression in expressions {
        strace.args(["-e", expression]);
    }
    strace.arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => strace.env(key, value),
            None => strace.env_remove(key),
        };
    }
    strace.current_dir("/");
    strace
}

/// Returns where a symlink leads, if there is one.
pub fn led_to(path: &Path) -> Option<String> {
    let text = fs::read_link(path).ok()?;
    Some(text.file_name()?.to_str()?.to_owned())
}

/// Returns the name that the old version is kept under, if there is one.
pub fn kept(bench: &Bench) -> Option<String> {
    let names = fs::read_dir(bench.path("binaries")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut kept: Vec<_> = names
        .filter(|name| name.starts_with("version.old-"))
        .collect();
    kept.sort();
    kept.retain(|name| !name.ends_with(".psl-manifest"));
    kept.pop()
}

/// Stops and starts all members, as an administrator does it one day.
pub fn restart(bench: &Bench, members: usize) {
    for member in 1..=members {
        bench.stop(member);
        bench.start(member);
    }
}

fn next() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Relaxed: the number guards no other memory.
    NEXT.fetch_add(1, Ordering::Relaxed)
}
