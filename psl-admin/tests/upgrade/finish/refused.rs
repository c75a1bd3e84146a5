//! What is not finished, and why.
use crate::bench::Bench;
use crate::finish::{Watcher, kept, led_to, without_exchange};
use crate::gc::elsewhere;
use std::process::{Child, Command};

/// A bench with two members that have version 2.
fn complete() -> Bench {
    let bench = Bench::new(2);
    assert_eq!(bench.ran(&mut bench.upgrade(2, &[])).code, Some(0));
    bench
}

/// Asserts that a roll is not finished, and that nothing has changed.
#[track_caller]
fn assert_refused(bench: &Bench, arguments: &[&str], code: i32, expected: &str) {
    let (links, status) = (bench.links(), bench.status()["phase"].clone());
    for dry in [&["--dry-run"][..], &[]] {
        let ran = bench.run(&[&["upgrade", "finish"], arguments, dry].concat());
        assert_eq!(ran.code, Some(code), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(expected), "{arguments:?}: {ran:?}");
    }
    assert_eq!(
        (bench.links(), bench.status()["phase"].clone()),
        (links, status)
    );
    assert_eq!(kept(bench), None);
}

/// A process that works in a directory.
struct Idler(Child);

impl Idler {
    fn within(bench: &Bench, directory: &str) -> Self {
        let mut sleep = Command::new("sleep");
        let child = sleep.arg("1000").current_dir(bench.path(directory)).spawn();
        Self(child.unwrap())
    }
}

