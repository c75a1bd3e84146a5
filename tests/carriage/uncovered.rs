//! Programs that the preload engine cannot carry: never run silently.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

use super::installation::{Installation, Occupant};

/// A user without rights.
const NOBODY: u32 = 65534;

/// A program, and what the message about it says.
const ROWS: &[(&str, &str)] = &[
    ("static", "statically linked"),
    ("static-pie", "statically linked"),
    ("go", "Go program"),
    ("other-loader", "glibc's loader"),
    ("linked-loader", "loader that lies behind a link"),
    ("small", "machine or word size"),
    ("foreign", "machine or word size"),
];

fn installation() -> Installation {
    let it = Installation::new();
    let loader = it.spell("{}/shared/version/lib/ld-linux-x86-64.so.2");
    for (name, flags) in [
        ("static", &["-static"][..]),
        ("static-pie", &["-static-pie"]),
        ("go", &["-DGO"]),
        (
            "other-loader",
            &["-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1"],
        ),
        (
            "linked-loader",
            &[&format!("-Wl,--dynamic-linker={loader}")],
        ),
        ("small", &[]),
        ("foreign", &[]),
        ("plain", &[]),
    ] {
        it.compile("ran.c", &format!("bin/{name}"), flags);
    }
    for version in ["version1", "version2"] {
        let bin = it.root().join("shared").join(version).join("bin");
        // The class, and the machine: elf(5).
        edit(&bin.join("small"), |file| file[4] = 1);
        edit(&bin.join("foreign"), |file| file[18] = 0xf3);
    }
    it.script("bin/static-script", "#!{}/shared/version/bin/static\n");
    it.occupy(Occupant::Version1);
    it
}

fn edit(path: &Path, change: impl FnOnce(&mut [u8])) {
    let mut data = fs::read(path).expect("it was just made");
    change(&mut data);
    fs::write(path, data).expect("it is ours");
}

/// Has a shell of the instance run a program, with this policy.
fn run(it: &Installation, policy: &str, words: &str, user: Option<u32>) -> Output {
    let config = it.configure(&format!("on_uncovered = \"{policy}\"\ntrust = \"any\""));
    // The shell is to go on after it.
    let words = format!("/bin/sh -c '{words}; echo status $?'");
    let mut command: Command = it.inside("", &[], &words);
    command.env("PSL_CONFIG", config);
    if let Some(user) = user {
        // The directory that was built in may be closed to others.
        command
            .env("LD_PRELOAD", it.engines().join("libpsl_shim.so"))
            .uid(user)
            .gid(user);
    }
    command.output().expect("a shell runs")
}

#[track_caller]
fn assert_refused(output: &Output, reason: &str) {
    let (said, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert_eq!(said, "status 126\n", "{errors}");
    assert!(errors.contains(reason), "{errors} lacks {reason}");
}

#[test]
fn what_cannot_be_carried_is_refused_by_name_and_with_the_reason() {
    let it = installation();
    for (name, reason) in ROWS {
        let program = it.spell(&format!("{{}}/shared/version/bin/{name}"));
        let output = run(&it, "refuse", &program, None);
        assert_refused(&output, reason);
        assert_refused(&output, name);
    }
    let output = run(&it, "refuse", "{}/shared/version/bin/static-script", None);
    assert_refused(&output, "shared/version2/bin/static\"");
}

#[test]
fn what_cannot_be_carried_runs_with_a_warning_where_the_host_wants_that() {
    let it = installation();
    for name in ["static", "static-pie", "go"] {
        let program = it.spell(&format!("{{}}/shared/version/bin/{name}"));
        let output = run(&it, "warn", &program, None);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.stdout, b"ran 2\nstatus 0\n", "{errors}");
        assert!(errors.contains(name) && errors.contains("warn"), "{errors}");
    }
}

#[test]
fn what_can_be_carried_runs_without_a_word() {
    let it = installation();
    for policy in ["refuse", "warn", "mount"] {
        let output = run(&it, policy, "{}/shared/version/bin/plain", None);
        assert_eq!(output.stdout, b"ran 2\nstatus 0\n", "{output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
    }
}

#[test]
fn programs_that_gain_rights_are_refused_to_whom_they_give_them() {
    let it = installation();
    let plain = it.root().join("shared/version2/bin/plain");
    for mode in [0o4755, 0o2755] {
        fs::set_permissions(&plain, Permissions::from_mode(mode)).expect("it is ours");
        let program = "{}/shared/version/bin/plain";
        assert_refused(&run(&it, "refuse", program, Some(NOBODY)), "gains rights");
        // To root they give nothing.
        let output = run(&it, "refuse", program, None);
        assert_eq!(output.stdout, b"ran 2\nstatus 0\n", "{output:?}");
    }
}

#[test]
fn programs_that_cannot_be_read_are_refused() {
    let it = installation();
    let plain = it.root().join("shared/version2/bin/plain");
    fs::set_permissions(&plain, Permissions::from_mode(0o711)).expect("it is ours");
    let output = run(&it, "refuse", "{}/shared/version/bin/plain", Some(NOBODY));
    assert_refused(&output, "not read");
}

#[test]
fn the_mount_engine_carries_what_the_preload_engine_cannot() {
    let it = installation();
    psl_tests::host::admin();
    let unreadable = it.root().join("shared/version2/bin/unreadable");
    fs::copy(it.root().join("shared/version2/bin/plain"), &unreadable).expect("it is ours");
    fs::set_permissions(&unreadable, Permissions::from_mode(0o711)).expect("it is ours");
    fs::copy(&unreadable, it.root().join("shared/version/bin/unreadable")).expect("it is ours");
    let rows = [
        ("static", None),
        ("static-pie", None),
        ("go", None),
        ("static-script", None),
        ("static", Some(NOBODY)),
        ("static-script", Some(NOBODY)),
        ("unreadable", Some(NOBODY)),
    ];
    for (name, user) in rows {
        let program = format!("{{}}/shared/version/bin/{name}");
        let output = run(&it, "mount", &program, user);
        assert_eq!(
            output.stdout, b"ran 2\nstatus 0\n",
            "{name} {user:?}: {output:?}"
        );
        assert!(output.stderr.is_empty(), "{name}: {output:?}");
    }
}

#[test]
fn rights_that_a_user_namespace_would_take_away_are_refused() {
    let it = installation();
    let plain = it.root().join("shared/version2/bin/plain");
    fs::set_permissions(&plain, Permissions::from_mode(0o4755)).expect("it is ours");
    let program = "{}/shared/version/bin/plain";
    assert_refused(&run(&it, "mount", program, Some(NOBODY)), "gains rights");
}

#[test]
fn a_place_that_cannot_be_a_mount_keeps_the_program_from_running() {
    let it = installation();
    psl_tests::host::admin();
    it.occupy(Occupant::Nothing);
    let output = run(&it, "mount", "{}/shared/version/bin/static", None);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.stdout, b"status 78\n", "{errors}");
    assert!(errors.contains("shared/version\""), "{errors}");
    assert!(errors.contains("bin/static"), "{errors}");
}

#[test]
fn a_spawn_of_what_cannot_be_carried_fails_with_eperm() {
    let it = installation();
    it.compile_once("spawn.c", &it.root().join("spawn"), &[]);
    for call in ["posix_spawn", "posix_spawnp", "execv", "vfork", "fexecve"] {
        let words = format!("{{}}/spawn {call} {{}}/shared/version/bin/static");
        let output = run(&it, "refuse", &words, None);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.stdout, b"errno 1\nstatus 0\n", "{call}: {errors}");
        assert!(errors.contains("statically linked"), "{call}: {errors}");
    }
}
