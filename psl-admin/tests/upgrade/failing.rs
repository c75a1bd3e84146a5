//! Members that fail: the roll stops, and the rest is as the administrator wanted it.
use crate::bench::Bench;
use std::fs;
use std::time::{Duration, Instant};

/// Begins a roll over three members with trees of their own, of which only the second one's is broken.
fn private(bench: &Bench, flags: &[&str]) -> std::process::Command {
    let quick = ["--min-healthy", "0s", "--deadline", "2s"];
    let given = |flag: &&str| !flags.contains(flag);
    let quick: Vec<_> = quick
        .chunks(2)
        .filter(|pair| given(&pair[0]))
        .flatten()
        .copied()
        .collect();
    let start = [
        "upgrade",
        "start",
        "$T/binaries/version",
        "$T/binaries/private/{member}",
    ];
    let members = ["--members", "erp1,erp2,erp3"];
    bench.command(&[&start[..], &members, &quick, flags].concat())
}

fn trees(bench: &Bench) {
    for member in 1..=3 {
        bench.private(member, 2);
    }
}

#[test]
fn what_follows_a_failure_is_what_was_asked_for() {
    let two = Some("2".to_owned());
    let one = Some("1".to_owned());
    let rows = [
        (
            "undo-member",
            "halted",
            [two.clone(), one.clone(), one.clone()],
        ),
        (
            "undo-all",
            "undone",
            [one.clone(), one.clone(), one.clone()],
        ),
        ("stop", "halted", [two.clone(), None, one.clone()]),
    ];
    for (on_failure, phase, releases) in rows {
        let bench = Bench::new(3);
        trees(&bench);
        let page = bench.path("binaries/private/erp2/share/page");
        fs::remove_file(&page).unwrap();
        let ran = bench.ran(&mut private(&bench, &["--on-failure", on_failure]));
        assert_eq!(ran.code, Some(7), "{on_failure}: {ran:?}");
        assert!(
            ran.stderr.contains("erp2 is unhealthy: "),
            "{on_failure}: {ran:?}"
        );
        assert!(
            ran.stderr.contains("answered 500, expected 200 to 299"),
            "{ran:?}"
        );
        assert_eq!(bench.status()["phase"], phase, "{on_failure}");
        assert_eq!(bench.releases(), releases, "{on_failure}");
        if phase == "halted" {
            assert!(
                ran.stderr.contains("upgrade resume"),
                "{on_failure}: {ran:?}"
            );
            fs::write(&page, "2").unwrap();
            let ran = bench.run(&["upgrade", "resume"]);
            assert_eq!(ran.code, Some(0), "{on_failure}: {ran:?}");
            assert_eq!(bench.releases(), [two.clone(), two.clone(), two.clone()]);
        }
    }
}

#[test]
fn a_member_that_ends_while_its_health_is_awaited_has_died() {
    let bench = Bench::new(3);
    trees(&bench);
    let server = "binaries/private/erp2/bin/server";
    fs::remove_file(bench.path(server)).unwrap();
    bench.script(
        server,
        "echo I am about to die; exec timeout 1 $T/binaries/version2/bin/server \"$@\"",
    );
    let begun = Instant::now();
    let flags = ["--min-healthy", "3s", "--deadline", "60s"];
    let ran = bench.ran(&mut private(&bench, &flags));
    assert_eq!(ran.code, Some(7), "{ran:?}");
    assert!(ran.stderr.contains("erp2 died: "), "{ran:?}");
    assert!(ran.stderr.contains("erp2 | I am about to die"), "{ran:?}");
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(bench.releases()[1], Some("1".to_owned()));
}

