//! Every kind of file, before and after.
use super::alike::seen;
use super::begun::names;
use crate::bench::Bench;
use rustix::fs::{CWD, FileType, Mode, Timespec, Timestamps, makedev, mknodat, utimensat};
use std::ffi::OsStr;
use std::fs::{self, File, hard_link};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, chown, lchown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

/// Makes something in an empty directory; only root can make the rows that say so.
type Row = (&'static str, bool, fn(&Path));

const ROWS: &[Row] = &[
    ("an empty tree", false, |_| {}),
    ("an empty file", false, |dir| {
        drop(File::create(dir.join("f")).unwrap())
    }),
    ("bytes that end in no block", false, |dir| {
        fs::write(dir.join("f"), vec![7; 3 * 4096 + 1]).unwrap();
    }),
    (
        "a file of a gigabyte with data in the midst",
        false,
        |dir| {
            let file = File::create(dir.join("f")).unwrap();
            file.set_len(1 << 30).unwrap();
            file.write_all_at(b"midst", 500 << 20).unwrap();
        },
    ),
    ("data, a hole, data at the end", false, |dir| {
        let file = File::create(dir.join("f")).unwrap();
        file.write_all_at(b"begin", 0).unwrap();
        file.write_all_at(&[9; 70_000], 8 << 20).unwrap();
    }),
    ("only a hole", false, |dir| {
        File::create(dir.join("f"))
            .unwrap()
            .set_len(123_457)
            .unwrap();
    }),
    ("directories in directories", false, |dir| {
        fs::create_dir_all(dir.join("a/b/c")).unwrap();
        fs::create_dir_all(dir.join("a/d")).unwrap();
        fs::write(dir.join("a/b/c/f"), "x").unwrap();
    }),
    (
        "symlinks: relative, absolute, dangling, into the tree",
        false,
        |dir| {
            symlink("f", dir.join("relative")).unwrap();
            symlink("/etc/passwd", dir.join("absolute")).unwrap();
            symlink("nowhere", dir.join("dangling")).unwrap();
            symlink(dir.join("f"), dir.join("inward")).unwrap();
            symlink("x".repeat(3000), dir.join("long")).unwrap();
        },
    ),
    (
        "hard links, also of a symlink and from deep below",
        false,
        |dir| {
            fs::create_dir_all(dir.join("a/b")).unwrap();
            fs::write(dir.join("a/b/f"), "x").unwrap();
            hard_link(dir.join("a/b/f"), dir.join("g")).unwrap();
            hard_link(dir.join("a/b/f"), dir.join("a/h")).unwrap();
            symlink("g", dir.join("l")).unwrap();
            hard_link(dir.join("l"), dir.join("m")).unwrap();
        },
    ),
    ("a FIFO and a socket", false, |dir| {
        fifo(&dir.join("fifo"));
        drop(UnixListener::bind(dir.join("socket")).unwrap());
    }),
    ("modes of all sorts", false, |dir| {
        for mode in [0o000, 0o400, 0o777, 0o1644, 0o2755, 0o4755, 0o6711] {
            let path = dir.join(format!("{mode:o}"));
            fs::write(&path, "x").unwrap();
            chmod(&path, mode);
            let path = dir.join(format!("d{mode:o}"));
            fs::create_dir(&path).unwrap();
            fs::write(path.join("f"), "x").unwrap();
            chmod(&path, mode);
        }
    }),
    (
        "names of newlines, of no UTF-8, of 255 bytes",
        false,
        |dir| {
            let long = vec![b'x'; 255];
            for name in [
                &b"a\nb"[..],
                b"\xff\xfe",
                b" ",
                b"\\",
                b"%41",
                b"-rf",
                &long,
            ] {
                fs::write(dir.join(OsStr::from_bytes(name)), name).unwrap();
            }
        },
    ),
    (
        "times to the nanosecond, before the epoch, on a symlink",
        false,
        |dir| {
            fs::write(dir.join("f"), "x").unwrap();
            fs::create_dir(dir.join("d")).unwrap();
            symlink("f", dir.join("l")).unwrap();
            fifo(&dir.join("p"));
            for (name, seconds) in [("f", 1), ("d", -5), ("l", 1 << 31), ("p", 77), ("", 4)] {
                touch(&dir.join(name), seconds);
            }
        },
    ),
    ("attributes and an ACL", false, |dir| {
        fs::write(dir.join("f"), "x").unwrap();
        fs::create_dir(dir.join("d")).unwrap();
        for name in ["f", "d"] {
            xattr::set(dir.join(name), "user.empty", b"").unwrap();
            xattr::set(dir.join(name), "user.large", &[1; 2000]).unwrap();
            xattr::set(dir.join(name), "system.posix_acl_access", &acl()).unwrap();
        }
        xattr::set(dir.join("d"), "system.posix_acl_default", &acl()).unwrap();
        fs::write(dir.join("d/inherits"), "x").unwrap();
    }),
    ("owners, also of a symlink", true, |dir| {
        fs::write(dir.join("f"), "x").unwrap();
        symlink("f", dir.join("l")).unwrap();
        fifo(&dir.join("p"));
        fs::write(dir.join("setuid"), "x").unwrap();
        for name in ["f", "p", "setuid"] {
            chown(dir.join(name), Some(1234), Some(4321)).unwrap();
        }
        chmod(&dir.join("setuid"), 0o6755);
        lchown(dir.join("l"), Some(1), Some(2)).unwrap();
        chown(dir, Some(3), Some(4)).unwrap();
    }),
    ("devices", true, |dir| {
        let mode = Mode::from_raw_mode(0o640);
        for (name, kind, device) in [
            ("null", FileType::CharacterDevice, makedev(1, 3)),
            ("ram", FileType::BlockDevice, makedev(1, 200)),
        ] {
            mknodat(CWD, dir.join(name), kind, mode, device).unwrap();
        }
    }),
    ("attributes that only root sees", true, |dir| {
        fs::write(dir.join("f"), "x").unwrap();
        symlink("f", dir.join("l")).unwrap();
        xattr::set(dir.join("f"), "trusted.f", b"f").unwrap();
        xattr::set(dir.join("l"), "trusted.l", b"l").unwrap();
        // cap_net_bind_service, permitted and effective, as setcap writes it.
        let capability = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        xattr::set(dir.join("f"), "security.capability", &capability).unwrap();
    }),
];

#[test]
fn every_kind_of_file_is_copied_as_it_is() {
    let is_root = rustix::process::geteuid().is_root();
    for (row, for_root, make) in ROWS {
        if *for_root && !is_root {
            continue;
        }
        let bench = Bench::without_store();
        bench.mkdir("d/src");
        make(&bench.path("d/src"));
        if !is_root && *row == "modes of all sorts" {
            chmod(&bench.path("d/src/0"), 0o400);
            chmod(&bench.path("d/src/d0"), 0o500);
        }
        let before = seen(&bench.path("d/src"));
        bench.ok("-q stage d/src d/dst");
        assert_eq!(seen(&bench.path("d/dst")), before, "{row}");
        assert_eq!(seen(&bench.path("d/src")), before, "{row}");
        assert_eq!(names(&bench), ["dst", "dst.psl-manifest", "src"], "{row}");
        bench.ok("check --tree d/dst");
    }
}

#[test]
fn a_copy_gets_no_acl_from_the_directory_that_it_is_made_in() {
    let bench = Bench::without_store();
    bench.write("d/src/a/f", "x");
    let before = seen(&bench.path("d/src"));
    xattr::set(bench.path("d"), "system.posix_acl_default", &acl()).unwrap();
    bench.ok("stage d/src d/dst");
    assert_eq!(seen(&bench.path("d/dst")), before);
}

#[test]
fn what_is_left_out_and_what_leads_back_is_told() {
    let bench = Bench::without_store();
    bench.mkdir("d/src");
    drop(UnixListener::bind(bench.path("d/src/socket")).unwrap());
    symlink(bench.path("d/src/x"), bench.path("d/src/inward")).unwrap();
    let ran = bench.run("--json stage d/src d/dst");
    assert_eq!(
        ran.stderr,
        "psl-admin: warning: \"d/src/socket\" is a socket, which is not copied\n\
         psl-admin: warning: the symlink \"d/src/inward\" leads back into \"d/src\", in the copy as well\n"
    );
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["skipped_sockets"], serde_json::json!(["socket"]));
    assert_eq!(json["symlinks"], 1);
    assert_eq!(json["destination"], "$T/d/dst");
    assert_eq!(json["manifest"], "$T/d/dst.psl-manifest");
}

