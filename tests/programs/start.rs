//! Instances that do not start, or start no further program, for what only this host or this instance is about.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use psl_tests::host::Host;
use psl_tests::instance::Instance;
use psl_tests::packages;

const MEMBER: &str = "erp1";

fn shell(host: &Host) -> Command {
    let mut command = host.preloaded(MEMBER, packages::file("/bin/dash"));
    command.args(["-c", "echo it ran"]);
    command
}

/// Checks that a program is refused, and what is said: one line with this in it.
#[track_caller]
fn assert_refused(command: Command, message: &str) {
    let (status, said) = Instance::start(command).end();
    assert_eq!(status.code(), Some(78), "{message}: {said:#?}");
    let [line] = &said[..] else {
        panic!("{message}: {said:#?}")
    };
    assert!(line.starts_with("psl["), "{line}");
    assert!(line.contains(message), "{message}: {line}");
    assert!(
        line.ends_with("; this process was not started (exit status 78)"),
        "{line}"
    );
}

#[track_caller]
fn assert_runs(command: Command, warning: Option<&str>) {
    let (status, mut said) = Instance::start(command).end();
    assert!(status.success(), "{status}: {said:#?}");
    assert_eq!(said.pop().as_deref(), Some("it ran"));
    match warning {
        Some(warning) => assert!(said.len() == 1 && said[0].contains(warning), "{said:#?}"),
        None => assert!(said.is_empty(), "{said:#?}"),
    }
}

/// A link, as a table has it.
fn link(from: &str, to: &str) -> String {
    format!("[[link]]\nfrom = {from:?}\nto = {to:?}\n")
}

#[test]
fn links_that_lead_in_a_circle_on_this_host_refuse() {
    let host = Host::new(&[MEMBER]);
    for file in ["deep/one/two/file", "away/two/file"] {
        host.write(file, "");
    }
    // Where the first link is decides where the second one is, which decides where the first one is.
    for (name, text) in [("first", "deep/one/two/../.."), ("second", "deep/one")] {
        symlink(host.path(text), host.path(name)).expect("it is not there");
    }
    let links = [("first/one", "away"), ("second/two", "deep")];
    let links = links.map(|(from, to)| {
        let (from, to) = (host.path(from), host.path(to));
        link(&from.display().to_string(), &to.display().to_string())
    });
    let table = format!("format = 1\ngeneration = 1\n{}", links.concat());
    host.write("store/table.toml", &table);
    assert_refused(shell(&host), "the links lead in a circle on this host");
}

#[test]
fn the_rest_of_an_instance_needs_no_store() {
    let host = Host::new(&[MEMBER]);
    let mut instance = Instance::start(host.run(MEMBER, packages::file("/bin/dash")));
    instance.tell("echo it runs");
    instance.wait_for("it runs");
    fs::remove_dir_all(host.path("store")).expect("it is there");
    instance.tell("/bin/true; echo $?");
    assert_eq!(instance.next_line(), "0");
}

#[test]
fn without_a_store_nothing_is_refused() {
    let host = Host::new(&[MEMBER]);
    host.write("psl.toml", "");
    assert_runs(shell(&host), Some("neither PSL_STORE nor a configuration"));
    let mut command = shell(&host);
    command.env_remove("PSL_MEMBER");
    assert_runs(command, None);
}
