//! Libraries that the loader finds through links: it opens them itself.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use rustix::mount::MountPropagationFlags;
use rustix::thread::UnshareFlags;

use super::installation::{Installation, Occupant, said};

/// Programs outside of the installation and inside, each with its own way to the library.
fn installation() -> Installation {
    let it = Installation::new();
    let soname = "-Wl,-soname,libwhich.so.1";
    it.compile(
        "which.c",
        "lib/libwhich.so.1",
        &["-shared", "-fPIC", soname],
    );
    it.compile("which.c", "lib/libnameless.so", &["-shared", "-fPIC"]);
    it.compile(
        "deeper.c",
        "deep/libdeeper.so.1",
        &["-shared", "-fPIC", "-Wl,-soname,libdeeper.so.1"],
    );
    let needs_deeper = [
        "-shared",
        "-fPIC",
        "-DDEEPER",
        "{version}/deep/libdeeper.so.1",
    ];
    let outer = "-Wl,-soname,libouter.so.1";
    it.compile(
        "which.c",
        "lib/libouter.so.1",
        &[
            &needs_deeper[..],
            &[outer, "-Wl,-rpath,{}/shared/version/deep"],
        ]
        .concat(),
    );
    it.compile(
        "which.c",
        "lib/libinherits.so.1",
        &[&needs_deeper[..], &["-Wl,-soname,libinherits.so.1"]].concat(),
    );
    // Only the second version has one for this kind of processor.
    let variant = "shared/version2/lib/glibc-hwcaps/x86-64-v2/libwhich.so.1";
    let variant_flags = ["-shared", "-fPIC", soname, "-DVERSION=\"2 for v2\""].map(String::from);
    it.compile_once("which.c", &it.root().join(variant), &variant_flags);

    let needs = |library: &str| {
        [
            "-DLIBRARY".to_owned(),
            format!("{{}}/shared/version2/lib/{library}"),
        ]
        .to_vec()
    };
    let runpath = "-Wl,-rpath,{}/shared/version/lib";
    let old = "-Wl,--disable-new-dtags";
    let deep = "-Wl,-rpath,{}/shared/version/lib:{}/shared/version/deep";
    let unresolved = "-Wl,--unresolved-symbols=ignore-in-shared-libs";
    for (name, mut flags, more) in [
        ("runpath", needs("libwhich.so.1"), &[runpath][..]),
        ("rpath", needs("libwhich.so.1"), &[runpath, old]),
        ("path", needs("libnameless.so"), &[]),
        ("none", needs("libwhich.so.1"), &[]),
        ("outer", needs("libouter.so.1"), &[runpath, unresolved]),
        (
            "inherits",
            needs("libinherits.so.1"),
            &[deep, old, unresolved],
        ),
        (
            "searches",
            vec!["-DSEARCHED=\"libwhich.so.1\"".into()],
            &[runpath],
        ),
        (
            "searches-none",
            vec!["-DSEARCHED=\"libwhich.so.1\"".into()],
            &[],
        ),
        (
            "opens",
            vec!["-DSEARCHED=\"{}/shared/version/lib/libwhich.so.1\"".into()],
            &[],
        ),
    ] {
        flags.extend(more.iter().map(|flag| (*flag).to_owned()));
        flags.push("-DVERSION=\"other\"".into());
        it.compile_once("app.c", &it.root().join("other").join(name), &flags);
    }
    // A plugin of the member's, and one of nobody's, that need a library behind the link.
    for (name, below) in [
        ("opens-outer", "shared/version/lib/libouter.so.1"),
        ("opens-plugin", "other/plugin.so"),
    ] {
        let flags = [
            format!("-DSEARCHED=\"{{}}/{below}\""),
            "-DVERSION=\"other\"".into(),
        ];
        it.compile_once("app.c", &it.root().join("other").join(name), &flags);
    }
    let plugin = [
        &needs_deeper[..4],
        &["-Wl,-rpath,{}/shared/version/deep", "-shared", "-fPIC"],
    ]
    .concat()
    .iter()
    .map(|flag| flag.replace("{version}", "{}/shared/version2"))
    .collect::<Vec<_>>();
    it.compile_once("which.c", &it.root().join("other/plugin.so"), &plugin);
    // Linked by path, the library without a name of its own is needed by that path: the link's, please.
    let path = it.root().join("other/path");
    let data = std::fs::read(&path).expect("it was just made");
    std::fs::write(
        &path,
        exchanged(
            &data,
            b"/shared/version2/lib/libn",
            b"/shared/version/./lib/libn",
        ),
    )
    .expect("it is ours");
    it.compile(
        "app.c",
        "bin/origin",
        &[
            "-DLIBRARY",
            "{version}/lib/libwhich.so.1",
            "-Wl,-rpath,$ORIGIN/../lib",
        ],
    );
    it
}

/// Writes another text of the same length in the place of one, or of a shorter one and the NUL behind its string.
fn exchanged(data: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = data
        .windows(from.len())
        .position(|window| window == from)
        .expect("it has the text");
    let end = at
        + data[at..]
            .iter()
            .position(|&byte| byte == 0)
            .expect("it ends");
    let tail = data[at + from.len()..end].to_vec();
    let mut changed = data.to_vec();
    let text = [to, &tail].concat();
    assert!(
        data[end..][..text.len() + at - end]
            .iter()
            .all(|&byte| byte == 0)
            || text.len() == end - at
    );
    changed[at..at + text.len()].copy_from_slice(&text);
    changed
}

