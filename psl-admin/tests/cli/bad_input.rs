//! Tables and configurations that are wrong: refused by name and place, without hanging, and nothing changed.
use crate::bench::Bench;
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;

#[test]
fn an_invalid_table_is_shown_with_its_line_and_a_caret() {
    let bench = Bench::new();
    let head = "format = 1\ngeneration = 1\n";
    let rows = [
        (
            format!("{head}\n[[link]]\nform = '/a'\nto = '/b'\n"),
            "psl-admin: $T/store/table.toml:5:1: unknown key `form`",
            "\n  |\n5 | form = '/a'\n  | ^^^^\n",
        ),
        (
            format!("{head}[[link]]\nfrom = 'a'\nto = '/b'\n"),
            "psl-admin: $T/store/table.toml:4:8: `from` \"a\" is relative",
            "\n  |\n4 | from = 'a'\n  |        ^^^\n",
        ),
        (
            "format = 7\ngeneration = 1\n".to_owned(),
            "psl-admin: $T/store/table.toml:1:10: format 7, this program reads up to 1",
            "\n  |\n1 | format = 7\n  |          ^\n",
        ),
        (
            format!("{head}link ="),
            "psl-admin: $T/store/table.toml:3:",
            "\n3 | link =\n",
        ),
    ];
    for (text, message, line) in rows {
        bench.write("store/table.toml", &text);
        let before = bench.store();
        for verb in [
            "list",
            "check",
            "add /x $T",
            "env --member m",
            "run --member m -- true",
        ] {
            let stderr = bench.fails(3, verb);
            assert!(stderr.starts_with(message), "{verb}: {stderr}");
            assert!(stderr.contains(line), "{verb}: {stderr}");
        }
        assert_eq!(bench.store(), before);
    }
}

#[test]
fn what_is_no_readable_table_is_refused_at_once() {
    let bench = Bench::new();
    let table = bench.path("store/table.toml");
    let rows: [(&str, &dyn Fn(), i32, &str); 6] = [
        (
            "a directory",
            &|| fs::create_dir(&table).unwrap(),
            3,
            "is a directory, expected a regular file",
        ),
        (
            "a FIFO",
            &|| {
                assert!(
                    Command::new("mkfifo")
                        .args(["-m", "644"])
                        .arg(&table)
                        .status()
                        .unwrap()
                        .success()
                )
            },
            3,
            "is a FIFO, expected a regular file",
        ),
        (
            "no text",
            &|| bench.write("store/table.toml", b"format = 1\n\"\xff"),
            3,
            "table.toml:2:2: not UTF-8",
        ),
        (
            "a file that others can write",
            &|| {
                bench.write("store/table.toml", "format = 1\ngeneration = 1\n");
                bench.chmod("store/table.toml", 0o666);
            },
            5,
            "is writable by group and others",
        ),
        ("nothing", &|| {}, 6, "table.toml"),
        (
            "too large",
            &|| fs::File::create(&table).unwrap().set_len(1 << 30).unwrap(),
            3,
            "is too large",
        ),
    ];
    for (what, make, code, message) in rows {
        if table.is_dir() {
            fs::remove_dir(&table).unwrap();
        } else {
            fs::remove_file(&table).unwrap();
        }
        make();
        if !table.exists() {
            assert!(bench.fails(code, "list").contains(message), "{what}");
            fs::write(&table, "").unwrap();
            continue;
        }
        let checked = bench.run("check");
        assert_eq!(checked.code, code, "{what}: {checked:?}");
        assert!(checked.stderr.contains(message), "{what}: {checked:?}");
        for verb in ["list", "add /x $T", "run --member m -- true"] {
            let stderr = bench.fails(code, verb);
            assert!(stderr.contains(message), "{what}: {verb}: {stderr}");
        }
    }
}

#[test]
fn a_table_that_may_not_be_read_is_refused() {
    let bench = Bench::new();
    bench.chmod("store/table.toml", 0);
    // Root may read anything: step down to a user who may not, with a program that this user can reach.
    let program = bench.install("psl-admin");
    bench.chmod("", 0o755);
    let mut command = Command::new(&program);
    command
        .env("PSL_STORE", bench.path("store"))
        .env("PSL_CONFIG", bench.path("psl.toml"))
        .arg("list");
    if fs::read(bench.path("store/table.toml")).is_ok() {
        command.uid(65534).gid(65534);
    }
    let ran = bench.ran(&mut command);
    assert_eq!(ran.code, 6, "{ran:?}");
    assert!(
        ran.stderr
            .starts_with("psl-admin: cannot open \"$T/store/table.toml\": Permission denied"),
        "{ran:?}"
    );
}

#[test]
fn a_store_that_others_can_write_is_refused_until_the_host_trusts_it() {
    let bench = Bench::new();
    bench.chmod("store", 0o777);
    for verb in ["list", "add /x $T", "env --member m"] {
        let stderr = bench.fails(5, verb);
        assert!(
            stderr.contains("\"$T/store\" is writable by group and others"),
            "{verb}: {stderr}"
        );
        assert!(stderr.contains("chmod go-w $T/store"), "{verb}: {stderr}");
    }
    bench.write("psl.toml", "trust = 'any'\n");
    bench.ok("list");
}

#[test]
fn a_directory_that_is_no_store_is_refused() {
    let bench = Bench::without_store();
    assert!(bench.fails(6, "list").contains("$T/store"));
    bench.mkdir("store");
    assert!(
        bench
            .fails(6, "list")
            .contains("make one with `psl-admin init $T/store`")
    );
}

#[test]
fn a_wrong_host_configuration_is_shown_with_its_line() {
    let bench = Bench::new();
    bench.write("psl.toml", "stroe = '/x'\n");
    let stderr = bench.fails(3, "list");
    assert!(
        stderr.starts_with("psl-admin: $T/psl.toml:1:1: unknown key `stroe`"),
        "{stderr}"
    );
    assert!(
        stderr.contains("\n1 | stroe = '/x'\n  | ^^^^^\n"),
        "{stderr}"
    );
    fs::remove_file(bench.path("psl.toml")).unwrap();
    assert!(bench.fails(6, "list").contains("$T/psl.toml"));
}
