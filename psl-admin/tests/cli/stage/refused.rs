//! What is refused before anything is copied.
use super::begun::names;
use crate::bench::Bench;
use std::os::unix::fs::{chown, symlink};
use std::process::Command;

#[test]
fn what_cannot_be_copied_is_refused_by_name() {
    let bench = Bench::without_store();
    bench.write("d/src/sub/f", "x");
    bench.write("d/file", "x");
    bench.mkdir("d/empty");
    symlink("nowhere", bench.path("d/dangling")).unwrap();
    symlink("src", bench.path("d/alias")).unwrap();
    let long = format!("d/{}", "x".repeat(255));
    let before = names(&bench);
    for (src, dst, code, message) in [
        ("d/gone", "d/dst", 6, "cannot read \"d/gone\": No such file"),
        ("d/file", "d/dst", 2, "\"d/file\" is no directory"),
        ("d/src", "d/empty", 5, "\"$T/d/empty\" exists"),
        ("d/src", "d/empty/", 5, "\"$T/d/empty\" exists"),
        ("d/src", "d/dangling", 5, "\"$T/d/dangling\" exists"),
        (
            "d/src",
            "d/file/dst",
            6,
            "cannot open \"$T/d/file\": Not a directory",
        ),
        (
            "d/src",
            "d/gone/dst",
            6,
            "cannot find \"d/gone\": No such file",
        ),
        (
            "d/src",
            "d/src/sub/dst",
            2,
            "\"d/src/sub/dst\" lies inside \"d/src\"",
        ),
        (
            "d/src",
            "d/alias/dst",
            2,
            "\"d/alias/dst\" lies inside \"d/src\"",
        ),
        (
            "d/src/sub",
            "d/src",
            2,
            "\"d/src/sub\" lies inside \"d/src\"",
        ),
        ("d/src", "d/src", 2, "lies inside"),
        ("d/src", "d/..", 2, "\"d/..\" does not end with a name"),
        ("d/src", "/", 2, "\"/\" does not end with a name"),
        ("d/src", &long, 2, "has 255 bytes, expected at most 224"),
    ] {
        for dry in ["", "--dry-run "] {
            let stderr = bench.fails(code, &format!("stage {dry}{src} {dst}"));
            assert!(stderr.contains(message), "{src} {dst}: {stderr}");
        }
    }
    assert_eq!(names(&bench), before);
    assert_eq!(
        std::fs::read_dir(bench.path("d/src/sub")).unwrap().count(),
        1
    );
}

/// Runs psl-admin as a user who is nobody; only root can become one.
fn as_nobody(bench: &Bench, arguments: &str) -> crate::bench::Ran {
    let command = bench.command(arguments);
    let mut other = Command::new("setpriv");
    other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    other.arg(bench.path("psl-admin")).args(command.get_args());
    bench.ran(other.current_dir(bench.path("")))
}

#[test]
fn an_ordinary_user_copies_what_is_their_own_and_is_told_what_is_not() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let bench = Bench::without_store();
    bench.chmod("", 0o755);
    bench.install("psl-admin");
    bench.write("d/src/f", "x");
    bench.mkdir("d/src/sealed");
    for name in ["d", "d/src", "d/src/f", "d/src/sealed"] {
        chown(bench.path(name), Some(65534), Some(65534)).unwrap();
    }
    bench.chmod("d/src/sealed", 0o500);
    let ran = as_nobody(&bench, "stage d/src d/dst");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(as_nobody(&bench, "check --tree d/dst").code, 0);
    // A directory that its owner cannot write is no hindrance to removal.
    let ran = as_nobody(&bench, "stage --patch false d/src d/two");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(names(&bench), ["dst", "dst.psl-manifest", "src"]);

    let refused = |code, message: &str| {
        let ran = as_nobody(&bench, "stage d/src d/two");
        assert!(ran.code == code && ran.stderr.contains(message), "{ran:?}");
        assert_eq!(names(&bench), ["dst", "dst.psl-manifest", "src"]);
    };
    bench.chmod("d/src/f", 0o200);
    refused(6, "cannot read \"$T/d/src/f\": Permission denied");
    bench.chmod("d/src/f", 0o644);
    bench.chmod("d/src/sealed", 0o000);
    refused(6, "cannot read \"$T/d/src/sealed\": Permission denied");
    bench.chmod("d/src/sealed", 0o500);
    chown(bench.path("d/src/f"), Some(0), None).unwrap();
    refused(
        5,
        "\"$T/d/src/f\" belongs to 0:65534, whom user 65534 cannot give a copy to",
    );
}
