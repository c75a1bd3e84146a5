//! `run`, with a stand-in for the shim that says which generation it was given.
use crate::bench::{Bench, Ran, pinned};
use psl_table::pinned::Engine;
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// A bench with a member `m` and a preloadable library in the shim's place.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.ok("member set m app=x");
    let source = "#include <stdlib.h>\n\
        unsigned long long psl_shim_generation(void) {\n\
        const char *given = getenv(\"PSL_SNAPSHOT\");\n\
        return given && given[2] == 'g' ? strtoull(given + 3, 0, 10) : 0; }\n";
    compile(&bench, "libpsl_shim.so", source);
    bench.write("psl.toml", bench.filled("shim = '$T/libpsl_shim.so'\n"));
    bench
}

/// Makes a library of a C source.
pub fn compile(bench: &Bench, library: &str, source: &str) {
    bench.write("source.c", source);
    let mut compiler = Command::new("cc");
    compiler
        .args(["-shared", "-fPIC", "-o"])
        .arg(bench.path(library))
        .arg(bench.path("source.c"));
    assert!(
        compiler
            .status()
            .expect("a C compiler links Rust programs, too")
            .success()
    );
}

#[test]
fn the_command_gets_the_variables_of_an_instance() {
    let bench = bench();
    let printed = |command: &mut Command| {
        let ran = bench.ran(command);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
        let mut lines: Vec<_> = ran.stdout.lines().map(str::to_owned).collect();
        lines.retain(|line| line.starts_with("PSL_") || line.starts_with("LD_PRELOAD="));
        lines.sort();
        lines
    };
    let own = [
        "LD_PRELOAD=$T/libpsl_shim.so",
        "PSL_CONFIG=$T/psl.toml",
        "PSL_MEMBER=m",
    ];
    let snapshot = |engine| format!("PSL_SNAPSHOT={}", pinned(2, "m", engine));
    let auto = snapshot(Engine::Auto(None));
    let store = "PSL_STORE=$T/store";
    assert_eq!(
        printed(&mut bench.command("run --member m -- env")),
        [&own[..], &[&auto, store]].concat()
    );

    // Inside another instance, and with a relative name of the store.
    let mut inside = bench.command("--store store run --member m --engine preload -- env");
    let other = pinned(1, "n", Engine::Auto(None));
    inside.envs([("PSL_MEMBER", "n"), ("PSL_SNAPSHOT", &other)]);
    let alone = snapshot(Engine::Preload);
    assert_eq!(printed(&mut inside), [&own[..], &[&alone, store]].concat());

    // The caller's preloads follow in their order; a shim among them does not.
    compile(&bench, "liba.so", "int a;");
    compile(&bench, "libb.so", "int b;");
    let others = bench.filled("$T/libb.so $T/libpsl_shim.so:$T/liba.so");
    let with_others = printed(
        bench
            .command("run --member m -- env")
            .env("LD_PRELOAD", others),
    );
    assert_eq!(
        with_others[0],
        "LD_PRELOAD=$T/libpsl_shim.so:$T/libb.so:$T/liba.so"
    );
}

#[test]
fn the_command_becomes_the_process_with_its_arguments() {
    let bench = bench();
    let arguments = [
        "run",
        "--member",
        "m",
        "--",
        "sh",
        "-c",
        "echo $$ \"$@\"; exit 42",
        "sh",
        "--help",
        "a b",
        "",
    ];
    let child = bench
        .command_of(&arguments)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(42));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("{id} --help a b \n")
    );
}

#[test]
fn the_command_inherits_no_descriptor_of_psl_admin() {
    let bench = bench();
    let directly = Command::new("ls").arg("/proc/self/fd").output().unwrap();
    let directly = String::from_utf8(directly.stdout).unwrap();
    assert_eq!(bench.ok("run --member m -- ls /proc/self/fd"), directly);
}

#[test]
fn signals_are_inherited_as_the_caller_left_them() {
    let bench = bench();
    let ignored = |ignored: &str| {
        let script =
            format!("{ignored} exec \"$0\" run --member m -- grep SigIgn /proc/self/status");
        let command = bench.command("");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).arg(command.get_program());
        shell.envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        let line = bench.ran(&mut shell).stdout;
        u64::from_str_radix(line.trim_start_matches("SigIgn:").trim(), 16).unwrap() >> 12 & 1
    };
    assert_eq!((ignored(""), ignored("trap '' PIPE;")), (0, 1));
}

