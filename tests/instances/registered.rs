//! `running/` in the store: what `run` writes there, and what is made of what others have written.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use psl_tests::host::{self, Host};
use psl_tests::instance::Instance;
use psl_tests::packages;
use rustix::process::Signal;
use serde_json::json;

use crate::seen::{MEMBER, Seen, assert_state, host, obey, shell};

fn entries(host: &Host) -> Vec<PathBuf> {
    let listed = fs::read_dir(host.path("store/running")).expect("an instance was started");
    let mut files: Vec<_> = listed
        .map(|entry| entry.expect("it is listed").path())
        .collect();
    files.sort();
    files
}

/// Writes an entry that says something else in some places, under the name that it then has.
fn forge(entry: &Path, changes: &[(&str, &str)]) -> PathBuf {
    let mut text = fs::read_to_string(entry).expect("it is there");
    let mut name = entry
        .file_name()
        .expect("it has one")
        .to_str()
        .expect("it is text")
        .to_owned();
    for (old, new) in changes {
        assert!(text.contains(old), "{old} is not in {text}");
        text = text.replace(old, new);
        // A host's dots would separate the parts of a name.
        name = name.replace(
            old,
            &new.replace(|it: char| !it.is_alphanumeric() && it != '-', "_"),
        );
    }
    let file = entry.with_file_name(name);
    fs::write(&file, text).expect("the store is ours");
    file
}

fn value(entry: &Path, key: &str) -> String {
    let text = fs::read_to_string(entry).expect("it is there");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{key} = ")));
    line.expect("every entry has it")
        .trim_matches('"')
        .to_owned()
}

#[test]
fn an_entry_says_who_runs_where_and_goes_when_its_process_has() {
    let host = host();
    let one = shell(&host, MEMBER);
    let mounted = obey(Instance::start(
        host.mounted(MEMBER, packages::file("/bin/bash")),
    ));
    let files = entries(&host);
    assert_eq!(files.len(), 2, "{files:?}");
    let entry = files
        .iter()
        .find(|file| value(file, "pid") == one.id().to_string());
    let entry = entry.expect("its process is named").clone();
    for (key, said) in [
        ("member", MEMBER),
        ("generation", "4"),
        ("engine", "preload"),
        ("program", "/bin/bash"),
        ("format", "1"),
    ] {
        assert_eq!(value(&entry, key), said, "{key}");
    }
    assert_eq!(
        fs::metadata(&entry)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777,
        0o644
    );

    // Nobody removes it but the next instance.
    one.signal(Signal::KILL);
    one.end();
    assert_eq!(Seen::of(&host, &[]).rows.len(), 1);
    assert_eq!(entries(&host), files);
    let another = shell(&host, MEMBER);
    assert!(!entry.exists());
    assert_eq!(entries(&host).len(), 2);
    assert_eq!(Seen::of(&host, &[]).rows.len(), 2);
    drop((mounted, another));
    // A launch that fails leaves nothing.
    let mut refused = host.mounted(MEMBER, "/nowhere/program");
    assert!(!refused.output().expect("it runs").status.success());
    let failed = host.mounted(MEMBER, packages::file("/bin/bash"));
    drop(obey(Instance::start(failed)));
    assert_eq!(entries(&host).len(), 1);
}

#[test]
fn entries_of_other_hosts_are_shown_and_kept_and_dead_ones_of_this_host_are_not() {
    let host = host();
    let mut one = shell(&host, MEMBER);
    let [entry] = &entries(&host)[..] else {
        panic!("one instance")
    };
    let name = value(entry, "host");
    let boot = value(entry, "boot");
    let another = "00000000-0000-4000-8000-000000000000";
    let remote = forge(entry, &[(&name, "node.b"), (&boot, another)]);
    // Another host may be called like this one.
    let (start, machine) = (value(entry, "start"), value(entry, "machine"));
    let changes = [
        (&*boot, another),
        (&machine, "0123456789abcdef"),
        (&start, "42"),
    ];
    let same = forge(entry, &changes);
    // A container of this or another host, which has been started again.
    let contained = forge(
        entry,
        &[(&boot, another), (&value(entry, "namespace"), "77")],
    );
    // A process of this host before it was booted; one whose number was given again; one that has ended.
    let pid = value(entry, "pid");
    let mut dead = vec![
        forge(entry, &[(&start, "1")]),
        forge(entry, &[(&pid, "2147483647")]),
    ];
    let before = forge(entry, &[(&boot, another)]);
    let mut expected = vec![remote, same, contained];
    // In a container that may have been another one.
    match host::is_contained() {
        true => expected.push(before),
        false => dead.push(before),
    }
    let seen = Seen::of(&host, &[]);
    assert_eq!(seen.rows.len(), 1 + expected.len(), "{seen:#?}");
    assert_eq!(seen.row(&one)["state"], "CURRENT", "{seen:#?}");
    let remotes = seen.rows.iter().filter(|row| row["state"] == "REMOTE");
    let mut files: Vec<_> = remotes
        .map(|row| PathBuf::from(row["registration"].as_str().expect("it has one")))
        .collect();
    files.sort();
    expected.sort();
    assert_eq!(files, expected);
    let row = seen
        .rows
        .iter()
        .find(|row| row["host"] == "node.b")
        .expect("it is shown");
    assert_eq!(
        (&row["member"], &row["engine"]),
        (&json!(MEMBER), &json!("preload")),
        "{row:#}"
    );
    assert!(
        row["why"]
            .as_str()
            .is_some_and(|why| why.contains("not known here")),
        "{row:#}"
    );

    one.tell(&format!(
        "{} run --member {MEMBER} -- true",
        host::admin().display()
    ));
    one.tell("echo done");
    one.wait_for("done");
    assert!(expected.iter().all(|file| file.exists()));
    assert!(dead.iter().all(|file| !file.exists()));
}

