//! Every way to start a program, from every place to start it from: the member's version, and nobody looks at another.

use std::path::Path;
use std::process::Command;

use psl_tests::{host, store};
use rustix::fs::inotify;

use super::installation::{Installation, Occupant, said};

/// Where a command is given.
const STARTS: [Start; 3] = [Start::Typed, Start::Run, Start::Inside];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// At a shell outside of the instance, with the variables set: the kernel opens the shared program before it is mended.
    Typed,
    /// By `psl-admin run`.
    Run,
    /// At a shell of the instance.
    Inside,
}

/// What is said by the second version's program, or by one that uses the second version's library.
const PROGRAM: &str = "program 2,";
const LIBRARY: &str = ", library 2";
const RAN: &str = "ran 2\n";

/// A command line for sh(1), and what it has to say.
const ROWS: &[(&str, &str)] = &[
    ("{}/other/rpath", LIBRARY),
    ("{}/other/runpath", LIBRARY),
    (
        "env LD_LIBRARY_PATH={}/shared/version/lib {}/other/none",
        LIBRARY,
    ),
    ("{}/other/opens", LIBRARY),
    ("{}/other/searches", LIBRARY),
    ("{}/shared/version/bin/app", PROGRAM),
    ("{}/shared/version/bin/script", PROGRAM),
    (
        "env PATH={}/shared/version/bin:/usr/bin:/bin env-script",
        PROGRAM,
    ),
    ("{}/shared/version/bin/static", RAN),
    ("{}/shared/version/bin/go", RAN),
    ("{}/shared/version/bin/gains", RAN),
    ("env -i {}/shared/version/bin/app", PROGRAM),
    ("env -i {}/shared/version/bin/static", RAN),
    (
        "{}/other/starts posix_spawn {}/shared/version/bin/app",
        PROGRAM,
    ),
    (
        "{}/other/starts posix_spawn {}/shared/version/bin/static",
        RAN,
    ),
    ("{}/other/starts system {}/shared/version/bin/app", PROGRAM),
    ("{}/other/starts popen {}/shared/version/bin/app", PROGRAM),
    ("{}/other/starts vfork {}/shared/version/bin/app", PROGRAM),
    (
        "python3 -c \"import subprocess; subprocess.run(['{}/shared/version/bin/app'])\"",
        PROGRAM,
    ),
    (
        "find {}/other/one -exec {}/shared/version/bin/app \\;",
        PROGRAM,
    ),
    ("sh -c 'echo x | xargs {}/shared/version/bin/app'", PROGRAM),
    ("make -s -f {}/other/Makefile", PROGRAM),
];

fn installation() -> Installation {
    let it = Installation::new();
    it.compile("app.c", "bin/app", &[]);
    it.compile("ran.c", "bin/static", &["-static"]);
    it.compile("ran.c", "bin/go", &["-DGO"]);
    it.compile("ran.c", "bin/gains", &[]);
    it.script("bin/script", "#!{}/shared/version/bin/app\n");
    it.script("bin/env-script", "#!/usr/bin/env app\n");
    let soname = "-Wl,-soname,libwhich.so.1";
    it.compile(
        "which.c",
        "lib/libwhich.so.1",
        &["-shared", "-fPIC", soname],
    );
    let other = it.root().join("other");
    let runpath = "-Wl,-rpath,{}/shared/version/lib";
    let library = "{}/shared/version2/lib/libwhich.so.1";
    let path = "-DSEARCHED=\"{}/shared/version/lib/libwhich.so.1\"";
    for (name, flags) in [
        (
            "rpath",
            &["-DLIBRARY", library, runpath, "-Wl,--disable-new-dtags"][..],
        ),
        ("runpath", &["-DLIBRARY", library, runpath]),
        ("none", &["-DLIBRARY", library]),
        ("opens", &[path]),
        ("searches", &["-DSEARCHED=\"libwhich.so.1\"", runpath]),
    ] {
        let version = ["-DVERSION=\"other\""];
        let flags: Vec<_> = flags
            .iter()
            .chain(&version)
            .map(|it| (*it).into())
            .collect();
        it.compile_once("app.c", &other.join(name), &flags);
    }
    it.compile_once("starts.c", &other.join("starts"), &[]);
    std::fs::write(other.join("one"), "").expect("it is ours");
    let rule = it.spell("all:\n\t@{}/shared/version/bin/app\n");
    std::fs::write(other.join("Makefile"), rule).expect("it is ours");
    for version in ["version1", "version2"] {
        let gains = it.root().join("shared").join(version).join("bin/gains");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o4755);
        std::fs::set_permissions(gains, mode).expect("it is ours");
    }
    it.occupy(Occupant::Version1);
    it
}

fn command(it: &Installation, start: Start, row: &str) -> Command {
    let mut command = match start {
        Start::Typed => it.outside("", &[], row),
        Start::Inside => it.inside(
            "",
            &[],
            &format!("sh -c '{}; true'", row.replace('\'', "'\\''")),
        ),
        Start::Run => {
            let mut command = Command::new(host::admin());
            command
                .env_clear()
                .arg("--store")
                .arg(it.root().join("store"))
                .args(["run", "--member", store::MEMBER, "--", "sh", "-c"])
                .arg(format!("exec {}", it.spell(row)))
                .current_dir(it.root());
            command
        }
    };
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
}

/// What lies where the link is, watched: whoever opens, reads or executes anything there is seen.
struct Watch(rustix::fd::OwnedFd);

impl Watch {
    fn on(place: &Path) -> Self {
        let watch = inotify::init(inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC);
        let watch = watch.expect("files can be watched");
        let events = inotify::WatchFlags::OPEN | inotify::WatchFlags::ACCESS;
        for below in ["", "bin", "lib"] {
            inotify::add_watch(&watch, place.join(below), events).expect("it is there");
        }
        Self(watch)
    }

    /// Returns what has been looked at since the last time.
    fn seen(&self) -> Vec<String> {
        let mut buffer = [const { std::mem::MaybeUninit::uninit() }; 4096];
        let mut events = inotify::Reader::new(&self.0, &mut buffer);
        let mut seen = Vec::new();
        while let Ok(event) = events.next() {
            let name = event
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            seen.push(format!("{:?} {:?}", event.events(), name));
        }
        seen
    }
}

#[test]
fn every_way_to_start_a_program_leads_to_the_members() {
    let it = installation();
    let watch = Watch::on(&it.root().join("shared/version"));
    for start in STARTS {
        for (row, expected) in ROWS {
            // Nothing is preloaded into a static program: at a shell outside nobody can know.
            if start == Start::Typed && row.ends_with("bin/static") && row.starts_with("{}/shared")
            {
                continue;
            }
            let found = said(command(&it, start, row));
            assert!(found.contains(expected), "{row}, {start:?}: {found}");
            let seen = watch.seen();
            // What the kernel opened for a shell outside cannot be helped.
            assert!(
                seen.is_empty() || start == Start::Typed,
                "{row}, {start:?}: {seen:?}"
            );
        }
    }
}
