//! Whole demos, in all kinds of surroundings.
use crate::bench::{Bench, summary};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// Which version each instance has at each moment.
const MOMENTS: [(&str, u64, [u64; 3]); 5] = [
    ("before: nobody has moved", 4, [1, 1, 1]),
    ("between: erp1 has moved", 5, [2, 1, 1]),
    ("between: erp2 has moved, too", 6, [2, 2, 1]),
    ("after: all have moved", 7, [2, 2, 2]),
    ("back: erp1 has returned", 8, [1, 2, 2]),
];

/// Checks everything that a summary tells.
#[track_caller]
fn assert_whole(summary: &Value) {
    let directory = summary["directory"].as_str().unwrap();
    let moments = summary["moments"].as_array().unwrap();
    assert_eq!(moments.len(), MOMENTS.len());
    for (moment, (name, generation, versions)) in moments.iter().zip(MOMENTS) {
        assert_eq!(
            (&moment["moment"], &moment["generation"]),
            (&json!(name), &json!(generation))
        );
        assert!(shows_directory(&moment["listing"]), "{moment:#}");
        let instances = moment["instances"].as_array().unwrap();
        assert_eq!(instances.len(), versions.len());
        for ((instance, version), member) in
            instances.iter().zip(versions).zip(["erp1", "erp2", "erp3"])
        {
            let tree = ["", "version", "version2"][version as usize];
            let program = format!("{directory}/binaries/{tree}/bin/server");
            let page = format!("page of version {version}");
            let told = [
                &instance["member"],
                &instance["release"],
                &instance["page"],
                &instance["program"],
            ];
            assert_eq!(told, [member, &version.to_string(), &page, &program]);
            let listing = &instance["listing"];
            assert_eq!(
                (shows_link(listing, directory), shows_directory(listing)),
                (version == 2, version == 1)
            );
        }
    }

    let count = |object: &Value, name: &str| object[name].as_u64().unwrap();
    let instances = summary["instances"].as_array().unwrap();
    for name in ["requests", "while_down", "failed"] {
        let sum: u64 = instances.iter().map(|instance| count(instance, name)).sum();
        assert_eq!(count(summary, name), sum, "{name}");
    }
    for instance in instances {
        let [first, second] = [0, 1].map(|version| instance["answers"][version].as_u64().unwrap());
        assert!(first >= 30 && second >= 30, "{instance:#}");
        let all = first + second + count(instance, "while_down") + count(instance, "failed");
        assert_eq!(count(instance, "requests"), all);
    }
    assert_eq!(
        (count(summary, "failed"), count(summary, "generation")),
        (0, 8)
    );
    let longest = instances
        .iter()
        .map(|instance| count(instance, "longest_gap_ms"))
        .max()
        .unwrap();
    assert!(longest > 0 && count(summary, "longest_gap_ms") == longest);
}

fn shows_link(listing: &Value, directory: &str) -> bool {
    let end = format!(" version -> {directory}/binaries/version2");
    let mut lines = listing.as_str().unwrap().lines();
    lines.any(|line| line.starts_with("lrwxrwxrwx ") && line.ends_with(&end))
}

fn shows_directory(listing: &Value) -> bool {
    let mut lines = listing.as_str().unwrap().lines();
    lines.any(|line| line.starts_with("drwxr-xr-x ") && line.ends_with(" version"))
}

#[test]
fn every_instance_moves_in_its_turn_and_nothing_is_left() {
    let bench = Bench::new();
    assert_whole(&summary(&mut bench.command(&["demo", "--json"])));
    bench.assert_clean();
}

#[test]
fn the_environment_of_the_caller_does_not_matter() {
    let bench = Bench::new();
    let mut command = bench.command(&["demo", "--json"]);
    command.env("LD_PRELOAD", bench.path("bin/libpsl_shim.so"));
    command
        .envs(["PSL_APP", "PSL_APP_VERSION", "PSL_PIN", "QUOTING_STYLE"].map(|name| (name, "c")));
    // What follows would keep the demo itself from running, if its shim cared.
    command.env("PSL_SNAPSHOT", "g7;nobody");
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

#[test]
fn the_story_shows_each_command_and_quiet_shows_the_end_alone() {
    let bench = Bench::new();
    let printed = |arguments: &[&str]| {
        let output = bench.command(arguments).output().unwrap();
        assert_eq!(
            (output.status.code(), output.stderr.as_slice()),
            (Some(0), &b""[..])
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let story = printed(&["demo"]);
    for (name, ..) in MOMENTS {
        assert!(story.contains(&format!("\n{name}\n")), "{story}");
    }
    for line in [
        "  $ psl-admin init $T/store\n    generation 1\n",
        "  $ psl-admin add --member erp3 $T/binaries/version $T/binaries/version2\n    generation 7\n",
        "  $ psl-admin remove --member erp1 $T/binaries/version\n    generation 8\n",
        "as seen by erp1 and a process without PSL:\n",
    ] {
        assert!(story.contains(line), "{line}: {story}");
    }
    assert!(!story.contains('\u{1b}'), "{story}");
    let last = story.lines().last().unwrap();

    let quiet = printed(&["-q", "demo"]);
    assert_eq!(quiet.lines().count(), 1);
    for line in [last, &quiet] {
        assert!(
            line.contains(" requests, 0 failed, ") && line.contains(" 8 generations; "),
            "{line}"
        );
    }
    bench.assert_clean();
}

#[test]
fn a_kept_directory_can_be_gone_on_with() {
    let bench = Bench::new();
    let summary = summary(&mut bench.command(&["demo", "--keep", "--json"]));
    assert_whole(&summary);
    let [directory] = &bench.left()[..] else {
        panic!("{:?}", bench.left())
    };
    assert_eq!(summary["directory"], json!(directory));
    assert!(bench.processes().is_empty());

    let mode = directory.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o700);
    let resolve = |member: &str| {
        let place = directory.join("binaries/version");
        let mut command: Command = bench.command(&["resolve", "--member", member]);
        command
            .arg(&place)
            .env("PSL_STORE", directory.join("store"))
            .env("PSL_CONFIG", directory.join("psl.toml"));
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let target = |tree: &str| format!("{}\n", directory.join("binaries").join(tree).display());
    // erp1 has gone back: no link and no attribute names it otherwise.
    assert_eq!(
        (resolve("erp1"), resolve("erp2")),
        (target("version"), target("version2"))
    );
}
