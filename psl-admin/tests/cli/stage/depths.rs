//! Trees that no path can name.
use crate::bench::Bench;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, mkdirat, open, openat};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::Command;

const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::RDONLY);

#[test]
fn a_tree_deeper_than_any_path_is_copied_and_removed() {
    // More levels than descriptors, and longer names than PATH_MAX.
    for (levels, name) in [(1500, "d".to_owned()), (40, "d".repeat(250))] {
        let bench = Bench::without_store();
        bench.mkdir("d/src");
        let mut dir = open(bench.path("d/src"), DIRECTORY, Mode::empty()).unwrap();
        for _ in 0..levels {
            mkdirat(&dir, name.as_str(), Mode::RWXU).unwrap();
            dir = openat(&dir, name.as_str(), DIRECTORY, Mode::empty()).unwrap();
        }
        write(&dir, "bottom", "found");
        linkat(&dir, "bottom", CWD, bench.path("d/src/z"), AtFlags::empty()).unwrap();
        linkat(&dir, "bottom", &dir, "beside", AtFlags::empty()).unwrap();

        // One that fails removes as deep a copy.
        bench.fails(1, "stage --patch false d/src d/dst");
        assert_eq!(super::begun::names(&bench), ["src"]);
        bench.ok("stage d/src d/dst");
        bench.ok("check --tree d/dst");
        let mut dir = open(bench.path("d/dst"), DIRECTORY, Mode::empty()).unwrap();
        for _ in 0..levels {
            dir = openat(&dir, name.as_str(), DIRECTORY, Mode::empty()).unwrap();
        }
        let mut text = String::new();
        let file = openat(&dir, "bottom", OFlags::RDONLY, Mode::empty()).unwrap();
        File::from(file).read_to_string(&mut text).unwrap();
        assert_eq!(text, "found");
        let links =
            std::os::unix::fs::MetadataExt::nlink(&bench.path("d/dst/z").metadata().unwrap());
        assert_eq!(links, 3);
        // The bench itself could not be removed otherwise.
        let removed = Command::new("rm").arg("-rf").arg(bench.path("d")).status();
        assert!(removed.unwrap().success());
    }
}

fn write(dir: &OwnedFd, name: &str, text: &str) {
    let flags = OFlags::WRONLY | OFlags::CREATE;
    let file = openat(dir, name, flags, Mode::RUSR | Mode::WUSR).unwrap();
    File::from(file).write_all(text.as_bytes()).unwrap();
}
