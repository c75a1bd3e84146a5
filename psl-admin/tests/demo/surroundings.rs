//! Whole demos, in all kinds of surroundings.
use crate::bench::{Bench, summary};
use crate::whole::assert_whole;
use psl_table::pinned::{Engine, Pinned, View};
use std::os::unix::process::CommandExt;
use std::process::Stdio;

#[test]
fn the_environment_of_the_caller_does_not_matter() {
    let bench = Bench::new();
    let mut command = bench.command(&["demo", "--json"]);
    command.env("LD_PRELOAD", bench.path("bin/libpsl_shim.so"));
    command
        .envs(["PSL_APP", "PSL_APP_VERSION", "PSL_PIN", "QUOTING_STYLE"].map(|name| (name, "c")));
    // What follows would keep the demo itself from running, if its shim cared.
    let of_nobody = Pinned {
        generation: 7,
        member: "nobody".into(),
        engine: Engine::Preload,
        view: View::Open,
    };
    command.env("PSL_SNAPSHOT", of_nobody.to_string());
    assert_whole(&summary(&mut command));

    let mut command = bench.command(&["demo", "--json"]);
    command.envs([
        ("PSL_CONFIG", "/missing"),
        ("PSL_STORE", "relative"),
        ("PSL_MEMBER", "-"),
    ]);
    assert_whole(&summary(&mut command));
    bench.assert_clean();
}

#[test]
fn a_demo_runs_inside_an_instance() {
    let bench = Bench::new();
    let store = bench.path("store");
    let admin = |arguments: &[&str]| {
        let mut command = bench.command(arguments);
        command.env("PSL_STORE", &store).env_remove("PSL_CONFIG");
        command
    };
    for arguments in [
        &["init", store.to_str().unwrap()][..],
        &["member", "set", "m", "app=x"],
    ] {
        assert!(
            admin(arguments)
                .stdout(Stdio::null())
                .status()
                .unwrap()
                .success()
        );
    }
    let program = bench.path("bin/psl-admin");
    let inside = [
        "run",
        "--member",
        "m",
        "--",
        program.to_str().unwrap(),
        "demo",
        "--json",
    ];
    assert_whole(&summary(&mut admin(&inside)));
    bench.assert_clean();
}

#[test]
fn an_ordinary_user_with_a_generous_umask_runs_a_demo() {
    let bench = Bench::new();
    let program = bench.path("bin/psl-admin");
    let script = "umask 002; exec \"$0\" demo --json";
    let mut command = bench.command_of("/bin/sh", &["-c", script, program.to_str().unwrap()]);
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    assert_whole(&summary(&mut command));
    bench.assert_clean();
}

#[test]
fn two_demos_do_not_meet() {
    let bench = Bench::new();
    let demos = std::iter::repeat_with(|| {
        let mut command = bench.command(&["demo", "--json"]);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    });
    let demos: Vec<_> = demos.take(2).collect();
    for demo in demos {
        let output = demo.wait_with_output().unwrap();
        assert_eq!(
            (
                output.status.code(),
                String::from_utf8_lossy(&output.stderr)
            ),
            (Some(0), "".into())
        );
        assert_whole(&serde_json::from_slice(&output.stdout).unwrap());
    }
    bench.assert_clean();
}