/// A program, and what is set for it.
const ROWS: &[(&str, &[(&str, &str)])] = &[
    ("{}/other/runpath", &[]),
    ("{}/other/rpath", &[]),
    ("{}/other/outer", &[]),
    ("{}/other/inherits", &[]),
    (
        "{}/other/none",
        &[("LD_LIBRARY_PATH", "{}/nowhere:{}/shared/version/lib")],
    ),
    ("{}/other/searches", &[]),
    (
        "{}/other/searches-none",
        &[("LD_LIBRARY_PATH", "{}/shared/version/lib")],
    ),
    ("{}/other/opens", &[]),
    ("{}/other/opens-outer", &[]),
    ("{}/other/opens-plugin", &[]),
    ("{}/shared/version/bin/origin", &[]),
];

#[test]
fn libraries_are_those_that_links_lead_to() {
    let it = installation();
    it.occupy(Occupant::Symlink);
    let expected: Vec<_> = ROWS
        .iter()
        .map(|(row, variables)| said(it.bare("", variables, row)))
        .collect();
    it.occupy(Occupant::Version1);
    for ((row, variables), expected) in ROWS.iter().zip(&expected) {
        assert!(expected.contains(", library 2"), "{row}: {expected}");
        let shared = said(it.bare("", variables, row));
        assert!(shared.contains(", library 1,"), "{row}: {shared}");
    }
    for occupant in [Occupant::Version1, Occupant::Nothing] {
        it.occupy(occupant);
        for ((row, variables), expected) in ROWS.iter().zip(&expected) {
            let found = said(it.inside("", variables, row));
            assert_eq!(&found, expected, "{row} inside, {occupant:?}");
            if occupant == Occupant::Version1 {
                let found = said(it.outside("", variables, row));
                assert_eq!(&found, expected, "{row} from outside");
            }
        }
    }
}

/// The members' own library, by a cache of the loader's that names the link.
#[test]
fn libraries_in_the_loaders_cache_are_those_that_links_lead_to() {
    let it = installation();
    it.occupy(Occupant::Version1);
    let (list, cache) = (it.root().join("ld.so.conf"), it.root().join("ld.so.cache"));
    std::fs::write(&list, it.spell("{}/shared/version/lib\n")).expect("it is ours");
    let made = Command::new("/sbin/ldconfig")
        .args(["-X", "-f"])
        .arg(&list)
        .arg("-C")
        .arg(&cache)
        .status();
    assert!(made.expect("ldconfig runs").success());
    for row in ["{}/other/none", "{}/other/searches-none"] {
        for command in [it.inside("", &[], row), it.outside("", &[], row)] {
            let found = said(with_cache(command, &cache));
            assert!(found.contains(", library 2"), "{row}: {found}");
        }
        let bare = said(with_cache(it.bare("", &[], row), &cache));
        assert!(bare.contains(", library 1"), "{row}: {bare}");
    }
}

/// Runs a command where this is the loader's cache, and nobody else sees it.
fn with_cache(mut command: Command, cache: &Path) -> Command {
    let cache = CString::new(cache.as_os_str().as_bytes()).expect("it has no NUL");
    // SAFETY: all of it may be called between fork and exec.
    unsafe {
        command.pre_exec(move || {
            rustix::thread::unshare_unsafe(UnshareFlags::NEWNS)?;
            let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
            rustix::mount::mount_change(c"/", private)?;
            rustix::mount::mount_bind(&*cache, c"/etc/ld.so.cache")?;
            Ok(())
        });
    }
    command
}

#[test]
fn a_library_that_the_member_lacks_does_not_come_from_another_version() {
    let it = installation();
    it.occupy(Occupant::Version1);
    for below in ["lib/libwhich.so.1", "lib/glibc-hwcaps"] {
        let path = it.root().join("shared/version2").join(below);
        let removed = std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir_all(&path));
        removed.expect("it is ours");
    }
    for command in [
        it.inside("", &[], "{}/other/runpath"),
        it.outside("", &[], "{}/other/runpath"),
    ] {
        let mut command = command;
        let output = command.output().expect("a shell runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && output.stdout.is_empty(),
            "{output:?}"
        );
        assert!(errors.contains("libwhich.so.1"), "{errors}");
    }
}

#[test]
fn only_programs_that_search_behind_links_are_audited() {
    let it = installation();
    it.occupy(Occupant::Version1);
    it.compile_once("environment.c", &it.root().join("other/audited"), &[]);
    let runpath = ["-Wl,-rpath,{}/shared/version/lib".to_owned()];
    it.compile_once(
        "environment.c",
        &it.root().join("other/audited-runpath"),
        &runpath,
    );
    let own = psl_tests::shim::library().display().to_string();
    for (row, audited) in [
        ("{}/other/audited LD_AUDIT", ""),
        ("{}/other/audited-runpath LD_AUDIT", own.as_str()),
        // Nor are their children, but for libraries of the caller's own.
        (
            "{}/other/audited-runpath LD_AUDIT {}/other/audited LD_AUDIT",
            "",
        ),
    ] {
        assert_eq!(said(it.inside("", &[], row)), audited, "{row}");
    }
}
