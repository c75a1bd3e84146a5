//! What a program is, how the member finds it, and which engine carries it.
use super::{as_text, asked, compile, configure, shim};
use crate::bench::Bench;
use serde_json::Value;
use std::fs;
use std::process::Command;

const MAIN: &str = "int main(void) { return 0; }\n";

/// What the linker of Go leaves in every program.
const GO: &str = "int main(void) { return 0; }\n\
    __attribute__((section(\".note.go.buildid\"), aligned(4), used))\n\
    static const struct { int name, size, type; char text[8]; } note = { 4, 4, 4, \"Go\\0\\0id\" };\n";

/// A bench whose member `m` has a link `$T/version -> $T/version2`.
fn bench() -> Bench {
    let bench = Bench::with("\n[[link]]\nfrom = '$T/version'\nto = '$T/version2'\nmember = 'm'\n");
    shim(&bench);
    bench.mkdir("version");
    bench.mkdir("version2");
    // The shim's own way to the mount engine.
    bench.install("psl-admin");
    bench
}

fn program(bench: &Bench, name: &str, text: &str) {
    bench.write(name, bench.filled(text));
    bench.chmod(name, 0o755);
}

#[track_caller]
fn assert_engine(answer: &Value, engine: &str, words: &str) {
    assert_eq!(answer["engine"], engine, "{answer}");
    assert!(answer["why"].as_str().unwrap().contains(words), "{answer}");
}

#[test]
fn what_the_preload_engine_does_not_carry_goes_where_the_host_says() {
    let bench = bench();
    compile(&bench, MAIN, "version2/static", "-static");
    compile(&bench, MAIN, "version2/static-pie", "-static-pie");
    compile(&bench, GO, "version2/go", "");
    compile(
        &bench,
        MAIN,
        "version2/musl",
        "-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1",
    );
    compile(
        &bench,
        MAIN,
        "version2/behind",
        "-Wl,--dynamic-linker=$T/version/ld-linux-x86-64.so.2",
    );
    compile(&bench, MAIN, "version2/small", "");
    let mut small = fs::read(bench.path("version2/small")).unwrap();
    // The class: elf(5).
    small[4] = 1;
    fs::write(bench.path("version2/small"), small).unwrap();
    program(&bench, "version2/script", "#!$T/version/static\n");
    let rows = [
        ("static", "is statically linked"),
        ("static-pie", "is statically linked"),
        ("go", "is a Go program"),
        ("musl", "glibc's loader"),
        ("behind", "lies behind a link"),
        ("small", "another machine or word size"),
        ("script", "is statically linked"),
    ];
    for (name, reason) in rows {
        for (policy, code, engine) in [
            ("mount", 0, "mount"),
            ("refuse", 5, "refused"),
            ("warn", 5, "uncovered"),
        ] {
            configure(&bench, &format!("on_uncovered = '{policy}'"));
            let (ended, answer) = asked(&bench, &format!("--member m $T/version/{name}"), &[]);
            assert_eq!(ended, code, "{name}: {answer}");
            assert_engine(&answer, engine, reason);
            assert_eq!(answer["help"].is_null(), code == 0, "{answer}");
            assert_eq!(answer["file"]["go"], name == "go", "{answer}");
        }
    }
    let (_, answer) = asked(&bench, "--member m $T/version/static-pie", &[]);
    assert_eq!(answer["file"]["linkage"], "static-pie", "{answer}");
    // Nobody has to be carried without links.
    let (code, answer) = asked(&bench, "$T/version2/static", &[]);
    assert_eq!(code, 0, "{answer}");
    assert_engine(&answer, "none", "no link holds");
}

#[test]
fn a_mount_that_cannot_be_made_is_a_refusal_with_the_way_out() {
    let bench = bench();
    compile(&bench, MAIN, "version2/static", "-static");
    fs::remove_dir(bench.path("version")).unwrap();
    let ran = bench.run("doctor --member m $T/version/static");
    assert_eq!((ran.code, ran.stderr.as_str()), (5, ""), "{ran:?}");
    let (_, verdict) = ran.stdout.split_once("engine    ").unwrap();
    assert!(
        verdict.starts_with("refused: it is statically linked"),
        "{ran:?}"
    );
    assert!(verdict.contains("\"$T/version\""), "{ran:?}");
    assert!(
        verdict.contains("=> make an empty directory there"),
        "{ran:?}"
    );
    assert!(!bench.path("version").exists(), "nothing was made");
}

#[test]
fn a_shim_that_does_not_find_psl_admin_cannot_switch_engines() {
    let bench = bench();
    compile(&bench, MAIN, "version2/static", "-static");
    fs::remove_file(bench.path("psl-admin")).unwrap();
    let (code, answer) = asked(&bench, "--member m $T/version/static", &[]);
    assert_eq!(code, 5, "{answer}");
    assert_engine(&answer, "refused", "is not where the shim");
}

