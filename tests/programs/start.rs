//! Programs that the preload library does not let run: what it cannot read is said before main, with exit status 78.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use psl_tests::host::Host;
use psl_tests::instance::Instance;
use psl_tests::packages;
use rustix::fs::{CWD, FileType, Mode};

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
fn an_invalid_table_refuses_with_file_line_and_column() {
    let host = Host::new(&[MEMBER]);
    let head = "format = 1\ngeneration = 1\n";
    let long = format!("/{}", "x".repeat(4095));
    let rows = [
        (
            "format = 2\ngeneration = 1\n".into(),
            "1:10: format 2, this program reads up to 1",
        ),
        (
            "format = 1\ngeneration = 1\nlinks = []\n".into(),
            "3:1: unknown key `links`",
        ),
        (
            format!("{head}[[link]]\nform = '/a'\nto = '/b'\n"),
            "4:1: unknown key `form`",
        ),
        (format!("{head}[[link\n"), "3:"),
        (
            format!("{head}{}", link("a", "/b")),
            "4:8: `from` \"a\" is relative",
        ),
        (
            format!("{head}{}", link("/a", "b")),
            "5:6: `to` \"b\" is relative",
        ),
        (
            format!("{head}{}", link("/", "/b")),
            "4:8: `from` \"/\" is the root",
        ),
        (
            format!("{head}{}", link(&long, "/b")),
            "has 4096 bytes, expected at most 4095",
        ),
        (format!("{head}{}", link("/a", "/a/b")), "lies below"),
        (
            format!("{head}{}{}", link("/a", "/b"), link("/b", "/a")),
            "cycle",
        ),
        (
            format!("{head}{}{}", link("/a", "/b"), link("/a", "/c")),
            "6:1: a second link from \"/a\"",
        ),
    ];
    for (text, message) in rows {
        host.write("store/table.toml", &text);
        let table = host.path("store/table.toml");
        let place = format!("{}:", table.display());
        let message = match message.starts_with(|it: char| it.is_ascii_digit()) {
            true => format!("{place}{message}"),
            false => message.into(),
        };
        assert_refused(shell(&host), &message);
    }
}

#[test]
fn what_is_no_readable_table_refuses_at_once() {
    let rows: [(&dyn Fn(&Host), &str); 6] = [
        (&|_| {}, "has lost its table.toml"),
        (
            &|host| fs::create_dir(table(host)).expect("it is gone"),
            "is a directory, expected a regular file",
        ),
        (
            &|host| {
                let mode = Mode::from_raw_mode(0o644);
                let made = rustix::fs::mknodat(CWD, table(host), FileType::Fifo, mode, 0);
                made.expect("it is gone");
            },
            "is a FIFO, expected a regular file",
        ),
        (
            &|host| fs::write(table(host), b"format = 1\n\"\xff\"").expect("it is gone"),
            "table.toml:2:2: not UTF-8",
        ),
        (
            &|host| {
                host.write("store/table.toml", "format = 1\ngeneration = 1\n");
                let mode = Permissions::from_mode(0o666);
                fs::set_permissions(table(host), mode).expect("it is ours");
            },
            "is writable by group and others",
        ),
        (
            &|host| symlink("table.toml", table(host)).expect("it is gone"),
            "table.toml",
        ),
    ];
    for (make, message) in rows {
        let host = Host::new(&[MEMBER]);
        fs::remove_file(table(&host)).expect("it is there");
        make(&host);
        assert_refused(shell(&host), message);
    }
}

fn table(host: &Host) -> PathBuf {
    host.path("store/table.toml")
}

#[test]
fn a_table_that_may_not_be_read_refuses() {
    let host = Host::new(&[MEMBER]);
    fs::set_permissions(table(&host), Permissions::from_mode(0)).expect("it is ours");
    let mut command = shell(&host);
    // Root may read anything, and somebody else may not read where the library was built.
    if fs::read(table(&host)).is_ok() {
        host.copy(psl_tests::shim::library(), "libpsl_shim.so");
        command.env("LD_PRELOAD", host.path("libpsl_shim.so"));
        command.uid(65534).gid(65534);
    }
    assert_refused(command, "Permission denied");
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
fn a_wrong_host_configuration_refuses() {
    let host = Host::new(&[MEMBER]);
    host.write("psl.toml", "stroe = '/x'\n");
    let place = host.path("psl.toml").display().to_string();
    assert_refused(shell(&host), &format!("{place}:1:1: unknown key `stroe`"));
}

#[test]
fn a_generation_that_is_gone_refuses_the_rest_of_its_instance() {
    let host = Host::new(&[MEMBER]);
    let mut instance = Instance::start(host.run(MEMBER, packages::file("/bin/dash")));
    instance.tell("echo it runs");
    instance.wait_for("it runs");
    fs::remove_file(host.path("store/history/2.toml")).expect("it is there");
    instance.tell("/bin/true; echo $?");
    let line = instance.wait_for("psl[");
    assert!(line.contains("the store keeps no generation 2"), "{line}");
    assert_eq!(instance.next_line(), "78");
}

#[test]
fn a_host_that_ignores_errors_runs_without_links_and_warns() {
    let host = Host::new(&[MEMBER]);
    let config = fs::read_to_string(host.path("psl.toml")).expect("it is there");
    host.write("psl.toml", &format!("{config}on_error = 'ignore'\n"));
    host.write("store/table.toml", "format = 2\n");
    assert_runs(shell(&host), Some("no links hold"));
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