#[test]
fn an_older_generation_can_be_started() {
    let bench = bench();
    bench.ok("member set n app=x");
    let script = |generation: &str| {
        let arguments = [
            "run",
            "--member",
            "m",
            "--generation",
            generation,
            "--",
            "sh",
            "-c",
            "echo $PSL_SNAPSHOT",
        ];
        bench.ran(&mut bench.command_of(&arguments))
    };
    for generation in [2, 3] {
        let text = pinned(generation, "m", Engine::Auto(None));
        assert_eq!(script(&generation.to_string()).stdout, format!("{text}\n"));
    }
    assert!(
        bench
            .fails(2, "run --member m --generation 9 -- true")
            .contains("no generation 9")
    );
    // Generation 1 knows no members.
    assert!(
        bench
            .fails(2, "run --member m --generation 1 -- true")
            .contains("no member \"m\"")
    );
}

#[test]
fn a_command_that_cannot_be_executed_is_told_as_a_shell_does() {
    let bench = bench();
    bench.write("plain", "");
    bench.mkdir("dir");
    let rows = [
        ("no-such-command", 127, "No such file or directory"),
        ("$T/missing", 127, "No such file or directory"),
        ("$T/plain", 126, "Permission denied"),
        ("$T/dir", 126, "Permission denied"),
        ("$T/plain/x", 126, "Not a directory"),
    ];
    for (command, code, why) in rows {
        let stderr = bench.fails(code, &format!("run --member m -- {command}"));
        assert!(
            stderr.starts_with(&format!("psl-admin: cannot execute {command:?}: {why}")),
            "{stderr}"
        );
    }
}

#[test]
fn a_missing_shim_is_told_with_the_places() {
    let bench = bench();
    bench.write("psl.toml", bench.filled("shim = '$T/gone.so'\n"));
    for verb in ["run --member m -- true", "env --member m"] {
        let stderr = bench.fails(5, verb);
        assert!(
            stderr.starts_with("psl-admin: the shim is missing, looked for \"$T/gone.so\"\n"),
            "{stderr}"
        );
    }

    bench.write("psl.toml", "");
    bench.mkdir("usr/bin");
    let program = bench.install("usr/bin/psl-admin");
    let installed = || {
        let mut command = Command::new(&program);
        command.envs([
            ("PSL_STORE", bench.path("store")),
            ("PSL_CONFIG", bench.path("psl.toml")),
        ]);
        command.args(["run", "--member", "m", "--", "sh", "-c", "echo $LD_PRELOAD"]);
        bench.ran(&mut command)
    };
    let ran = installed();
    assert_eq!(ran.code, 5);
    let places = "\"$T/usr/bin/libpsl_shim.so\" and \"$T/usr/lib/psl/libpsl_shim.so\"";
    assert!(
        ran.stderr.starts_with(&format!(
            "psl-admin: the shim is missing, looked for {places}\n"
        )),
        "{ran:?}"
    );
    for place in ["usr/lib/psl", "usr/bin"] {
        bench.mkdir(place);
        fs::copy(
            bench.path("libpsl_shim.so"),
            bench.path(place).join("libpsl_shim.so"),
        )
        .unwrap();
        assert_eq!(installed().stdout, format!("$T/{place}/libpsl_shim.so\n"));
    }
}

#[test]
fn a_shim_that_does_not_load_or_holds_another_generation_is_refused() {
    let bench = bench();
    bench.write("libpsl_shim.so", "no library");
    // The loader talks first.
    let Ran { code, stderr, .. } = bench.run("run --member m -- true");
    assert_eq!(code, 5);
    assert!(
        stderr.contains("psl-admin: the shim \"$T/libpsl_shim.so\" did not load\n"),
        "{stderr}"
    );
    assert!(
        stderr.contains("LD_DEBUG=libs LD_PRELOAD=$T/libpsl_shim.so"),
        "{stderr}"
    );

    compile(
        &bench,
        "libpsl_shim.so",
        "unsigned long long psl_shim_generation(void) { return 1; }",
    );
    let stderr = bench.fails(5, "run --member m -- true");
    assert!(
        stderr.contains("holds generation 1, expected generation 2"),
        "{stderr}"
    );
}

#[test]
fn the_mark_of_the_second_step_is_no_way_around_the_first() {
    let bench = bench();
    for arguments in [&["2", "/shim", "true"][..], &["x"], &[], &["2", "/shim"]] {
        let mut command = bench.command_of(arguments);
        let ran = bench.ran(command.arg0("psl-admin: launch"));
        assert!(
            [2, 5].contains(&ran.code) && ran.stdout.is_empty(),
            "{arguments:?}: {ran:?}"
        );
    }
}