#[test]
fn a_member_that_is_healthy_now_and_then_is_flapping() {
    let bench = Bench::new(1);
    let port = bench.port(1);
    bench.script(
        "hooks/health",
        "[ -e $T/hooks/flap ] || exit 0\n\
         if [ -e $T/hooks/up ]; then rm $T/hooks/up; echo not now; exit 1; else touch $T/hooks/up; fi",
    );
    let command = bench.by_command(1);
    let command = command.split("health").next().unwrap();
    bench.members(&format!(
        "{command}health = {{ exec = [\"$T/hooks/health\"] }}\n"
    ));
    bench.private(1, 2);
    let server = "binaries/private/erp1/bin/server";
    fs::remove_file(bench.path(server)).unwrap();
    bench.script(
        server,
        "touch $T/hooks/flap; trap 'rm $T/hooks/flap; exit 0' TERM; while :; do sleep 0.05; done",
    );
    assert!(port > 0);
    let start = [
        "upgrade",
        "start",
        "$T/binaries/version",
        "$T/binaries/private/{member}",
    ];
    let flags = [
        "--members",
        "erp1",
        "--min-healthy",
        "1s",
        "--deadline",
        "3s",
    ];
    let ran = bench.run(&[&start[..], &flags].concat());
    assert_eq!(ran.code, Some(7), "{ran:?}");
    assert!(
        ran.stderr.contains("erp1 is flapping: it was healthy for"),
        "{ran:?}"
    );
    assert!(
        bench.states()[0].starts_with("brought back, since it is flapping"),
        "{:?}",
        bench.states()
    );
    bench.assert_releases(&[1]);
}

#[test]
fn a_member_that_ignores_signals_is_killed_when_its_deadline_is_over() {
    let bench = Bench::new(1);
    let command = bench.by_command(1).replace("\"10s\"", "\"1s\"");
    bench.members(&format!("{command}\n"));
    // The shell forgets the signal, and so does what it starts.
    bench.private(1, 2);
    let server = "binaries/private/erp1/bin/server";
    fs::remove_file(bench.path(server)).unwrap();
    bench.script(
        server,
        "trap '' TERM\n$T/binaries/version2/bin/server \"$@\" &\nwhile :; do sleep 0.1; done",
    );
    let start = [
        "upgrade",
        "start",
        "$T/binaries/version",
        "$T/binaries/private/{member}",
    ];
    let flags = ["--members", "erp1", "--min-healthy", "0s"];
    bench.ok(&[&start[..], &flags].concat());
    let status = bench.status();
    let roll = status["roll"].as_str().unwrap();
    bench.ok(&["upgrade", "undo", roll]);
    bench.assert_releases(&[1]);
    assert_eq!(bench.servers().len(), 1);
}

#[test]
fn a_link_that_somebody_else_has_changed_is_left_alone() {
    let bench = Bench::new(2);
    let held = bench.ran(&mut bench.upgrade(2, &["--canary", "1"]));
    assert_eq!(held.code, Some(0), "{held:?}");
    let (from, other) = ("$T/binaries/version", "$T/binaries/version3");
    bench.ok(&["add", "--member", "erp2", from, other]);
    let servers = bench.servers();
    let ran = bench.run(&["upgrade", "resume"]);
    assert_eq!(ran.code, Some(7), "{ran:?}");
    let said = "erp2 could not be linked: somebody else has changed the link";
    assert!(ran.stderr.contains(said), "{ran:?}");
    assert_eq!(bench.servers(), servers);
    bench.assert_releases(&[2, 1]);
    assert!(bench.links().contains("version3"), "{}", bench.links());
}

#[test]
fn a_member_whose_link_was_changed_keeps_it_on_the_way_back() {
    let bench = Bench::new(2);
    let held = bench.ran(&mut bench.upgrade(2, &["--canary", "1"]));
    assert_eq!(held.code, Some(0), "{held:?}");
    let (from, other) = ("$T/binaries/version", "$T/binaries/version3");
    bench.ok(&["remove", "--member", "erp1", from]);
    bench.ok(&["add", "--member", "erp1", from, other]);
    let ran = bench.run(&["upgrade", "undo"]);
    assert_eq!(ran.code, Some(7), "{ran:?}");
    assert!(
        ran.stderr.contains("leads to \"$T/binaries/version3\""),
        "{ran:?}"
    );
    assert_eq!(bench.status()["phase"], "undone");
    assert!(bench.links().contains("version3"), "{}", bench.links());
    bench.assert_releases(&[2, 1]);
}

