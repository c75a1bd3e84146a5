//! Libraries: what the loader takes without links, and what the member gets.
use super::{as_text, asked, compile, shim};
use crate::bench::Bench;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A bench whose member `m` has a link `$T/version -> $T/version2`, with a library and one that it needs in both.
fn bench() -> Bench {
    let bench = Bench::with("\n[[link]]\nfrom = '$T/version'\nto = '$T/version2'\nmember = 'm'\n");
    shim(&bench);
    for version in ["version", "version2"] {
        let dir = format!("{version}/lib");
        bench.mkdir(&dir);
        compile(
            &bench,
            "int deep(void) { return 1; }",
            &format!("{dir}/libdeep.so"),
            "-shared -fPIC -Wl,-soname,libdeep.so",
        );
        compile(
            &bench,
            "extern int deep(void); int outer(void) { return deep(); }",
            &format!("{dir}/libouter.so"),
            &format!("-shared -fPIC -Wl,-soname,libouter.so -L$T/{dir} -ldeep -Wl,-rpath,$ORIGIN"),
        );
    }
    bench
}

const MAIN: &str = "extern int outer(void); int main(void) { return outer(); }\n";

#[track_caller]
fn library<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let libraries = answer["libraries"].as_array().unwrap();
    let mut named = libraries.iter().filter(|it| it["name"] == name);
    let found = named
        .next()
        .unwrap_or_else(|| panic!("{answer} lacks {name}"));
    assert!(named.next().is_none(), "{answer} has {name} twice");
    found
}

#[test]
fn a_library_behind_a_link_is_the_members_however_it_is_searched() {
    let bench = bench();
    let rows: [(&str, &str, &str, &str); 7] = [
        (
            "RUNPATH",
            "-Wl,--enable-new-dtags,-rpath,$T/version/lib",
            "",
            "runpath",
        ),
        (
            "RPATH",
            "-Wl,--disable-new-dtags,-rpath,$T/version/lib",
            "",
            "rpath",
        ),
        (
            "$ORIGIN",
            "-Wl,--enable-new-dtags,-rpath,$ORIGIN/../version/lib",
            "",
            "runpath",
        ),
        (
            "${ORIGIN}",
            "-Wl,--disable-new-dtags,-rpath,${ORIGIN}/../version/lib",
            "",
            "rpath",
        ),
        (
            "the second of a list",
            "-Wl,--enable-new-dtags,-rpath,/nowhere:$T/version/lib",
            "",
            "runpath",
        ),
        ("LD_LIBRARY_PATH", "", "$T/version/lib", "library-path"),
        (
            "LD_LIBRARY_PATH before RUNPATH",
            "-Wl,--enable-new-dtags,-rpath,$T/nowhere",
            "/nowhere;$T/version/lib",
            "library-path",
        ),
    ];
    for (name, flags, library_path, by) in rows {
        bench.mkdir("app");
        let flags = format!("-L$T/version/lib -louter -Wl,-rpath-link,$T/version/lib {flags}");
        compile(&bench, MAIN, "app/app", &flags);
        let environment = [("LD_LIBRARY_PATH", library_path)];
        let (code, answer) = asked(&bench, "--member m $T/app/app", &environment);
        assert_eq!(
            (code, &answer["engine"]),
            (0, &"preload".into()),
            "{name}: {answer}"
        );
        assert!(answer["audit"].is_string(), "{name}: {answer}");
        for (needed, needed_by) in [
            ("libouter.so", Value::Null),
            ("libdeep.so", "libouter.so".into()),
        ] {
            let found = library(&answer, needed);
            let at = |version: &str| {
                bench
                    .path(version)
                    .join("lib")
                    .join(needed)
                    .canonicalize()
                    .unwrap()
            };
            assert_eq!(
                found["member"],
                as_text(&at("version2")),
                "{name}: {answer}"
            );
            assert_eq!(
                found["without_links"],
                as_text(&at("version")),
                "{name}: {answer}"
            );
            assert_eq!(found["needed_by"], needed_by, "{name}: {answer}");
        }
        assert_eq!(
            library(&answer, "libouter.so")["found_by"],
            by,
            "{name}: {answer}"
        );
        // Without links all is as it is, and nobody is audited.
        let (_, answer) = asked(&bench, "$T/app/app", &environment);
        assert!(answer["audit"].is_null(), "{name}: {answer}");
        let found = library(&answer, "libouter.so");
        assert_eq!(found["member"], found["without_links"], "{name}: {answer}");
    }
}

