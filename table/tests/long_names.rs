//! Names that fit as they are given and outgrow a system call when links in them are resolved.

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use psl_table::snapshot::{Row, Snapshot};
use psl_table::tree::Host;
use psl_table::walk::{End, Last, Scratch, walk};
use rustix::fs::{CWD, Mode, OFlags};

const PART: &str =
    "a-component-of-a-name-that-is-rather-long-but-not-longer-than-a-directory-allows";

/// Makes a directory so deep that its path takes `length` bytes, and returns the path.
fn deep(top: &std::path::Path, length: usize) -> PathBuf {
    let mut path = top.to_path_buf();
    let mut dir = fs::File::open(top).expect("the top is there");
    while path.as_os_str().len() < length {
        rustix::fs::mkdirat(&dir, PART, Mode::RWXU).expect("a directory can be made");
        let next = rustix::fs::openat(&dir, PART, OFlags::DIRECTORY, Mode::empty());
        dir = fs::File::from(next.expect("it is there"));
        path.push(PART);
    }
    rustix::fs::mkdirat(&dir, "end", Mode::RWXU).expect("a directory can be made");
    path
}

#[test]
fn a_link_to_a_long_path_makes_names_that_still_resolve() {
    let top = tempfile::tempdir().expect("a directory");
    let top = top.path().canonicalize().expect("it is there");
    let target = deep(&top, 3900);
    // Below the target there is as much again.
    let dir = fs::File::open(&target).expect("the target fits");
    let mut below = String::new();
    let mut at = dir;
    while below.len() < 3500 {
        rustix::fs::mkdirat(&at, PART, Mode::RWXU).expect("a directory can be made");
        let next = rustix::fs::openat(&at, PART, OFlags::DIRECTORY, Mode::empty());
        at = fs::File::from(next.expect("it is there"));
        below = format!("{below}/{PART}");
    }
    rustix::fs::openat(&at, "file", OFlags::CREATE | OFlags::WRONLY, Mode::RUSR).expect("a file");
    let expected = rustix::fs::fstat(&at).expect("it is open");

    let from = top.join("link");
    let row = Row {
        from: from.as_os_str().as_bytes(),
        to: target.as_os_str().as_bytes(),
        live: false,
    };
    let snapshot = Snapshot::new(1, 0, &[row], &[], &Host).expect("its place is found");
    let mut scratch = Scratch::new();
    let given = format!("{}{below}", from.display());
    for (name, found) in [
        (given.clone(), true),
        (format!("{given}/.."), true),
        (format!("{given}/{PART}/../missing"), false),
        (format!("{given}/file/x"), false),
    ] {
        let end = walk(
            &snapshot,
            &Host,
            CWD,
            name.as_bytes(),
            Last::Followed,
            &mut scratch,
        );
        let Ok(End::Name {
            name: resolved,
            through_link: true,
            ..
        }) = end
        else {
            panic!("{end:?}")
        };
        let opened = rustix::fs::open(resolved, OFlags::PATH, Mode::empty());
        assert_eq!(opened.is_ok(), found, "{resolved:?}");
        if name == given {
            let stat = rustix::fs::fstat(opened.expect("found")).expect("it is open");
            assert_eq!(
                (stat.st_dev, stat.st_ino),
                (expected.st_dev, expected.st_ino)
            );
        }
    }
    // What a walk holds is closed by the next one, or with its memory.
    let count = || fs::read_dir("/proc/self/fd").expect("procfs").count();
    let held = count();
    scratch.release();
    assert_eq!(count(), held - 1, "descriptor {}", at.as_raw_fd());
}
