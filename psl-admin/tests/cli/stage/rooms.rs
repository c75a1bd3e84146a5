//! Storage that is full, and storage that shares data; each on a file system of its own in a private namespace.
use super::begun::{Begun, has_begun};
use crate::bench::Bench;
use rustix::fs::{Dir, Mode, OFlags, open};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

/// Returns a command that stages in a namespace where something is mounted on `$T/m`, as root or as its like.
fn mounted(bench: &Bench, mount: &str, arguments: &[&str]) -> Command {
    bench.mkdir("m");
    let stage = bench.command_of(arguments);
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    let script = format!("mount {mount} m && exec \"$0\" \"$@\"");
    command.args(["--mount", "sh", "-c", &script]);
    command.arg(stage.get_program()).args(stage.get_args());
    command.current_dir(bench.path(""));
    command
}

#[test]
fn a_copy_without_room_is_refused_beforehand() {
    let bench = Bench::without_store();
    bench.write("src/large", vec![1; 9 << 20]);
    bench.write("src/other", "x");
    for (options, needed) in [
        ("size=8m", "9.0"),
        ("size=64m,nr_inodes=3", "3 inodes needed, "),
    ] {
        let mount = format!("-t tmpfs -o {options} none");
        for arguments in [
            &["stage", "src", "m/dst"][..],
            &["stage", "--dry-run", "src", "m/dst"],
        ] {
            let ran = bench.ran(&mut mounted(&bench, &mount, arguments));
            assert_eq!(ran.code, 6, "{ran:?}");
            let expected = "psl-admin: there is no room for \"$T/m/dst\": ";
            let told = ran.stderr.strip_prefix(expected);
            assert!(told.is_some_and(|told| told.starts_with(needed)), "{ran:?}");
        }
    }
}

#[test]
fn storage_that_fills_up_leaves_nothing() {
    let bench = Bench::without_store();
    for file in 0..4000 {
        bench.write(&format!("src/{file}"), [1; 4096]);
    }
    let arguments = ["stage", "src", "m/dst"];
    let mut command = mounted(&bench, "-t tmpfs -o size=64m none", &arguments);
    let stage = Begun::start(&mut command);
    let there = format!("/proc/{}/root", stage.pid().as_raw_nonzero());
    let there = PathBuf::from(format!("{there}{}", bench.path("m").display()));
    let mut inside = None;
    stage.stopped_when(
        || has_begun(&there, "0"),
        || {
            let dir = open(&there, OFlags::DIRECTORY | OFlags::RDONLY, Mode::empty()).unwrap();
            let mut file = File::create(there.join("filler")).unwrap();
            while file.write_all(&[0; 4096]).is_ok() {}
            inside = Some(dir);
        },
    );
    let output = stage.end();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(6), "{stderr}");
    assert!(stderr.contains("No space left on device"), "{stderr}");
    // The descriptor keeps the file system, which no path leads to any more.
    let entries = Dir::new(inside.unwrap()).unwrap();
    let left: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().to_owned())
        .filter(|name| ![c".", c".."].contains(&name.as_c_str()))
        .collect();
    assert_eq!(left, [c"filler".to_owned()]);
}

#[test]
fn a_manifest_that_cannot_be_written_leaves_nothing() {
    let bench = Bench::without_store();
    bench.write("src/f", "x");
    let patch = "cat /dev/zero > ../filler 2> /dev/null; true";
    let arguments = ["stage", "--patch", patch, "src", "m/dst"];
    let ran = bench.ran(&mut mounted(&bench, "-t tmpfs -o size=1m none", &arguments));
    assert_eq!(ran.code, 6, "{ran:?}");
    let expected = "psl-admin: cannot write \"$T/m/.dst.psl-stage-";
    assert!(ran.stderr.starts_with(expected), "{ran:?}");
}

#[test]
fn data_is_shared_where_the_file_system_can() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let bench = Bench::without_store();
    let image = bench.path("image");
    File::create(&image).unwrap().set_len(320 << 20).unwrap();
    let made = Command::new("mkfs.xfs").arg("-q").arg(&image).status();
    let made = made.expect("`apt-get install xfsprogs` installs mkfs.xfs");
    assert!(made.success());
    // More than is free is needed twice: only sharing makes it fit.
    bench.mkdir("m");
    let script = "mount -o loop image m && mkdir m/src && head -c 150M /dev/urandom > m/src/f && ln m/src/f m/src/g &&
        $0 --json stage m/src m/dst && $0 stage --dry-run m/src m/two && cmp m/src/f m/dst/f && $0 check --tree m/dst";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script]);
    command
        .arg(env!("CARGO_BIN_EXE_psl-admin"))
        .current_dir(bench.path(""));
    let ran = bench.ran(&mut command);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("\"reflink\": true"), "{ran:?}");
    assert!(ran.stdout.contains("150.00 MiB would be shared"), "{ran:?}");
    assert!(ran.stdout.ends_with("3 paths, none differs\n"), "{ran:?}");
}