#[test]
fn the_member_finds_a_program_along_path_and_scripts_with_its_links() {
    let bench = bench();
    compile(&bench, MAIN, "version2/interpreter", "");
    program(
        &bench,
        "version2/second",
        "#! $T/version/interpreter -x y \n",
    );
    program(&bench, "version2/first", "#!$T/version/second\n");
    let path = [("PATH", "$T/nowhere:$T/version")];
    let (code, answer) = asked(&bench, "--member m first", &path);
    assert_eq!(code, 0, "{answer}");
    assert_engine(&answer, "preload", "glibc's loader");
    let steps: Vec<_> = ["first", "second", "interpreter"]
        .iter()
        .zip(answer["path"].as_array().unwrap())
        .map(|(name, step)| {
            let named = bench.path("version").join(name);
            let physical = bench.path("version2").join(name).canonicalize().unwrap();
            assert_eq!(step["path"], as_text(&named), "{answer}");
            assert_eq!(step["physical"], as_text(&physical), "{answer}");
            step["argument"].clone()
        })
        .collect();
    assert_eq!(steps, [Value::Null, "-x y".into(), Value::Null]);
    // PSL_MEMBER counts where no member is given.
    let (code, answer) = asked(&bench, "first", &[path[0], ("PSL_MEMBER", "m")]);
    assert_eq!((code, &answer["member"]), (0, &"m".into()), "{answer}");
    let ran = bench.ran(
        bench
            .command("doctor first")
            .env("PATH", bench.filled(path[0].1)),
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("cannot execute \"first\""), "{ran:?}");
}

#[test]
fn programs_that_cannot_be_executed_and_unknown_members_are_refused() {
    let bench = bench();
    bench.write("version2/data", "text");
    program(&bench, "version2/lost", "#!$T/version/gone\n");
    program(&bench, "version2/round", "#!$T/version/round\n");
    for (name, words) in [
        ("gone", "No such file"),
        ("data", "Permission denied"),
        ("lost", "version/gone\": No such file"),
        ("round", "symbolic links"),
        ("", "Permission denied"),
    ] {
        let error = bench.fails(1, &format!("doctor --member m $T/version/{name}"));
        assert!(error.contains(words), "{name}: {error}");
    }
    let error = bench.fails(2, "doctor --member n /bin/true");
    assert!(error.contains("knows no member \"n\""), "{error}");
    bench.fails(2, "doctor --member m");
    let mut command = bench.command("doctor /bin/true");
    assert_eq!(bench.ran(command.env("PSL_MEMBER", "..")).code, 2);
}

#[test]
fn text_without_an_interpreter_line_is_told_as_what_it_is() {
    let bench = bench();
    program(&bench, "version2/text", "exit 0\n");
    let (code, answer) = asked(&bench, "--member m $T/version/text", &[]);
    assert_eq!(
        (code, &answer["file"]["format"]),
        (0, &"other".into()),
        "{answer}"
    );
}

#[test]
fn rights_that_a_user_gains_are_judged_for_that_user() {
    let bench = bench();
    compile(&bench, MAIN, "version2/su", "");
    compile(&bench, MAIN, "version2/secret", "");
    bench.chmod("version2/su", 0o4755);
    bench.chmod("version2/secret", 0o711);
    bench.chmod("", 0o755);
    let admin = bench.path("psl-admin");
    let ask = |name: &str, is_nobody| {
        let mut command = Command::new("setpriv");
        if is_nobody {
            command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        }
        command
            .arg(&admin)
            .args(["doctor", "--json", "--member", "m"])
            .arg(bench.path("version").join(name))
            .env("PSL_CONFIG", bench.path("psl.toml"))
            .env("PSL_STORE", bench.path("store"));
        let ran = bench.ran(&mut command);
        let answer: Value =
            serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        (ran.code, answer)
    };
    let (code, answer) = ask("su", true);
    assert_eq!(
        (code, &answer["file"]["gains_rights"]),
        (5, &true.into()),
        "{answer}"
    );
    assert_engine(&answer, "refused", "take those rights away");
    let (code, answer) = ask("su", false);
    assert_eq!(
        (code, &answer["file"]["gains_rights"]),
        (0, &false.into()),
        "{answer}"
    );
    let (code, answer) = ask("secret", true);
    assert_eq!(
        (code, &answer["file"]["format"]),
        (0, &"unreadable".into()),
        "{answer}"
    );
    assert_engine(&answer, "mount", "not read");
}

#[test]
fn without_a_shim_no_program_of_an_instance_starts() {
    let bench = bench();
    fs::remove_file(bench.path("libpsl_shim.so")).unwrap();
    let (code, answer) = asked(&bench, "--member m /bin/true", &[]);
    assert_eq!(code, 5, "{answer}");
    assert_engine(&answer, "refused", "the shim is missing");
    let (code, answer) = asked(&bench, "/bin/true", &[]);
    assert_eq!(code, 0, "{answer}");
    assert_engine(&answer, "none", "no link holds");
}

#[test]
fn the_program_is_never_run() {
    let bench = bench();
    program(&bench, "version2/run", "#!/bin/sh\ntouch $T/ran\n");
    bench.ok("doctor --member m $T/version/run");
    assert!(!bench.path("ran").exists());
}
