//! The two engines beside each other: in one instance exactly one of them is in force.

use std::process::Command;

use psl_table::pinned::{Engine, Pinned, View};
use psl_tests::host::{self, Host};
use psl_tests::instance::Instance;
use psl_tests::{packages, shim};

const MEMBER: &str = "erp1";
const OTHER: &str = "erp2";

/// Two files at the places of both members, with other targets.
fn host() -> Host {
    let host = Host::new(&[MEMBER, OTHER]);
    for version in ["shared", "one", "two"] {
        host.write(version, &format!("{version}\n"));
    }
    host.write("own", "own\n");
    host.link(MEMBER, "shared", "one");
    host.link(MEMBER, "own", "one");
    host.link(OTHER, "shared", "two");
    host
}

/// Makes a command a shell's, with the library's and psl-admin's path as its first parameters.
fn script(mut command: Command, text: &str) -> Command {
    let parameters = [shim::library(), host::admin()];
    command.args(["-c", text, "sh"]).args(parameters);
    command
}

fn mounted(host: &Host, text: &str) -> Command {
    script(host.mounted(MEMBER, packages::file("/bin/dash")), text)
}

fn preloaded(host: &Host, text: &str) -> Command {
    script(host.preloaded(MEMBER, packages::file("/bin/dash")), text)
}

#[track_caller]
fn assert_says(command: Command, code: i32, lines: &[&str]) {
    let (status, said) = Instance::start(command).end();
    assert_eq!(
        (status.code(), said.len()),
        (Some(code), lines.len()),
        "{said:#?}"
    );
    for (said, expected) in said.iter().zip(lines) {
        assert!(said.contains(expected), "{expected:?} is not in {said:?}");
    }
}

#[test]
fn the_shim_is_inert_where_links_are_mounts() {
    let host = host();
    // A mount is no symlink: the shim would make it one.
    let text =
        "cat shared; LD_PRELOAD=$1 cat shared own; LD_PRELOAD=$1 readlink shared || echo no link
        LD_PRELOAD=$1 PSL_PIN=process readlink shared || echo no link
        env -u PSL_MEMBER LD_PRELOAD=$1 cat shared";
    let lines = ["one", "one", "one", "no link", "no link", "one"];
    assert_says(mounted(&host, text), 0, &lines);
}

#[test]
fn another_member_does_not_start_under_the_mounts_of_this_one() {
    let host = host();
    let text = "LD_PRELOAD=$1 PSL_MEMBER=erp2 cat shared";
    let said = "sees the mounts of member \"erp1\", and PSL_MEMBER names another one";
    assert_says(mounted(&host, text), 78, &[said]);
}

/// What an instance in another mount namespace passes on.
fn of_mounts() -> String {
    let pinned = Pinned {
        generation: 5,
        member: MEMBER.into(),
        engine: Engine::Mount(1),
        view: View::Open,
    };
    pinned.to_string()
}

#[test]
fn a_process_that_left_the_mounts_does_not_start() {
    let host = host();
    for member in [Some(MEMBER), None] {
        let mut command = host.preloaded(MEMBER, packages::file("/bin/dash"));
        command.args(["-c", "echo it ran"]);
        command.env("PSL_SNAPSHOT", of_mounts());
        if member.is_none() {
            command.env_remove("PSL_MEMBER");
        }
        let said = "has left the mount namespace 1, in which member \"erp1\" has its links";
        assert_says(command, 78, &[said]);
    }
    // As another member it is a new instance.
    let mut command = script(
        host.preloaded(OTHER, packages::file("/bin/dash")),
        "cat shared",
    );
    command.env("PSL_SNAPSHOT", of_mounts());
    assert_says(command, 0, &["two"]);
}

#[test]
fn an_instance_of_the_preload_engine_goes_on_with_mounts() {
    let host = host();
    let show = "cat shared own; readlink shared || echo no link; env -i /bin/cat shared; echo preload $LD_PRELOAD";
    let text = format!("cd .; exec $2 enter -- /bin/sh sh -c '{show}'");
    let lines = ["one", "one", "no link", "one", "preload"];
    assert_says(preloaded(&host, &text), 0, &lines);

    // It keeps its generation, with an empty environment, too.
    let host = self::host();
    let text = "$2 remove --member erp1 $PWD/shared > /dev/null; cat shared
        env -i PSL_CONFIG=$PSL_CONFIG $2 enter -- /bin/cat cat shared own";
    assert_says(preloaded(&host, text), 0, &["one", "one", "one"]);
}

#[test]
fn inside_the_preload_engine_a_new_instance_has_nothing_of_the_old_one() {
    let host = host();
    for (member, lines) in [(MEMBER, ["one", "one"]), (OTHER, ["two", "own"])] {
        let text = format!("$2 run --member {member} --engine mount -- cat shared own");
        assert_says(preloaded(&host, &text), 0, &lines);
    }
}
