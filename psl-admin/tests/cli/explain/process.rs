//! `explain --pid`, with a stand-in for the shim.
use super::{bench as trees, explained};
use crate::bench::{Bench, pinned};
use crate::run::compile;
use psl_table::pinned::{self, Engine};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// A process that lives until its standard input is closed.
struct Process(Child);

impl Process {
    /// Starts it, as one of an instance of `m` at generation 1, with or without the shim.
    fn start(bench: &Bench, has_shim: bool, set_up: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new("sh");
        command
            .args(["-c", "echo up; read end"])
            .current_dir(bench.path("b"))
            .env("PSL_STORE", bench.path("store"))
            .env("PSL_MEMBER", "m")
            .env("PSL_SNAPSHOT", auto(1))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if has_shim {
            compile(bench, "libpsl_shim.so", "int shim;");
            command.env("LD_PRELOAD", bench.path("libpsl_shim.so"));
        }
        set_up(&mut command);
        let mut child = command.spawn().unwrap();
        // It has loaded its libraries.
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        assert_eq!(line, "up\n");
        Self(child)
    }

    fn explain(&self, bench: &Bench, path: &str) -> (i32, Value) {
        explained(bench, &format!("--pid {} {path}", self.0.id()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

/// Returns what an instance carries whose mounts are in this namespace.
fn mounted() -> String {
    let namespace = pinned::mount_namespace().unwrap();
    pinned(1, "m", Engine::Mount(namespace))
}

/// What an instance of `m` passes on that the preload engine carries.
fn auto(generation: u64) -> String {
    pinned(generation, "m", Engine::Auto(None))
}

/// A bench whose first generation has the trees' rows.
fn bench() -> Bench {
    let bench = trees();
    bench.write("store/history/1.toml", bench.table());
    bench
}

#[test]
fn a_process_keeps_to_its_generation_and_a_restart_is_foretold() {
    let bench = bench();
    let process = Process::start(&bench, true, |_| {});
    let path = "$T/b/version/bin/app";
    let (code, answer) = process.explain(&bench, path);
    assert_eq!(
        (code, &answer["reached"]["physical"]),
        (0, &"$T/b/version2/bin/app".into())
    );
    assert_eq!(
        (&answer["pid"], &answer["member"]),
        (&process.0.id().into(), &"m".into())
    );
    assert!(
        answer["program"].as_str().unwrap().ends_with("/sh"),
        "{answer}"
    );
    assert_eq!(
        (&answer["engine"], &answer["generation"]),
        (&"preload".into(), &1.into())
    );
    assert_eq!(
        (
            &answer["restart"]["changes"],
            &answer["restart"]["generation"]
        ),
        (&false.into(), &1.into())
    );

    bench.ok("remove --member m $T/b/version");
    let (_, answer) = process.explain(&bench, path);
    assert_eq!(answer["reached"]["physical"], "$T/b/version2/bin/app");
    let restart = &answer["restart"];
    assert_eq!(
        (&restart["changes"], &restart["generation"]),
        (&true.into(), &2.into())
    );
    assert_eq!(restart["reached"]["physical"], path);
    let text = bench.ok(&format!("explain --pid {} {path}", process.0.id()));
    assert!(
        text.contains(
            "\nrestart     reaches \"$T/b/version/bin/app\" (generation 2; device:inode "
        ),
        "{text}"
    );

    // Another path is the same before and after.
    let (_, answer) = process.explain(&bench, "$T/shared");
    assert_eq!(answer["restart"]["changes"], false);
    // Relative to the process's own working directory, which is b.
    let (_, answer) = process.explain(&bench, "version");
    assert_eq!(answer["reached"]["physical"], "$T/b/version2");
    let (_, answer) = process.explain(&bench, "/proc/self/cwd/version");
    assert_eq!(answer["reached"]["physical"], "$T/b/version2");
    assert_eq!(answer["rows"][0]["on_the_way"], true);

    bench.write("store/table.toml", "format = ");
    let (_, answer) = process.explain(&bench, path);
    let refused = answer["restart"]["refused"].as_str().unwrap();
    assert!(refused.contains("/store/table.toml:1:"), "{refused}");
    assert_eq!(answer["restart"]["changes"], true);
}

#[test]
fn criteria_take_the_process_for_what_it_is() {
    let bench = bench();
    bench.ok("add --force --when exe=*/sh --when env.TIER=gold $T/x $T/shared");
    let process = Process::start(&bench, true, |command| {
        command.env("PSL_SNAPSHOT", auto(2)).env("TIER", "gold");
    });
    let (code, answer) = process.explain(&bench, "$T/x");
    assert_eq!(
        (code, &answer["reached"]["physical"]),
        (0, &"$T/shared".into()),
        "{answer}"
    );
    let renamed = Process::start(&bench, true, |command| {
        command.env("PSL_SNAPSHOT", auto(2)).env("TIER", "tin");
    });
    assert_eq!(renamed.explain(&bench, "$T/x").0, 1);
}

#[test]
fn a_process_without_the_shim_has_no_links() {
    let bench = bench();
    let process = Process::start(&bench, false, |_| {});
    let (_, answer) = process.explain(&bench, "$T/b/version");
    assert_eq!(
        (&answer["engine"], &answer["reached"]["physical"]),
        (&Value::Null, &"$T/b/version".into())
    );
    let text = bench.ok(&format!("explain --pid {} $T/b/version", process.0.id()));
    assert!(
        text.contains(
            "\nengine      none: neither the shim nor its mounts are there, and no link holds\n"
        ),
        "{text}"
    );
}

#[test]
fn the_mount_engine_is_told_by_what_the_process_carries() {
    let bench = bench();
    let process = Process::start(&bench, false, |command| {
        command.env("PSL_SNAPSHOT", mounted());
    });
    let (_, answer) = process.explain(&bench, "$T/b/version");
    assert_eq!(
        (&answer["engine"], &answer["reached"]["physical"]),
        (&"mount".into(), &"$T/b/version2".into())
    );
}

#[test]
fn a_process_is_asked_in_its_own_root() {
    let bench = bench();
    bench.mkdir("jail/bin");
    let copied = Command::new("cp")
        .args(["/bin/sh"])
        .arg(bench.path("jail/bin/sh"))
        .status();
    assert!(copied.unwrap().success());
    let libraries = Command::new("ldd").arg("/bin/sh").output().unwrap();
    for word in String::from_utf8(libraries.stdout)
        .unwrap()
        .split_whitespace()
    {
        if word.starts_with('/') {
            let to = bench.path("jail").join(word.trim_start_matches('/'));
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(word, to).unwrap();
        }
    }
    std::fs::create_dir_all(bench.filled("$T/jail$T/b/version2")).unwrap();
    bench.write("jail/mark", "");
    let jail = bench.path("jail");
    let process = Process::start(&bench, false, |command| {
        // SAFETY: chroot(2) and chdir(2) are all that happens between fork and exec.
        unsafe {
            command.pre_exec(move || {
                rustix::process::chroot(&jail)?;
                std::env::set_current_dir("/")
            });
        }
        command.env("PSL_SNAPSHOT", mounted());
    });
    let (code, answer) = process.explain(&bench, "mark");
    assert_eq!(
        (code, &answer["path"], &answer["reached"]["physical"]),
        (0, &"/mark".into(), &"/mark".into()),
        "{answer}"
    );
    let (_, answer) = process.explain(&bench, "$T/b/version");
    let inside = std::fs::metadata(bench.filled("$T/jail$T/b/version2")).unwrap();
    assert_eq!(answer["reached"]["inode"], inside.ino(), "{answer}");
}

#[test]
fn a_process_that_is_no_part_of_an_instance_is_told_so() {
    let bench = bench();
    let pid = std::process::id();
    let stderr = bench.fails(1, &format!("explain --pid {pid} /"));
    assert!(
        stderr.contains(&format!("process {pid} is no part of an instance")),
        "{stderr}"
    );
    let stderr = bench.fails(1, "explain --pid 2147483647 /");
    assert_eq!(stderr, "psl-admin: there is no process 2147483647\n");
    let wrong = Process::start(&bench, false, |command| {
        command.env("PSL_SNAPSHOT", "42");
    });
    let stderr = bench.fails(3, &format!("explain --pid {} /", wrong.0.id()));
    assert!(
        stderr.contains("PSL_SNAPSHOT is cut: \"42\", expected"),
        "{stderr}"
    );
    let gone = Process::start(&bench, false, |command| {
        command.env("PSL_SNAPSHOT", auto(9));
    });
    let stderr = bench.fails(2, &format!("explain --pid {} /", gone.0.id()));
    assert!(
        stderr.contains("the store keeps no generation 9"),
        "{stderr}"
    );
}

#[test]
fn a_process_that_has_read_the_table_itself_does_not_tell_its_generation() {
    let bench = bench();
    for (name, value, why) in [
        ("PSL_PIN", "process", "PSL_PIN is \"process\""),
        ("PSL_MEMBER", "n", "PSL_MEMBER is another member"),
    ] {
        let process = Process::start(&bench, true, |command| {
            command.env(name, value);
        });
        let stderr = bench.fails(1, &format!("explain --pid {} /", process.0.id()));
        assert!(
            stderr.contains("does not tell its generation") && stderr.contains(why),
            "{stderr}"
        );
    }
}

#[test]
fn a_process_that_has_registered_itself_needs_no_environment() {
    let bench = bench();
    let source = "#define _GNU_SOURCE\n#include <sys/mman.h>\n#include <stdlib.h>\n\
        __attribute__((constructor)) static void registers(void) {\n\
        int fd = memfd_create(getenv(\"STANDS_FOR\"), 0);\n\
        mmap(0, 1, PROT_READ, MAP_PRIVATE, fd, 0); }\n";
    let carried = pinned::Pinned::read(auto(1).as_bytes()).unwrap();
    let carried = pinned::Mark::text(&carried, None);
    for (pin, member) in [("process", "m"), ("", "other"), ("", "")] {
        let process = Process::start(&bench, true, |command| {
            compile(&bench, "libpsl_shim.so", source);
            command
                .env("STANDS_FOR", &carried)
                .env("PSL_PIN", pin)
                .env("PSL_MEMBER", member)
                .env_remove("PSL_SNAPSHOT");
        });
        let (code, answer) = process.explain(&bench, "$T/b/version");
        assert_eq!(
            (code, &answer["member"], &answer["reached"]["physical"]),
            (0, &"m".into(), &"$T/b/version2".into()),
            "{answer}"
        );
    }
}

#[test]
fn a_process_of_somebody_else_may_not_be_looked_at() {
    let bench = bench();
    bench.chmod("", 0o755);
    let program = bench.install("psl-admin");
    let process = Process::start(&bench, false, |_| {});
    let mut command = Command::new(program);
    command
        .env("PSL_CONFIG", bench.path("psl.toml"))
        .args(["explain", "--pid", &process.0.id().to_string(), "/"])
        .uid(65534)
        .gid(65534);
    let ran = bench.ran(&mut command);
    assert_eq!((ran.code, ran.stdout.as_str()), (5, ""), "{ran:?}");
    assert!(
        ran.stderr
            .contains("belongs to somebody else, and may not be looked at"),
        "{ran:?}"
    );
}
