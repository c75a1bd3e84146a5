//! A process whose table cannot be used does not start; one that runs keeps the table that it started with.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use psl_table::history::Author;
use psl_table::store::{CommitOptions, Store};
use psl_tests::fixture::Occupant;
use psl_tests::run::{Bench, Library};
use psl_tests::store;

fn bench() -> Bench {
    let bench = Bench::new(Path::new(env!("CARGO_BIN_EXE_probe")));
    bench.build(Occupant::Directory);
    bench
}

/// Runs a program that would say `main`, under the engine; ends what hangs.
fn run(command: &mut Command) -> Output {
    let child = command
        .arg("main")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a program can be started");
    let pid = rustix::process::Pid::from_child(&child);
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || send.send(child.wait_with_output()));
    let ended = receive.recv_timeout(Duration::from_secs(30));
    ended
        .unwrap_or_else(|_| {
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it is ours");
            panic!("it hangs");
        })
        .expect("it can be waited for")
}

fn echo(bench: &Bench) -> Command {
    bench.command(Path::new("/bin/echo"), Library::Engine)
}

/// What is done to a store, and what the message about it has to say; `{}` is the store.
type Row = (&'static str, fn(&Path), &'static [&'static str]);

fn table(store: &Path, text: impl AsRef<[u8]>) {
    fs::write(store.join("table.toml"), text).expect("the table can be written");
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}

fn in_tables_place(store: &Path, make: impl FnOnce(&Path)) {
    let table = store.join("table.toml");
    fs::remove_file(&table).expect("there is one");
    make(&table);
}

const ROWS: &[Row] = &[
    (
        "a store that is missing",
        |store| fs::remove_dir_all(store).expect("there is one"),
        &["\"{}\""],
    ),
    (
        "a table that is missing",
        |store| in_tables_place(store, |_| {}),
        &["\"{}\"", "table.toml"],
    ),
    (
        "a directory in its place",
        |store| in_tables_place(store, |table| fs::create_dir(table).expect("it is free")),
        &["{}/table.toml", "director"],
    ),
    (
        "a FIFO in its place",
        |store| {
            in_tables_place(store, |table| {
                let mode = rustix::fs::Mode::from_raw_mode(0o644);
                rustix::fs::mkfifoat(rustix::fs::CWD, table, mode).expect("it is free");
            });
        },
        &["{}/table.toml", "FIFO"],
    ),
    (
        "a symlink to a device in its place",
        |store| {
            in_tables_place(store, |table| {
                symlink("/dev/zero", table).expect("it is free")
            })
        },
        &["{}/table.toml", "symbolic link"],
    ),
    (
        "a table without end",
        |store| {
            let table = fs::File::options()
                .write(true)
                .open(store.join("table.toml"));
            table
                .and_then(|table| table.set_len(1 << 40))
                .expect("a hole takes no room");
        },
        &["{}/table.toml"],
    ),
    (
        "a table that others may write",
        |store| mode(&store.join("table.toml"), 0o646),
        &["{}/table.toml", "chmod"],
    ),
    (
        "a table that its group may write",
        |store| mode(&store.join("table.toml"), 0o664),
        &["{}/table.toml", "chmod"],
    ),
    (
        "a store that others may write",
        |store| mode(store, 0o757),
        &["\"{}\"", "chmod"],
    ),
    (
        "text that is not UTF-8",
        |store| table(store, b"format = 1\ngeneration = 2\n# caf\xe9\n"),
        &["{}/table.toml:3:6", "UTF-8"],
    ),
    (
        "text that is no TOML",
        |store| table(store, "format = 1\ngeneration = 2\n\n[[link]\n"),
        &["{}/table.toml:4:"],
    ),
    (
        "an unknown key",
        |store| {
            table(
                store,
                "format = 1\ngeneration = 2\n\n[[link]]\nform = \"/a\"\nto = \"/b\"\n",
            )
        },
        &["{}/table.toml:5:1", "`form`", "`from`"],
    ),
    (
        "a newer format",
        |store| table(store, "format = 7\ngeneration = 2\nnews = true\n"),
        &["{}/table.toml:1:10", "format 7", "1"],
    ),
    (
        "a link that is relative",
        |store| {
            table(
                store,
                "format = 1\ngeneration = 2\n[[link]]\nfrom = \"a\"\nto = \"/b\"\n",
            )
        },
        &["{}/table.toml:4:8", "absolute"],
    ),
];

fn assert_refused(what: &str, output: &Output, parts: &[&str], store: &Path) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{what}: {output:?}");
    assert!(output.stdout.is_empty(), "{what}: main was reached");
    assert_eq!(said.lines().count(), 1, "{what}: {said}");
    for part in parts {
        let part = part.replace("{}", &store.display().to_string());
        assert!(said.contains(&part), "{what}: {part:?} is not in {said}");
    }
}

#[test]
fn a_process_whose_table_cannot_be_used_does_not_start() {
    for (what, harm, parts) in ROWS {
        let bench = bench();
        harm(&bench.store());
        assert_refused(what, &run(&mut echo(&bench)), parts, &bench.store());
    }
}

#[test]
fn a_table_that_cannot_be_read_or_trusted_by_its_owner_is_refused() {
    const NOBODY: u32 = 65534;
    let bench = bench();
    let table = bench.store().join("table.toml");
    mode(&table, 0);
    let mut command = echo(&bench);
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = run(&mut command);
    assert_refused(
        "a table that may not be read",
        &output,
        &["{}/table.toml"],
        &bench.store(),
    );

    if rustix::process::geteuid().is_root() {
        mode(&table, 0o644);
        std::os::unix::fs::chown(&table, Some(NOBODY), None).expect("root may");
        let output = run(&mut echo(&bench));
        assert_refused(
            "somebody else's table",
            &output,
            &["{}/table.toml", "chown"],
            &bench.store(),
        );
    }
}

#[test]
fn a_configuration_that_is_named_has_to_be_there_and_right() {
    let bench = bench();
    let config = bench.store().with_file_name("psl.toml");
    let config_part: &[&str] = &[config.to_str().expect("it is UTF-8")];
    let output = run(echo(&bench).env("PSL_CONFIG", &config));
    assert_refused("no configuration", &output, config_part, &bench.store());

    fs::write(&config, "on_error = \"ignroe\"\n").expect("it can be written");
    let output = run(echo(&bench).env("PSL_CONFIG", &config));
    let at = format!("{}:1:12", config.display());
    assert_refused("a wrong word", &output, &[&at, "ignore"], &bench.store());

    // Who asks for it runs without links, and is told so.
    fs::write(&config, "on_error = \"ignore\"\n").expect("it can be written");
    table(&bench.store(), "format =");
    let output = run(echo(&bench).env("PSL_CONFIG", &config));
    assert_eq!(output.stdout, b"main\n", "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("table.toml:1:") && said.contains("ignore"),
        "{said}"
    );
}

#[test]
fn a_running_instance_keeps_its_generation_and_a_new_one_has_the_next() {
    let bench = bench();
    let probe = Path::new(env!("CARGO_BIN_EXE_probe"));
    let mut watcher = bench
        .command(probe, Library::Engine)
        .arg("watch")
        .arg(bench.root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a probe runs");
    let mut told = watcher.stdin.take().expect("it is piped");
    let mut seen = BufReader::new(watcher.stdout.take().expect("it is piped")).lines();
    let mut next = || seen.next().expect("a line").expect("it can be read");
    assert_eq!(next(), "two two");

    let path = bench.root().display().to_string();
    let old = store::table_for(&bench.root());
    let new = old.replace(
        &format!("to = \"{path}/shared/version2\""),
        &format!("to = \"{path}/shared/version1\""),
    );
    assert_ne!(old, new);
    let trust = psl_table::trust::Trust::Owner;
    let opened = Store::open(&bench.store(), trust).expect("the store is there");
    let commit = opened.replace(&Author::here(None), CommitOptions::default(), &new);
    commit.expect("the table is right");

    told.write_all(b"\n").expect("it listens");
    // Its own calls, and a program that it starts with an empty environment.
    assert_eq!(next(), "two two");
    told.write_all(b"\n").expect("it listens");
    assert!(watcher.wait().expect("it ends").success());

    let which = bench.root().join("shared/version/which");
    let mut cat = bench.command(Path::new("/bin/cat"), Library::Engine);
    let output = cat.arg(which).output().expect("cat runs");
    assert_eq!(output.stdout, b"1", "{output:?}");
}