#[test]
fn a_path_in_needed_and_a_library_that_is_nowhere_are_told() {
    let bench = bench();
    compile(
        &bench,
        "int outer(void) { return 1; }",
        "version/lib/bare.so",
        "-shared -fPIC",
    );
    compile(
        &bench,
        "int outer(void) { return 1; }",
        "version2/lib/bare.so",
        "-shared -fPIC",
    );
    compile(&bench, MAIN, "app", "$T/version/lib/bare.so");
    let (_, answer) = asked(&bench, "--member m $T/app", &[]);
    let named = bench.path("version/lib/bare.so");
    assert_eq!(
        library(&answer, as_text(&named))["found_by"],
        "path",
        "{answer}"
    );
    assert!(
        answer["audit"]
            .as_str()
            .unwrap()
            .contains("the program's own"),
        "{answer}"
    );
    compile(
        &bench,
        MAIN,
        "lost",
        "-L$T/version/lib -louter -Wl,-rpath-link,$T/version/lib",
    );
    let (code, answer) = asked(&bench, "--member m $T/lost", &[]);
    let found = library(&answer, "libouter.so");
    assert_eq!(code, 0, "{answer}");
    assert!(
        found["member"].is_null() && found["without_links"].is_null(),
        "{answer}"
    );
    let text = bench.ok("doctor --member m $T/lost");
    assert!(text.contains("libouter.so           not found"), "{text}");
}

#[test]
fn a_library_that_searches_behind_links_itself_makes_the_loader_audited() {
    let bench = bench();
    bench.mkdir("own");
    compile(
        &bench,
        "extern int deep(void); int outer(void) { return deep(); }",
        "own/libouter.so",
        "-shared -fPIC -Wl,-soname,libouter.so -L$T/version/lib -ldeep -Wl,--enable-new-dtags,-rpath,$T/version/lib",
    );
    compile(
        &bench,
        MAIN,
        "app",
        "-L$T/own -louter -Wl,--enable-new-dtags,-rpath,$T/own,-rpath-link,$T/version/lib",
    );
    let (_, answer) = asked(&bench, "--member m $T/app", &[]);
    let audit = answer["audit"].as_str().unwrap();
    assert!(audit.contains("started twice"), "{answer}");
    let deep = bench
        .path("version2/lib/libdeep.so")
        .canonicalize()
        .unwrap();
    assert_eq!(
        library(&answer, "libdeep.so")["member"],
        as_text(&deep),
        "{answer}"
    );
}

#[test]
fn without_links_the_libraries_are_those_that_the_loader_takes() {
    let bench = bench();
    compile(
        &bench,
        MAIN,
        "app",
        "-L$T/version/lib -louter -Wl,-rpath-link,$T/version/lib -Wl,-rpath,$ORIGIN/version/lib",
    );
    let app = bench.path("app");
    let programs = [
        "/bin/ls",
        "/bin/bash",
        "/usr/bin/perl",
        "/usr/bin/cc",
        "/usr/bin/ssh",
        "/usr/bin/git",
    ];
    let programs = programs.iter().map(Path::new).chain([app.as_path()]);
    let mut compared = 0;
    for program in programs.filter(|program| program.exists()) {
        let (_, answer) = asked(&bench, as_text(program), &[]);
        let told: BTreeMap<String, PathBuf> = answer["libraries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                (
                    it["name"].as_str().unwrap().to_owned(),
                    it["without_links"].as_str().unwrap().into(),
                )
            })
            .filter(|(name, _)| !name.starts_with("ld-linux"))
            .collect();
        assert_eq!(told, traced(program), "{program:?}");
        compared += told.len();
    }
    assert!(compared > 10, "{compared}");
}

/// Returns what the loader itself says (`LD_TRACE_LOADED_OBJECTS`): names and files.
fn traced(program: &Path) -> BTreeMap<String, PathBuf> {
    let mut command = Command::new(program);
    let output = command
        .env("LD_TRACE_LOADED_OBJECTS", "1")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text
        .lines()
        .filter_map(|line| line.trim().split_once(" => "));
    lines
        .map(|(name, found)| {
            let (path, _) = found.rsplit_once(" (").unwrap();
            (name.to_owned(), Path::new(path).canonicalize().unwrap())
        })
        .filter(|(name, _)| !name.contains("ld-linux"))
        .collect()
}