#[test]
fn what_is_no_entry_is_named_and_skipped() {
    let host = host();
    let one = shell(&host, MEMBER);
    let [entry] = &entries(&host)[..] else {
        panic!("one instance")
    };
    let running = |name: &str| format!("store/running/{name}");
    host.write(&running("empty.toml"), "");
    host.write(
        &running("other.toml"),
        &fs::read_to_string(entry).expect("it is there"),
    );
    host.write(&running("newer.toml"), "format = 2\n");
    host.write(&running("long.toml"), &"#".repeat(1 << 17));
    host.write(&running("erp1.log"), "none of ours");
    symlink("/etc/passwd", host.path(&running("symlink.toml"))).expect("it is not there");
    let mut fifo = Command::new("mkfifo");
    assert!(
        fifo.arg(host.path(&running("fifo.toml")))
            .status()
            .expect("it runs")
            .success()
    );
    fs::write(host.path("store/running").join("bytes.toml"), b"\xff\xfe").expect("it is ours");
    let seen = Seen::of(&host, &[]);
    assert_eq!((seen.rows.len(), seen.code), (1, Some(0)), "{seen:#?}");
    for (name, why) in [
        ("empty.toml", "missing field `format`"),
        ("other.toml", "its name does not say"),
        ("newer.toml", "its format is 2, expected 1"),
        ("long.toml", "longer than"),
        ("symlink.toml", "is a symlink"),
        ("fifo.toml", "is no file"),
        ("bytes.toml", "UTF-8"),
    ] {
        let line = seen.said.lines().find(|line| line.contains(name));
        assert!(
            line.is_some_and(|line| line.contains(why)),
            "{name}: {}",
            seen.said
        );
    }
    assert!(!seen.said.contains("erp1.log"), "{}", seen.said);
    drop(one);
    drop(shell(&host, MEMBER));
    assert!(host.path(&running("fifo.toml")).exists());
}

/// Has nobody do something.
fn nobody(mut command: Command) -> Command {
    command.uid(65534).gid(65534).current_dir("/");
    command
}

#[test]
fn an_ordinary_user_is_shown_what_it_may_see_and_told_what_not() {
    let host = host();
    let path = host.path("psl-admin");
    let mut copy = Command::new("cp");
    copy.args([host::admin(), &path]);
    assert!(copy.status().expect("cp runs").success());
    let roots = shell(&host, MEMBER);
    // It cannot be registered, which is no reason not to start.
    let mut own = nobody(host.command(&path));
    own.args(["run", "--member", MEMBER, "--", "bash"]);
    let own = obey(Instance::start(own));
    assert_eq!(entries(&host).len(), 1);
    let mut ask = nobody(host.command(&path));
    ask.args(["ps", "--json"]);
    let seen = Seen::by(ask);
    assert_eq!(seen.row(&own)["state"], "CURRENT", "{seen:#?}");
    let row = seen.row(&roots);
    assert_eq!(
        (&row["state"], &row["generation"]),
        (&json!("CURRENT"), &json!(4)),
        "{row:#}"
    );
    assert!(
        row["why"]
            .as_str()
            .is_some_and(|why| why.contains("belongs to another user")),
        "{row:#}"
    );
    assert!(
        seen.said
            .contains("processes of other users, which root may look into"),
        "{seen:#?}"
    );
    // Root sees both by themselves.
    assert_state(&host, &own, "CURRENT", "");

    let mut told = nobody(host.command(&path));
    told.args(["run", "--member", MEMBER, "--", "true"])
        .env("PSL_LOG", "info");
    let output = told.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("it cannot be registered in the store"),
        "{said}"
    );
}

#[test]
fn names_that_steer_a_terminal_are_escaped() {
    let host = host();
    let name = "odd\u{1b}[31m\nname";
    host.copy(packages::file("/bin/bash"), name);
    let one = obey(Instance::start(host.run(MEMBER, host.path(name))));
    let printed = host.admin(["-q", "ps"].map(OsString::from));
    assert!(printed.contains(r"odd\u{1b}[31m\nname"), "{printed:?}");
    assert_eq!(printed.lines().count(), 2, "{printed}");
    drop(one);
}
