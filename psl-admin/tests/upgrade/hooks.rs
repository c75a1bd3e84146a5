//! Members that commands of their own, or systemd, start and stop.
use crate::bench::{Bench, name};
use std::fmt::Write as _;

/// Describes members that scripts start and stop; `psl-admin run` is what their start comes to.
pub fn by_hooks(bench: &Bench, members: usize) {
    bench.script(
        "hooks/start",
        "cd /; exec 3>&-; setsid $T/bin/psl-admin run --member $1 -- $T/binaries/version/bin/server --port $2 &\n\
         echo $! > $T/hooks/$1.pid",
    );
    bench.script(
        "hooks/stop",
        "kill $(cat $T/hooks/$1.pid) 2>/dev/null || true",
    );
    let mut listed = String::new();
    for member in 1..=members {
        let (name, port) = (name(member), bench.port(member));
        writeln!(
            listed,
            "[member.{name}]\nstart = \"$T/hooks/start {name} {port}\"\nstop = [\"$T/hooks/stop\", \"{name}\"]\n\
             stop_deadline = \"5s\"\nhealth = {{ tcp = \"127.0.0.1:{port}\" }}"
        )
        .unwrap();
    }
    bench.members(&listed);
    for member in 1..=members {
        let (name, port) = (name(member), bench.port(member).to_string());
        let mut start = std::process::Command::new(bench.path("hooks/start"));
        let variables = ["PSL_CONFIG", "PSL_STORE"].map(|name| {
            (
                name,
                bench.path(match name {
                    "PSL_CONFIG" => "psl.toml",
                    _ => "store",
                }),
            )
        });
        assert!(
            start
                .args([&name, &port])
                .envs(variables)
                .status()
                .unwrap()
                .success()
        );
        crate::bench::await_that("the member answers", || bench.release(member).is_some());
    }
}

#[test]
fn members_with_start_and_stop_commands_are_upgraded_and_go_back() {
    let bench = Bench::stopped(3);
    by_hooks(&bench, 3);
    let ran = bench.ran(&mut bench.upgrade(2, &[]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    bench.assert_releases(&[2, 2, 2]);
    let status = bench.status();
    bench.ok(&["upgrade", "undo", status["roll"].as_str().unwrap()]);
    bench.assert_releases(&[1, 1, 1]);
}

#[test]
fn a_command_that_fails_hangs_or_does_nothing_ends_in_a_named_state() {
    let chatty = "yes 0123456789 | head -c 3000000; echo the last word";
    let rows = [
        (
            "stop",
            format!("{chatty}; exit 3"),
            "could not be stopped",
            "the last word",
        ),
        (
            "stop",
            "sleep 600 & sleep 600".to_owned(),
            "could not be stopped in time",
            "",
        ),
        ("stop", "true".to_owned(), "did not stop", ""),
        (
            "start",
            format!("{chatty}; exit 3"),
            "could not be started",
            "the last word",
        ),
        (
            "start",
            "sleep 600 & sleep 600".to_owned(),
            "could not be started in time",
            "",
        ),
        ("start", "true".to_owned(), "is unhealthy", ""),
    ];
    for (hook, body, state, said) in rows {
        let bench = Bench::stopped(2);
        by_hooks(&bench, 2);
        // Only the second member has the hook that fails, and only as long as it is there.
        let good = std::fs::read_to_string(bench.path(&format!("hooks/{hook}"))).unwrap();
        bench.write(&format!("hooks/bad-{hook}"), &body);
        let guard = format!(
            "[ $1 = erp2 ] && [ -e $T/hooks/bad-{hook} ] && . $T/hooks/bad-{hook} && exit 0"
        );
        let body = good.trim_start_matches("#!/bin/sh\n");
        bench.script(&format!("hooks/{hook}"), &format!("{guard}\n{body}"));
        let flags = ["--on-failure", "stop", "--deadline", "2s"];
        let begun = std::time::Instant::now();
        let ran = bench.ran(&mut bench.upgrade(2, &flags));
        assert_eq!(ran.code, Some(7), "{hook} {state}: {ran:?}");
        assert!(begun.elapsed().as_secs() < 15, "{hook} {state}");
        assert!(
            ran.stderr.contains(&format!("erp2 {state}")),
            "{hook} {state}: {ran:?}"
        );
        assert!(
            ran.stderr.contains(said) && ran.stderr.len() < 10_000,
            "{hook} {state}: {ran:?}"
        );
        assert_eq!(bench.release(1), Some("2".to_owned()), "{hook} {state}");
        assert_eq!(bench.status()["phase"], "halted");
        assert!(bench.states()[1].starts_with(state), "{:?}", bench.states());
        // What was wrong is mended, and the roll goes on.
        std::fs::remove_file(bench.path(&format!("hooks/bad-{hook}"))).unwrap();
        let ran = bench.run(&["upgrade", "resume"]);
        assert_eq!(ran.code, Some(0), "{hook} {state}: {ran:?}");
        bench.assert_releases(&[2, 2]);
    }
}

#[test]
fn systemd_units_are_asked_by_systemctl() {
    let bench = Bench::stopped(2);
    by_hooks(&bench, 2);
    let mut listed = String::new();
    for member in 1..=2 {
        let (name, port) = (name(member), bench.port(member));
        let health = format!("health = {{ http = \"http://127.0.0.1:{port}/\" }}");
        writeln!(
            listed,
            "[member.{name}]\nunit = \"{name}@{port}\"\n{health}"
        )
        .unwrap();
    }
    bench.members(&listed);
    // As systemctl does it, with the scripts in the place of a service manager.
    bench.script(
        "systemd/systemctl",
        "for unit; do :; done\nname=${unit%@*} port=${unit#*@}\ncase $1 in\n\
         start) setsid $T/hooks/start $name $port;;\n\
         stop) $T/hooks/stop $name; while kill -0 $(cat $T/hooks/$name.pid) 2>&-; do sleep 0.02; done\n\
         rm -f $T/hooks/$name.pid;;\n\
         show) [ -e $T/hooks/$name.pid ] && echo active || echo inactive;;\nesac",
    );
    let path = format!(
        "{}:{}",
        bench.path("systemd").display(),
        std::env::var("PATH").unwrap()
    );
    let ran = bench.ran(bench.upgrade(2, &[]).env("PATH", &path));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    bench.assert_releases(&[2, 2]);
}