#[test]
fn many_symlinks_that_lead_back_are_told_in_a_few_lines() {
    let bench = Bench::without_store();
    bench.mkdir("d/src");
    for name in 0..100 {
        symlink(
            bench.path("d/src/x"),
            bench.path(&format!("d/src/{name:02}")),
        )
        .unwrap();
    }
    let ran = bench.run("stage d/src d/dst");
    assert_eq!((ran.code, ran.stderr.lines().count()), (0, 6), "{ran:?}");
    let last = "and 95 more like it; the last: the symlink \"d/src/99\" leads back";
    assert!(ran.stderr.contains(last), "{ran:?}");
}

#[test]
fn a_dry_run_says_what_would_be_copied_and_changes_nothing() {
    let bench = Bench::without_store();
    bench.write("d/src/f", [0; 5000]);
    hard_link(bench.path("d/src/f"), bench.path("d/src/g")).unwrap();
    let before = fs::metadata(bench.path("d")).unwrap().modified().unwrap();
    let told = bench.ok("stage --dry-run --patch false d/src d/dst");
    let expected = "\"$T/d/dst\": 2 files, 1 directory, 0 symlinks, 4.88 KiB would be ";
    let how = told.strip_prefix(expected).unwrap();
    assert!(["copied\n", "shared\n"].contains(&how), "{told}");
    let json = bench.ok("--json stage --dry-run d/src d/dst");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["dry_run"], &json["bytes"]),
        (&true.into(), &5000.into())
    );
    assert_eq!(names(&bench), ["src"]);
    let after = fs::metadata(bench.path("d")).unwrap().modified().unwrap();
    assert_eq!(before, after);
}

/// An ACL that gives user 1234 what others have not, as acl(5) has it in the kernel's form.
fn acl() -> Vec<u8> {
    let entries: [(u16, u16, u32); 5] = [
        (0x01, 6, u32::MAX),
        (0x02, 6, 1234),
        (0x04, 4, u32::MAX),
        (0x10, 6, u32::MAX),
        (0x20, 0, u32::MAX),
    ];
    let mut bytes = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(permissions.to_le_bytes());
        bytes.extend(id.to_le_bytes());
    }
    bytes
}

fn fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o640), 0).unwrap();
}

fn chmod(path: &Path, mode: u32) {
    let done = Command::new("chmod")
        .arg(format!("{mode:04o}"))
        .arg(path)
        .status();
    assert!(done.unwrap().success());
}

fn touch(path: &Path, seconds: i64) {
    let time = |tv_nsec| Timespec {
        tv_sec: seconds,
        tv_nsec,
    };
    let times = Timestamps {
        last_access: time(1),
        last_modification: time(123_456_789),
    };
    utimensat(CWD, path, &times, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).unwrap();
}