#[test]
fn commits_of_others_to_other_rows_do_not_matter() {
    let bench = Bench::new(2);
    assert_eq!(
        bench.ran(&mut bench.upgrade(2, &["--canary", "1"])).code,
        Some(0)
    );
    bench.ok(&[
        "add",
        "--force",
        "--member",
        "erp1",
        "$T/other",
        "$T/binaries/version3",
    ]);
    bench.ok(&["member", "set", "erp2", "version=7"]);
    bench.ok(&["upgrade", "resume"]);
    bench.assert_releases(&[2, 2]);
    assert!(bench.links().contains("$T/other"), "{}", bench.links());
}

#[test]
fn a_member_that_fell_ill_after_its_upgrade_stops_the_roll() {
    let bench = Bench::new(3);
    assert_eq!(
        bench.ran(&mut bench.upgrade(2, &["--canary", "1"])).code,
        Some(0)
    );
    fs::rename(
        bench.path("binaries/version2/share/page"),
        bench.path("page"),
    )
    .unwrap();
    let ran = bench.run(&["upgrade", "resume"]);
    assert_eq!(ran.code, Some(7), "{ran:?}");
    assert!(
        ran.stderr
            .contains("erp1 became unhealthy after its upgrade"),
        "{ran:?}"
    );
    bench.assert_releases(&[1, 1, 1]);
}

#[test]
fn a_store_that_is_away_for_a_while_is_waited_for() {
    let bench = Bench::new(2);
    let mut driving =
        bench.begin(&mut bench.upgrade(2, &["--min-healthy", "1s", "--deadline", "30s"]));
    bench.await_journal("\"event\":\"healthy\"");
    fs::rename(bench.path("store"), bench.path("away")).unwrap();
    std::thread::sleep(Duration::from_secs(3));
    assert!(driving.try_wait().unwrap().is_none());
    fs::rename(bench.path("away"), bench.path("store")).unwrap();
    assert_eq!(driving.wait().unwrap().code(), Some(0));
    bench.assert_releases(&[2, 2]);
}

#[test]
fn a_store_that_stays_away_ends_the_program_and_not_the_roll() {
    let bench = Bench::new(2);
    let mut driving =
        bench.begin(&mut bench.upgrade(2, &["--min-healthy", "1s", "--deadline", "2s"]));
    bench.await_journal("\"event\":\"healthy\"");
    fs::rename(bench.path("store"), bench.path("away")).unwrap();
    assert_eq!(driving.wait().unwrap().code(), Some(6));
    fs::rename(bench.path("away"), bench.path("store")).unwrap();
    bench.ok(&["upgrade", "resume"]);
    bench.assert_releases(&[2, 2]);
}

#[test]
fn a_copy_that_cannot_be_made_leaves_the_member_running() {
    let bench = Bench::new(2);
    fs::create_dir(bench.path("binaries/private")).unwrap();
    let start = [
        "upgrade",
        "start",
        "$T/binaries/version",
        "$T/binaries/private/{member}",
    ];
    let flags = [
        "--members",
        "erp1,erp2",
        "--min-healthy",
        "0s",
        "--canary",
        "1",
    ];
    let copy = ["--copy-from", "$T/binaries/version2"];
    bench.ok(&[&start[..], &flags, &copy].concat());
    let servers = bench.servers();
    assert_eq!(bench.release(1), Some("2".to_owned()));
    fs::rename(bench.path("binaries/version2"), bench.path("gone")).unwrap();
    let ran = bench.run(&["upgrade", "resume"]);
    assert_eq!(ran.code, Some(7), "{ran:?}");
    assert!(
        ran.stderr.contains("erp2 could not get its copy"),
        "{ran:?}"
    );
    assert_eq!(bench.servers(), servers);
    fs::rename(bench.path("gone"), bench.path("binaries/version2")).unwrap();
    bench.ok(&["upgrade", "resume"]);
    bench.assert_releases(&[2, 2]);
}
