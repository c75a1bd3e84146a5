//! A table's place that holds something else.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use psl_table::error::Class;
use psl_table::store::{Store, Trust};
use rustix::fs::{CWD, FileType, Mode};

use crate::child;
use crate::commits::{add, store};

/// Puts something into a file's place.
type Put = fn(&Path);

fn fifo(path: &Path) {
    let mode = Mode::from_raw_mode(0o644);
    rustix::fs::mknodat(CWD, path, FileType::Fifo, mode, 0).unwrap();
}

#[test]
fn a_table_that_is_no_file_is_refused_at_once() {
    let rows: [(Put, Class, &str); 9] = [
        (
            |path| fs::create_dir(path).unwrap(),
            Class::Invalid,
            "is a directory, expected a regular file",
        ),
        (fifo, Class::Invalid, "is a FIFO, expected a regular file"),
        (
            |path| drop(UnixListener::bind(path).unwrap()),
            Class::Invalid,
            "is a socket",
        ),
        (
            |path| symlink("/dev/zero", path).unwrap(),
            Class::Invalid,
            "is a symbolic link",
        ),
        (
            |path| symlink("nowhere", path).unwrap(),
            Class::Invalid,
            "is a symbolic link",
        ),
        (
            |path| File::create(path).unwrap().set_len(1 << 30).unwrap(),
            Class::Invalid,
            "is too large, expected at most 16 MiB",
        ),
        (
            |path| fs::write(path, b"format = 1\n# \xc3\xa4 \xff\n").unwrap(),
            Class::Invalid,
            "table.toml:2:5: not UTF-8",
        ),
        (
            |path| fs::write(path, b"\0\0\0\0").unwrap(),
            Class::Invalid,
            "table.toml:1:",
        ),
        (|_| (), Class::Storage, "has lost its table.toml"),
    ];
    for (put, class, expected) in rows {
        let (_dir, store) = store();
        fs::remove_file(store.table_file()).unwrap();
        put(&store.table_file());
        for store in [&store, &Store::open(store.dir(), Trust::Any).unwrap()] {
            let error = store.read().unwrap_err();
            assert!(
                error.to_string().contains(expected),
                "{error}, expected {expected}"
            );
            assert!(error.to_string().contains("table.toml"), "{error}");
            assert_eq!(error.class(), class, "{error}");
        }
    }
}

#[test]
fn any_byte_in_the_table_is_refused_or_read_but_never_a_panic() {
    let (_dir, store) = store();
    let text =
        store.read_raw().unwrap() + "[[link]]\nfrom = \"/a\"\nto = \"/b\"\nwhen.exe = \"*\"\n";
    for position in 0..text.len() {
        for byte in [0, b'"', b'\n', b'[', b'=', 0xff] {
            let mut bytes = text.clone().into_bytes();
            bytes[position] = byte;
            let Ok(broken) = String::from_utf8(bytes) else {
                continue;
            };
            if let Err(error) = psl_table::table::Table::parse(Path::new("t"), &broken) {
                let place = error.source_place().expect("every refusal has its place");
                assert!(place.line() <= broken.lines().count() + 1, "{error}");
            }
        }
    }
}

#[test]
fn a_table_that_may_not_be_read_is_a_failure_of_the_storage() {
    let test = "hostile::a_table_that_may_not_be_read_is_a_failure_of_the_storage";
    if let Some(dir) = child::argument() {
        // The directory belongs to root, or to this user: both are trusted.
        let store = Store::open(Path::new(&dir), Trust::Owner).unwrap();
        let error = store.read().unwrap_err();
        assert_eq!(error.class(), Class::Storage, "{error}");
        assert!(error.to_string().contains("Permission denied"), "{error}");
        return;
    }
    let (dir, store) = store();
    fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
    fs::set_permissions(store.table_file(), PermissionsExt::from_mode(0o000)).unwrap();
    let mut child = child::unprivileged(test, store.dir(), dir.path());
    let output = child.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn a_directory_that_is_no_store_says_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let rows = [
        ("none", "there is no such directory"),
        ("file", "it is no directory"),
        ("", "it has no directory history/"),
    ];
    for (name, why) in rows {
        for trust in [Trust::Owner, Trust::Any] {
            let path = dir.path().join(name);
            let error = Store::open(&path, trust).unwrap_err().to_string();
            let init = format!("make one with `psl-admin init {}`", path.display());
            assert_eq!(error, format!("{path:?} is no store: {why}; {init}"));
        }
    }
}

#[test]
fn a_lock_that_is_no_file_stops_a_commit_but_no_reader() {
    let rows: [(Put, &str); 3] = [
        (|path| fs::create_dir(path).unwrap(), "Is a directory"),
        (
            |path| symlink("/etc/passwd", path).unwrap(),
            "Too many levels",
        ),
        (fifo, "is a FIFO, expected a regular file"),
    ];
    for (put, expected) in rows {
        let (_dir, store) = store();
        fs::remove_file(store.dir().join("lock")).unwrap();
        put(&store.dir().join("lock"));
        let error = add(&store, "/a").unwrap_err().to_string();
        assert!(
            error.contains(expected) && error.contains("/lock\""),
            "{error}"
        );
        assert_eq!(store.read().unwrap().generation, 1);
    }
}
