//! Files of versions that an instance's links do not lead to.

use psl_tests::host::{self, Host};
use psl_tests::instance::Instance;
use psl_tests::packages;

use crate::seen::{MEMBER, OTHER, assert_state, host, obey, shell};

/// Has a shell outside do something, and then become an instance.
fn started_by(host: &Host, member: &str, engine: &str, script: &str) -> Instance {
    let admin = host::admin().display();
    let script = format!("{script}; exec {admin} run --member {member} --engine {engine} -- bash");
    let mut command = host.command(packages::file("/bin/bash"));
    command.args(["-c", &script]);
    obey(Instance::start(command))
}

#[test]
fn a_file_of_another_version_that_is_held_is_told() {
    let host = host();
    let python = "import mmap, sys\n\
        file = open(sys.argv[1])\n\
        kept = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)\n\
        file.close()\n\
        print('mapped', flush=True); input()";
    let mut mapping = host.run(MEMBER, packages::file("/usr/bin/python3"));
    mapping
        .args(["-c", python])
        .arg(host.path("binaries/version3/file"));
    // Nobody has a link to it: it is no version of anything.
    let instance = shell(&host, MEMBER);
    assert_state(&host, &instance, "CURRENT", "");
    host.link(OTHER, "binaries/version", "binaries/version3");

    let mut mapped = Instance::start(mapping);
    mapped.wait_for("mapped");
    assert_state(
        &host,
        &mapped,
        "MIXED",
        "binaries/version3/file\", which is not the version",
    );
    assert_state(&host, &mapped, "MIXED", "maps \"");
    mapped.end();

    for (script, why) in [
        ("exec 5< binaries/version/file", "holds open \""),
        ("exec 5< binaries/version", "holds open \""),
        ("exec 5< binaries/version3/file", "holds open \""),
        ("cd binaries/version3", "works in \""),
    ] {
        let instance = started_by(&host, MEMBER, "preload", script);
        assert_state(&host, &instance, "MIXED", why);
    }
    let copy = |name: &str| host.copy(packages::file("/bin/bash"), name);
    copy("binaries/version3/bash");
    let mut executing = shell(&host, MEMBER);
    executing.tell("exec binaries/version3/bash");
    executing.tell("echo here");
    executing.wait_for("here");
    assert_state(&host, &executing, "MIXED", "executes \"");
    // By a process that it has started, which is named.
    let mut starting = shell(&host, MEMBER);
    starting.tell("binaries/version3/bash -c 'echo child; read end'");
    starting.wait_for("child");
    drop(executing);
    assert_state(&host, &starting, "MIXED", "version3/bash\"): executes \"");
}

#[test]
fn a_file_of_its_own_version_or_of_none_is_nothing_strange() {
    let host = host();
    host.link(OTHER, "binaries/version", "binaries/version3");
    host.write("binaries/other", "");
    for (member, script) in [
        (
            MEMBER,
            "exec 5< binaries/version2/file 6< binaries/other 7< binaries",
        ),
        (MEMBER, "cd binaries/version2"),
        (OTHER, "exec 5< binaries/version3/file; cd binaries"),
    ] {
        for engine in ["preload", "mount"] {
            let mut instance = started_by(&host, member, engine, script);
            instance.tell("exec 8< binaries/version/file; cd binaries/version; echo there");
            instance.wait_for("there");
            assert_state(&host, &instance, "CURRENT", "");
        }
    }
    host.unlink(OTHER, "binaries/version");
    let unlinked = started_by(&host, OTHER, "preload", "exec 5< binaries/version/file");
    assert_state(&host, &unlinked, "CURRENT", "");
}

#[test]
fn what_a_mount_covers_or_nobody_finds_any_more_is_found_by_what_it_is() {
    let host = host();
    let covered = started_by(&host, MEMBER, "mount", "exec 5< binaries/version/file");
    assert_state(&host, &covered, "MIXED", "holds open \"");
    drop(covered);
    let script = "exec 5< binaries/version/file; rm binaries/version/file";
    let removed = started_by(&host, MEMBER, "preload", script);
    assert_state(&host, &removed, "MIXED", "file (deleted)\"");
    drop(removed);
    // As an upgrade leaves it: the old tree beside its place, where a symlink leads to the new one.
    let unlinked = started_by(&host, OTHER, "preload", "exec 5< binaries/version");
    let moved = "mv binaries/version binaries/version.old-9 && ln -s version2 binaries/version";
    let mut shell = host.command(packages::file("/bin/bash"));
    assert!(
        shell
            .args(["-c", moved])
            .status()
            .expect("a shell runs")
            .success()
    );
    assert_state(&host, &unlinked, "MIXED", "version.old-9\"");
}
