//! What `--patch` does and how it ends.
use super::begun::{Begun, names, until};
use crate::bench::Bench;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

fn bench() -> Bench {
    let bench = Bench::without_store();
    bench.write("d/src/f", "old\n");
    bench
}

fn patched(bench: &Bench, patch: &str) -> Command {
    bench.command_of(&["stage", "--patch", patch, "d/src", "d/dst"])
}

/// Waits until the patch has written a process id to `$T/pid`, and returns it.
fn pid(bench: &Bench) -> Pid {
    let read = || {
        let text = fs::read_to_string(bench.path("pid")).ok()?;
        let pid = text.strip_suffix('\n')?.parse().ok()?;
        Pid::from_raw(pid)
    };
    until(|| read().is_some());
    read().unwrap()
}

fn is_alive(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    test_kill_process(pid).is_ok() && stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn the_patch_works_in_the_copy_and_knows_both_ends() {
    let bench = bench();
    let patch = "cat; echo $PSL_STAGE_SRC; echo $PSL_STAGE_DST >&2; test -d . -a ! -e \"$PSL_STAGE_DST\" &&
        cmp f \"$PSL_STAGE_SRC/f\" && echo new > f && mkdir -p lib && echo $((1 + 1)) > lib/release";
    let ran = bench.ran(&mut patched(&bench, patch));
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (0, "$T/d/dst\n"),
        "{ran:?}"
    );
    assert!(
        ran.stdout.starts_with("$T/d/src\n\"$T/d/dst\": 1 file, "),
        "{ran:?}"
    );
    let read = |name| fs::read_to_string(bench.path(name)).unwrap();
    assert_eq!(
        [read("d/src/f"), read("d/dst/f"), read("d/dst/lib/release")],
        ["old\n", "new\n", "2\n"]
    );
    assert_eq!(
        bench.ok("check --tree d/dst"),
        "$T/d/dst: 4 paths, none differs\n"
    );
}

#[test]
fn data_stays_alone_on_standard_output_when_it_is_json() {
    let bench = bench();
    let ran = bench.ran(patched(&bench, "echo talk").arg("--json"));
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (json["files"].as_u64(), ran.stderr.as_str()),
        (Some(1), "talk\n")
    );
}

#[test]
fn a_patch_that_fails_leaves_nothing() {
    let bench = bench();
    for (patch, how) in [
        ("exit 3", "ended with exit status 3"),
        ("kill -9 $$", "was killed by signal 9"),
        (
            "rm -rf ../.dst.psl-stage-*; false",
            "ended with exit status 1",
        ),
        ("chmod -R 0 .; exit 200", "ended with exit status 200"),
    ] {
        let ran = bench.ran(&mut patched(&bench, patch));
        let expected = format!("psl-admin: the patch {patch:?} {how}\n");
        assert_eq!((ran.code, ran.stderr), (1, expected));
        assert_eq!(names(&bench), ["src"], "{patch}");
    }
}

#[test]
fn what_a_failing_patch_has_mounted_in_the_copy_is_not_removed() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let bench = bench();
    bench.write("precious/f", "x");
    let stage = patched(&bench, "mkdir m && mount --bind ../../precious m; false");
    let mut command = Command::new("unshare");
    command.arg("--mount").arg(stage.get_program());
    command.args(stage.get_args()).current_dir(bench.path(""));
    let ran = bench.ran(&mut command);
    assert!(
        ran.code == 1 && ran.stderr.contains("cannot remove"),
        "{ran:?}"
    );
    assert!(bench.path("precious/f").exists());
    // The mount has gone with its namespace.
    bench.ok("stage d/src d/dst");
    assert_eq!(names(&bench), ["dst", "dst.psl-manifest", "src"]);
}

#[test]
fn what_the_patch_leaves_running_is_ended() {
    let bench = bench();
    let patch = "sleep 1000 & echo $! > ../../pid";
    assert_eq!(bench.ran(&mut patched(&bench, patch)).code, 0);
    let left = pid(&bench);
    until(|| !is_alive(left));
}

#[test]
fn a_patch_that_hangs_is_ended_with_the_stage() {
    for (signal, trap) in [(Signal::INT, ""), (Signal::TERM, "trap '' TERM; ")] {
        let bench = bench();
        let patch = format!("{trap}echo $$ > ../../pid; while :; do sleep 1000; done");
        let stage = Begun::start(&mut patched(&bench, &patch));
        let shell = pid(&bench);
        stage.signal(signal);
        let output = stage.end();
        assert_eq!(output.status.signal(), Some(signal.as_raw()));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            stderr.contains("interrupted, nothing is at \"d/dst\""),
            "{stderr}"
        );
        until(|| !is_alive(shell));
        assert_eq!(names(&bench), ["src"]);
    }
}

#[test]
fn what_outlives_a_killed_stage_is_named_and_keeps_what_it_uses() {
    let bench = bench();
    let patch = "setsid sleep 1000 > ../../log 2>&1 & echo $! > ../../pid; wait";
    let stage = Begun::start(&mut patched(&bench, patch));
    let left = pid(&bench);
    // It has its own session, so that it is what it will be.
    let program = format!("/proc/{}/comm", left.as_raw_nonzero());
    until(|| fs::read_to_string(&program).is_ok_and(|name| name == "sleep\n"));
    stage.signal(Signal::KILL);
    stage.end();
    let ran = bench.run("stage d/src d/dst");
    let told = format!(": pid {} (", left.as_raw_nonzero());
    assert!(
        ran.code == 0 && ran.stderr.contains("of a dead `stage`"),
        "{ran:?}"
    );
    assert!(
        ran.stderr.contains(&told) && ran.stderr.contains("works in"),
        "{ran:?}"
    );
    assert_eq!(names(&bench).len(), 4, "{:?}", names(&bench));

    kill_process(left, Signal::KILL).unwrap();
    until(|| !is_alive(left));
    fs::remove_dir_all(bench.path("d/dst")).unwrap();
    bench.ok("stage d/src d/dst");
    assert_eq!(names(&bench), ["dst", "dst.psl-manifest", "src"]);
}