impl Drop for Idler {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn a_roll_that_is_not_complete_is_not_finished() {
    let bench = Bench::new(2);
    assert_refused_without_a_roll(&bench);
    assert_eq!(
        bench.ran(&mut bench.upgrade(2, &["--canary", "1"])).code,
        Some(0)
    );
    let roll = bench.status()["roll"].as_str().unwrap().to_owned();
    assert_refused(&bench, &[&roll], 5, "1 of 2 members have the new version");
    bench.ok(&["upgrade", "undo"]);
    assert_refused(&bench, &[&roll], 5, "was undone");
}

fn assert_refused_without_a_roll(bench: &Bench) {
    let ran = bench.run(&["upgrade", "finish"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
}

#[test]
fn a_member_that_is_not_healthy_keeps_the_roll_from_being_finished() {
    let bench = complete();
    bench.stop(2);
    assert_refused(&bench, &[], 5, "erp2: does not run");
    bench.start(2);
    bench.ok(&["upgrade", "finish"]);
}

#[test]
fn whoever_runs_the_old_version_without_a_link_is_named() {
    let bench = complete();
    let idler = Idler::within(&bench, "binaries/version/bin");
    assert_refused(&bench, &[], 5, &format!("pid {} ", idler.0.id()));
    assert_refused(&bench, &["--replace"], 5, &format!("pid {} ", idler.0.id()));
    let ran = bench.run(&["upgrade", "finish", "--force"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stderr.contains(&format!("pid {} ", idler.0.id())),
        "{ran:?}"
    );
}

#[test]
fn an_instance_of_another_host_that_may_run_the_old_version_is_named() {
    let bench = complete();
    let program = "$T/binaries/version/bin/server";
    // Members of the roll were stopped and started by it, and others run something else.
    elsewhere(&bench, "erp1", 3, program);
    elsewhere(&bench, "erp8", 2, "/bin/true");
    let file = elsewhere(&bench, "erp7", 1, program);
    assert_refused(&bench, &[], 5, "of host \"nodeb\", an instance of \"erp7\"");
    std::fs::remove_file(file).unwrap();
    bench.ok(&["upgrade", "finish"]);
}

#[test]
fn rows_that_would_lead_a_member_elsewhere_are_named() {
    let bench = complete();
    let (from, other) = ("$T/binaries/version", "$T/binaries/version3");
    bench.ok(&["add", "--when", "app=erp", from, other]);
    assert_refused(&bench, &[], 5, "because of app=erp");
    bench.ok(&["remove", "--when", "app=erp", from]);
    bench.ok(&[
        "add",
        "--member",
        "other",
        "--private",
        "/other",
        "$T/binaries/version2",
    ]);
    assert_refused(&bench, &[], 5, "is hidden from it");
    bench.ok(&["remove", "--member", "other", "/other"]);
    bench.ok(&["remove", "--member", "erp1", from]);
    bench.ok(&["add", "--member", "erp1", from, other]);
    let roll = bench.status()["roll"].as_str().unwrap().to_owned();
    assert_refused(&bench, &[&roll], 5, "has changed the links");
    assert_refused(&bench, &[], 1, "no roll that has not been finished");
}

#[test]
fn what_cannot_be_renamed_is_refused() {
    let bench = complete();
    let generation: u64 = 2 + 2 + 1;
    bench.write(&format!("binaries/version.old-{generation}/x"), "");
    let ran = bench.run(&["upgrade", "finish"]);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(ran.stderr.contains("is there, expected nothing"), "{ran:?}");
    std::fs::remove_dir_all(bench.path(&format!("binaries/version.old-{generation}"))).unwrap();
    let script = "mount --bind $T/binaries/version $T/binaries/version && exec \"$0\" \"$@\"";
    let finish = bench.command(&["upgrade", "finish"]);
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "sh", "-c", &bench.filled(script)]);
    unshare.arg(finish.get_program()).args(finish.get_args());
    unshare.env("PSL_CONFIG", bench.path("psl.toml"));
    unshare.env("PSL_STORE", bench.path("store"));
    let ran = bench.ran(&mut unshare);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(ran.stderr.contains("is a mount point"), "{ran:?}");
    assert_refused(
        &bench,
        &["--copy-from", "$T/binaries", "--replace"],
        5,
        "one inside the other",
    );
}

#[test]
fn another_roll_at_the_same_place_comes_first() {
    let bench = Bench::new(3);
    let over = |members: &str, flags: &[&str]| {
        let (from, to) = ("$T/binaries/version", "$T/binaries/version2");
        let start = [
            "upgrade",
            "start",
            from,
            to,
            "--members",
            members,
            "--min-healthy",
            "0s",
        ];
        bench.ok(&[&start[..], flags].concat());
    };
    over("erp1", &[]);
    let first = bench.status()["roll"].as_str().unwrap().to_owned();
    over("erp2,erp3", &["--canary", "1"]);
    assert_refused(&bench, &[&first], 4, "is on at");
}

#[test]
fn a_mount_at_the_place_is_not_moved_away_with_the_old_version() {
    let bench = complete();
    let mounted = Watcher::of_member(&bench, 1, "mount", 2);
    assert_refused(
        &bench,
        &["--replace"],
        5,
        &format!("process {} ", mounted.pid()),
    );
    // Where two names cannot be exchanged, nothing would be there for a moment.
    let mut finish = without_exchange(&bench.command(&["upgrade", "finish"]));
    let ran = bench.ran(&mut finish);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(
        ran.stderr.contains(&format!("process {} ", mounted.pid())),
        "{ran:?}"
    );
    assert_eq!(bench.status()["phase"], "complete");
    assert_eq!(led_to(&bench.path("binaries/version")), None);
    assert!(!bench.path("binaries/.version.psl-finish").exists());
    assert_eq!(mounted.gaps(), 0);
    bench.ok(&["upgrade", "finish"]);
}

#[test]
fn a_finished_roll_is_neither_undone_nor_resumed() {
    let bench = complete();
    bench.ok(&["upgrade", "finish"]);
    let roll = bench.status()["roll"].as_str().unwrap().to_owned();
    let ran = bench.run(&["upgrade", "undo", &roll]);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(ran.stderr.contains("is a roll back to it"), "{ran:?}");
    assert_eq!(bench.run(&["upgrade", "resume", &roll]).code, Some(1));
    let ran = bench.run(&["upgrade", "finish"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
}
