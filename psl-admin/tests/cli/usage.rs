//! Command lines that are wrong: exit 2, the argument named, nothing changed.
use crate::bench::Bench;

#[test]
fn a_wrong_argument_is_named_and_changes_nothing() {
    let bench = Bench::new();
    let before = bench.store();
    let long = format!("add /{} /b", "x".repeat(4096));
    let rows = [
        (
            "add relative /b",
            "'relative' for '<FROM>': is relative, expected an absolute path",
        ),
        (
            "add /a relative",
            "'relative' for '<TO>': is relative, expected an absolute path",
        ),
        (
            "add / /b",
            "'/' for '<FROM>': is the root, expected a path below it",
        ),
        ("add /a/ /b", "'/a/' for '<FROM>': ends in a slash"),
        (
            "add /a/../c /b",
            "'/a/../c' for '<FROM>': has a `.` or `..` component",
        ),
        (
            "add /a//c /b",
            "'/a//c' for '<FROM>': has an empty component",
        ),
        (&long, "for '<FROM>': has 4097 bytes, expected at most 4095"),
        ("add /a", "<TO>"),
        (
            "add --member a/b /a /b",
            "'a/b' for '--member <M>': cannot be a file name",
        ),
        (
            "add --when colour=red /a /b",
            "'colour=red' for '--when <KEY=VALUE>': unknown key \"colour\"",
        ),
        (
            "add --when app /a /b",
            "'app' for '--when <KEY=VALUE>': expected KEY=VALUE",
        ),
        (
            "add --when env.=x /a /b",
            "'env.=x' for '--when <KEY=VALUE>'",
        ),
        (
            "add --when exe=[ /a /b",
            "'exe=[' for '--when <KEY=VALUE>': `exe` is not a glob",
        ),
        (
            "add --when app=a --when app=b /a /b",
            "--when app=b: `app` is given twice",
        ),
        (
            "add --member m --when member=n /a /b",
            "--when member=n: `member` is given twice",
        ),
        (
            "add --if-generation x /a /b",
            "'x' for '--if-generation <N>'",
        ),
        ("remove relative", "'relative' for '<FROM>'"),
        ("member set m", "<KEY=VALUE>"),
        (
            "member set m colour=red",
            "unknown attribute \"colour\", known are",
        ),
        ("show x", "'x' for '<GEN>'"),
        ("resolve /a", "--member <M>"),
        ("explain /a", "--member <M>"),
        ("explain --member m --who /a", "cannot be used with"),
        ("explain --pid 0 /a", "'0' for '--pid <P>'"),
        ("explain --who --exe /x /a", "--member <M>"),
        ("diff", "<A>"),
        (
            "diff 99999999999999999999",
            "expected a generation or a file",
        ),
        ("apply", "<FILE>"),
        ("completions tcsh", "'tcsh' for '<SHELL>'"),
        (
            "run --member m --engine fuse -- true",
            "'fuse' for '--engine <ENGINE>'",
        ),
        ("run --member m true", "'true'"),
        ("run --member m", "-- <CMD>"),
        ("launch 1 /x true", "'launch'"),
        ("enter", "<PROGRAM> [ARGV0] [ARGS]..."),
        ("--color red list", "'red' for '--color <WHEN>'"),
        ("", "Usage: psl-admin"),
    ];
    for (arguments, expected) in rows {
        let ran = bench.run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments}");
        assert!(ran.stderr.contains(expected), "{arguments}: {}", ran.stderr);
        assert!(
            !ran.stderr.contains("error:"),
            "{arguments}: {}",
            ran.stderr
        );
    }
    assert_eq!(bench.store(), before);
}

#[test]
fn a_store_must_be_named() {
    let bench = Bench::new();
    let ran = bench.ran(bench.command("list").env_remove("PSL_STORE"));
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.starts_with("psl-admin: no store is named\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_store_is_named_by_flag_then_variable_then_configuration() {
    let bench = Bench::new();
    let nowhere = bench.path("nowhere");
    let mut by_flag = bench.command("--store store list");
    assert_eq!(bench.ran(by_flag.env("PSL_STORE", &nowhere)).code, 0);
    bench.write("psl.toml", bench.filled("store = '$T/nowhere'"));
    assert_eq!(bench.run("list").code, 0);
    bench.write("psl.toml", bench.filled("store = '$T/store'"));
    assert_eq!(
        bench
            .ran(bench.command("list").env_remove("PSL_STORE"))
            .code,
        0
    );
}

#[test]
fn a_member_that_nobody_knows_is_refused_with_the_known_ones() {
    let bench = Bench::with(
        "\n[member.web]\n[member.erp1]\n[[link]]\nfrom = '/a'\nto = '/b'\nmember = 'erp2'\n",
    );
    for verb in [
        "resolve --member erp3 /",
        "explain --member erp3 /",
        "env --member erp3",
        "run --member erp3 -- true",
        "list --member erp3",
    ] {
        assert_eq!(
            bench.fails(2, verb),
            "psl-admin: the table knows no member \"erp3\"\n |\n = help: it knows \"erp1\", \"erp2\", \"web\"\n",
            "{verb}"
        );
    }
    let bench = Bench::new();
    assert!(
        bench
            .fails(2, "resolve --member m /")
            .contains("it knows none at all")
    );
}
