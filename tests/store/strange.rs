//! Something else in the table's place is refused at once, before it can be waited for or fill the memory.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use psl_tests::shim;
use rustix::fs::{CWD, FileType, Mode, makedev, mkfifoat, mknodat};

use crate::bench::{Bench, MEMBER, Try};

/// How much address space a program gets: `ulimit -v` in KiB. The debugging build takes a third of it.
const SPACE: &str = "--as=402653184";

/// How long a refusal may take, on a machine that has other things to do.
const AT_ONCE: Duration = Duration::from_secs(1);

/// What lies in the table's place, and what the refusal says of it.
type Row = (&'static str, fn(&Path), &'static str);

const ROWS: &[Row] = &[
    (
        "a gibibyte",
        |table| {
            let file = File::create(table).expect("it is free");
            file.set_len(1 << 30).expect("a hole takes no room");
        },
        "too large",
    ),
    (
        "a symlink to /dev/zero",
        |table| symlink("/dev/zero", table).expect("it is free"),
        "symbolic link",
    ),
    (
        "the device itself",
        |table| {
            let mode = Mode::from_raw_mode(0o644);
            let made = mknodat(CWD, table, FileType::CharacterDevice, mode, makedev(1, 5));
            made.expect("root may make a device");
        },
        "device",
    ),
    (
        "a FIFO",
        |table| mkfifoat(CWD, table, Mode::from_raw_mode(0o644)).expect("it is free"),
        "FIFO",
    ),
    (
        "a directory",
        |table| fs::create_dir(table).expect("it is free"),
        "directory",
    ),
];

#[test]
fn something_else_in_the_tables_place_is_refused_at_once() {
    let bench = Bench::new();
    for (what, make, says) in ROWS {
        let tried = bench.begin();
        let table = tried.store().join("table.toml");
        fs::remove_file(&table).expect("there is one");
        make(&table);
        let mut instance = tried.command("/bin/true");
        instance.env("LD_PRELOAD", shim::library());
        instance.env("PSL_MEMBER", MEMBER);
        let rows = [
            (tried.asked("list"), 3),
            (tried.asked("check"), 3),
            (tried.asked("member set erp3 app=erp"), 3),
            (tried.asked("edit"), 3),
            (tried.asked("run --member erp1 -- /bin/true"), 3),
            (instance, 78),
        ];
        for (command, code) in rows {
            assert_refused(&tried, what, &command, code, says);
        }
    }
}

#[track_caller]
fn assert_refused(tried: &Try<'_>, what: &str, command: &Command, code: i32, says: &str) {
    let mut bounded = tried.command("/usr/bin/prlimit");
    bounded.arg(SPACE).arg("/usr/bin/env");
    for (name, value) in command.get_envs() {
        let value = value.expect("none is removed");
        bounded.arg([name, value].join("=".as_ref()));
    }
    bounded.arg(command.get_program()).args(command.get_args());
    let start = Instant::now();
    let output = bounded.stdin(Stdio::null()).output().expect("it runs");
    let took = start.elapsed();
    let errors = String::from_utf8_lossy(&output.stderr);
    let told = format!("{what}: {command:?}: {}, {took:?}: {errors}", output.status);
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert!(
        errors.contains(says) && errors.contains("table.toml"),
        "{told}"
    );
    assert!(took < AT_ONCE, "{told}");
}
