//! The state of an instance: its links beside those of a new launch.

use std::fs;
use std::os::unix::fs::symlink;

use psl_tests::host;
use psl_tests::instance::Instance;
use psl_tests::packages;
use rustix::process::Signal;
use serde_json::json;

use crate::seen::{MEMBER, OTHER, Seen, assert_state, host, obey, shell};

#[test]
fn a_commit_makes_stale_whose_links_it_changes_and_nobody_else() {
    let host = host();
    let (one, two) = (shell(&host, MEMBER), shell(&host, OTHER));
    let mounted = Instance::start(host.mounted(MEMBER, packages::file("/bin/bash")));
    let mounted = obey(mounted);
    let all = [&one, &two, &mounted];
    let states = |expected: [&str; 3]| {
        let seen = Seen::of(&host, &[]);
        let states = all.map(|instance| seen.row(instance)["state"].clone());
        assert_eq!(states, expected, "{seen:#?}");
        let is_stale = expected.contains(&"STALE");
        assert_eq!(seen.code, Some(i32::from(is_stale)), "{seen:#?}");
    };
    states(["CURRENT"; 3]);
    host.admin(["member", "set", MEMBER, "groups=canary"]);
    states(["CURRENT"; 3]);
    host.link(OTHER, "binaries/version", "binaries/version3");
    states(["CURRENT", "STALE", "CURRENT"]);
    host.unlink(MEMBER, "binaries/version");
    states(["STALE"; 3]);
    assert_state(&host, &one, "STALE", " has no link at ");
    assert_state(&host, &two, "STALE", " links ");
    // The same links are no other ones, whatever lies between.
    host.link(MEMBER, "binaries/version", "binaries/version2");
    host.unlink(OTHER, "binaries/version");
    states(["CURRENT"; 3]);
    // Nor is a real symlink with the link's text, as the end of an upgrade leaves it.
    host.unlink(MEMBER, "binaries/version");
    states(["STALE", "CURRENT", "STALE"]);
    let place = host.path("binaries/version");
    fs::rename(&place, host.path("binaries/version.old")).expect("ours");
    symlink(host.path("binaries/version2"), &place).expect("the name is free");
    states(["CURRENT"; 3]);
}

#[test]
fn what_a_live_link_leads_to_is_followed_by_the_preload_engine_alone() {
    let host = host();
    let (page, [one, two]) = (
        host.path("page"),
        ["one", "two"].map(|name| host.path(name)),
    );
    for name in ["page", "one", "two"] {
        host.write(name, name);
    }
    let link = |to: &std::path::Path| {
        let command = ["add", "--live", "--member", OTHER].map(std::ffi::OsStr::new);
        host.admin(
            command
                .into_iter()
                .chain([page.as_os_str(), to.as_os_str()]),
        );
    };
    link(&one);
    let preloaded = shell(&host, OTHER);
    // It warns that mounts do not follow.
    let mounted = Instance::start(host.mounted(OTHER, packages::file("/bin/bash")));
    let mounted = obey(mounted);
    host.unlink(OTHER, "page");
    link(&two);
    let seen = Seen::of(&host, &[]);
    assert_eq!(seen.row(&preloaded)["state"], "CURRENT", "{seen:#?}");
    assert_eq!(seen.row(&mounted)["state"], "STALE", "{seen:#?}");
}

#[test]
fn an_instance_has_a_row_and_each_of_its_processes_one_of_all() {
    let host = host();
    let first = shell(&host, MEMBER);
    let mut second = shell(&host, MEMBER);
    second.tell("sleep 60 & bash -c 'sleep 60 & echo nested; wait' &");
    second.wait_for("nested");
    // Inside an instance, `run` begins another one.
    second.tell(&format!(
        "{} run --member {MEMBER} -- bash -c 'echo inner; sleep 60; true' &",
        host::admin().display()
    ));
    second.wait_for("inner");
    let seen = Seen::of(&host, &["--member", MEMBER]);
    assert_eq!(seen.rows.len(), 3, "{seen:#?}");
    assert_eq!(seen.row(&first)["processes"], 1, "{seen:#?}");
    assert_eq!(seen.row(&second)["processes"], 4, "{seen:#?}");
    let row = seen.row(&first);
    for (key, value) in [
        ("member", json!(MEMBER)),
        ("generation", json!(4)),
        ("engine", json!("preload")),
        ("state", json!("CURRENT")),
        ("why", json!(null)),
    ] {
        assert_eq!(row[key], value, "{row:#}");
    }
    assert!(
        row["program"]
            .as_str()
            .is_some_and(|it| it.ends_with("/bash")),
        "{row:#}"
    );
    assert!(
        row["host"].is_string() && row["started"].is_string(),
        "{row:#}"
    );
    let all = Seen::of(&host, &["--all"]).rows.len();
    // The inner one may not have begun to sleep.
    assert!(all == 6 || all == 7, "{all} processes");
    assert_eq!(Seen::of(&host, &["--member", OTHER]).rows.len(), 0);

    let pid = first.id();
    first.signal(Signal::KILL);
    first.end();
    let seen = Seen::of(&host, &[]);
    let is_there = |row: &serde_json::Value| row["pid"] == pid.as_raw_nonzero().get();
    assert!(!seen.rows.iter().any(is_there), "{seen:#?}");
}

#[test]
fn a_static_program_is_seen_by_its_mounts_and_without_an_engine_by_its_variables() {
    let host = host();
    host.write(
        "wait.c",
        "#include <unistd.h>\nint main() { write(1, \"up\\n\", 3); return read(0, \"\", 1); }\n",
    );
    let mut compiler = host.command(packages::file("/usr/bin/gcc"));
    compiler.args(["-static", "-o", "wait", "wait.c"]);
    assert!(compiler.status().expect("gcc runs").success());
    let up = |command| {
        let mut instance = Instance::start(command);
        instance.wait_for("up");
        instance
    };
    let mounted = up(host.mounted(MEMBER, host.path("wait")));
    let mut forgetful = host.mounted(MEMBER, "/usr/bin/env");
    forgetful.arg("-i").arg(host.path("wait"));
    let forgetful = up(forgetful);
    let uncovered = up(host.preloaded(MEMBER, host.path("wait")));
    let seen = Seen::of(&host, &[]);
    for instance in [&mounted, &forgetful] {
        let row = seen.row(instance);
        assert_eq!(
            (&row["engine"], &row["state"]),
            (&json!("mount"), &json!("CURRENT")),
            "{row:#}"
        );
        assert_eq!(
            (&row["member"], &row["generation"]),
            (&json!(MEMBER), &json!(4)),
            "{row:#}"
        );
        let pid = instance.id().to_string();
        let path = host.path("binaries/version/file");
        let answer = host.admin(
            ["explain", "--json", "--pid", &pid]
                .map(Into::into)
                .into_iter()
                .chain([path.into_os_string()]),
        );
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("it is JSON");
        assert_eq!(
            (&answer["engine"], &answer["generation"]),
            (&json!("mount"), &json!(4)),
            "{answer:#}"
        );
    }
    let row = seen.row(&uncovered);
    assert_eq!(
        (&row["engine"], &row["generation"]),
        (&json!(null), &json!(null)),
        "{row:#}"
    );
    assert_eq!(seen.code, Some(0), "{seen:#?}");
    assert_state(
        &host,
        &uncovered,
        "UNCOVERED",
        "neither the shim nor mounts are there",
    );
    for instance in [mounted, forgetful, uncovered] {
        instance.end();
    }
}
