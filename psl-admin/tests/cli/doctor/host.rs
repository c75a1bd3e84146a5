//! Each check of the host, in each state that a test can bring it to.
use super::{asked, check, compile, configure, shim};
use crate::bench::Bench;
use std::fs;

fn bench() -> Bench {
    let bench = Bench::new();
    shim(&bench);
    bench
}

#[test]
fn a_host_that_is_ready_has_every_check_once_and_fails_none() {
    let bench = bench();
    let (code, answer) = asked(&bench, "", &[]);
    assert_eq!((code, &answer["ready"]), (0, &true.into()), "{answer}");
    let checks = answer["checks"].as_array().unwrap();
    let names: Vec<_> = checks
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "configuration",
            "shim",
            "glibc",
            "store",
            "file system",
            "table",
            "clock",
            "user",
            "procfs",
            "mounts",
            "user namespaces",
            "seccomp",
            "io_uring",
            "ld.so.cache"
        ]
    );
    for it in checks {
        assert_eq!(it["advice"].is_null(), it["state"] == "ok", "{it}");
    }
    for name in [
        "configuration",
        "shim",
        "glibc",
        "store",
        "table",
        "clock",
        "procfs",
    ] {
        assert_eq!(check(&answer, name)["state"], "ok", "{answer}");
    }
}

#[test]
fn the_lines_are_aligned_marked_and_coloured_where_colour_is_wanted() {
    let bench = bench();
    let plain = bench.ok("doctor");
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    for line in plain
        .lines()
        .filter(|line| !line.trim_start().starts_with("=> "))
    {
        assert!(
            ["ok    ", "warn  "]
                .iter()
                .any(|mark| line.starts_with(mark)),
            "{line}"
        );
        // The longest name is as wide as its column.
        assert_eq!(&line[6 + "user namespaces".len()..][..2], "  ", "{line}");
        assert_ne!(
            line.as_bytes()[6 + "user namespaces".len() + 2],
            b' ',
            "{line}"
        );
    }
    let coloured = bench.ok("--color always doctor");
    assert!(coloured.contains("\u{1b}[32mok"), "{coloured:?}");
}

#[test]
fn a_shim_that_is_missing_or_broken_fails_with_the_loaders_reason() {
    let bench = Bench::new();
    configure(&bench, "");
    let (code, answer) = asked(&bench, "", &[]);
    let found = check(&answer, "shim");
    assert_eq!((code, &found["state"]), (5, &"fail".into()), "{answer}");
    assert!(
        found["found"].as_str().unwrap().contains("is missing"),
        "{answer}"
    );

    bench.write("libpsl_shim.so", "no library");
    let (code, answer) = asked(&bench, "", &[]);
    assert_eq!((code, &answer["ready"]), (5, &false.into()));
    let found = check(&answer, "shim")["found"].as_str().unwrap();
    assert!(found.contains("does not load into /bin/true: "), "{found}");
    assert!(
        found.contains("too short") || found.contains("invalid ELF header"),
        "{found}"
    );
    assert_eq!(check(&answer, "glibc")["state"], "fail");

    // It needs a symbol that nobody has.
    compile(
        &bench,
        "extern int nobody_has_this(void); int (*volatile it)(void) = nobody_has_this;",
        "libpsl_shim.so",
        "-shared -fPIC",
    );
    let (code, answer) = asked(&bench, "", &[]);
    let found = check(&answer, "shim")["found"].as_str().unwrap();
    assert_eq!(code, 5);
    assert!(found.contains("nobody_has_this"), "{found}");

    // It kills whoever loads it.
    compile(
        &bench,
        "#include <stdlib.h>\n__attribute__((constructor)) static void die(void) { abort(); }",
        "libpsl_shim.so",
        "-shared -fPIC",
    );
    let (code, answer) = asked(&bench, "", &[]);
    let found = check(&answer, "shim")["found"].as_str().unwrap();
    assert_eq!(code, 5);
    assert!(found.contains("killed by signal 6"), "{found}");
}

#[test]
fn a_shim_for_a_younger_glibc_is_refused_by_its_version() {
    let bench = Bench::new();
    configure(&bench, "");
    bench.write("map", "GLIBC_2.999 { own; };\n");
    compile(
        &bench,
        "int own(void) { return 1; }",
        "libyounger.so",
        "-shared -fPIC -Wl,--version-script=$T/map -Wl,-soname,libyounger.so",
    );
    compile(
        &bench,
        "extern int own(void); int it(void) { return own(); }",
        "libpsl_shim.so",
        "-shared -fPIC -L$T -lyounger -Wl,-rpath,$T",
    );
    let (code, answer) = asked(&bench, "", &[]);
    let found = check(&answer, "glibc");
    assert_eq!((code, &found["state"]), (5, &"fail".into()), "{answer}");
    assert!(
        found["found"]
            .as_str()
            .unwrap()
            .ends_with("needs 2.999 or later"),
        "{answer}"
    );
    assert!(
        found["advice"]
            .as_str()
            .unwrap()
            .contains("docs/building.md"),
        "{answer}"
    );
}

#[test]
fn a_store_that_is_missing_lost_distrusted_or_wrong_has_its_own_exit_code() {
    type Spoil = fn(&Bench);
    let rows: [(&str, Spoil, i32, &str, &str, &str); 7] = [
        (
            "gone",
            |it| fs::remove_dir_all(it.path("store")).unwrap(),
            6,
            "store",
            "fail",
            "is no store",
        ),
        (
            "no table",
            |it| fs::remove_file(it.path("store/table.toml")).unwrap(),
            6,
            "table",
            "fail",
            "lost its table",
        ),
        (
            "open to all",
            |it| it.chmod("store", 0o777),
            5,
            "store",
            "fail",
            "writable by group and others",
        ),
        (
            "open table",
            |it| it.chmod("store/table.toml", 0o666),
            5,
            "store",
            "fail",
            "table.toml\" is writable",
        ),
        (
            "open to all, and that is meant",
            |it| {
                it.chmod("store", 0o777);
                configure(it, "trust = 'any'");
            },
            0,
            "store",
            "warn",
            "writable by group and others",
        ),
        (
            "wrong table",
            |it| {
                it.write(
                    "store/table.toml",
                    "generation = 1\nformat = 1\nlinks = 3\n",
                )
            },
            3,
            "table",
            "fail",
            "table.toml:3:1: unknown key",
        ),
        (
            "wrong members",
            |it| it.write("store/members.toml", "[member.m]\nunit = 7\n"),
            3,
            "table",
            "fail",
            "members.toml:2:",
        ),
    ];
    for (name, spoil, expected, checked, state, words) in rows {
        let bench = bench();
        spoil(&bench);
        let (code, answer) = asked(&bench, "", &[]);
        let found = check(&answer, checked);
        assert_eq!(
            (code, &found["state"]),
            (expected, &state.into()),
            "{name}: {answer}"
        );
        assert!(
            found["found"].as_str().unwrap().contains(words),
            "{name}: {found}"
        );
    }
}

#[test]
fn what_failed_first_decides_the_exit_code_and_hides_nothing() {
    let bench = bench();
    bench.write("psl.toml", "stoer = '/shared'\n");
    bench.write("store/table.toml", "format = 1\n");
    let (code, answer) = asked(&bench, "", &[("PSL_STORE", "$T/gone")]);
    assert_eq!(code, 3, "{answer}");
    assert!(
        check(&answer, "configuration")["found"]
            .as_str()
            .unwrap()
            .contains("psl.toml:1:1")
    );
    assert_eq!(check(&answer, "store")["state"], "fail");
    let (code, answer) = asked(&bench, "", &[("PSL_STORE", "")]);
    assert_eq!(code, 3);
    let store = check(&answer, "store");
    assert!(
        store["found"]
            .as_str()
            .unwrap()
            .contains("no store is named"),
        "{store}"
    );
}

#[test]
fn a_lax_configuration_and_a_commit_from_the_future_are_told() {
    let bench = bench();
    configure(&bench, "on_error = 'ignore'\non_uncovered = 'warn'");
    let text = bench.table();
    let (before, when) = text.split_once("#: when ").unwrap();
    let (_, behind) = when.split_once('\n').unwrap();
    bench.write(
        "store/table.toml",
        format!("{before}#: when 2999-01-01T00:00:00Z\n{behind}"),
    );
    let (code, answer) = asked(&bench, "", &[]);
    assert_eq!(code, 0, "{answer}");
    let lax = check(&answer, "configuration");
    assert_eq!(lax["state"], "warn");
    for word in ["on_error", "on_uncovered"] {
        assert!(lax["found"].as_str().unwrap().contains(word), "{lax}");
    }
    let clock = check(&answer, "clock");
    assert_eq!(clock["state"], "warn");
    assert!(
        clock["found"]
            .as_str()
            .unwrap()
            .ends_with(" s in the future"),
        "{clock}"
    );
}

#[test]
fn libraries_of_the_cache_that_lie_behind_a_link_are_counted() {
    let bench = Bench::with("\n[[link]]\nfrom = '/lib'\nto = '$T/store'\nmember = 'm'\n");
    shim(&bench);
    let (code, answer) = asked(&bench, "", &[]);
    let cache = check(&answer, "ld.so.cache");
    assert_eq!((code, &cache["state"]), (0, &"warn".into()), "{answer}");
    let found = cache["found"].as_str().unwrap();
    assert!(found.contains("the first is \"/lib"), "{found}");
}

#[test]
fn a_kernel_that_forbids_namespaces_is_told_with_the_setting() {
    let bench = bench();
    // In a user namespace with this limit nobody can make another; its owner may still make mounts.
    let script = "echo 0 > /proc/sys/user/max_user_namespaces; exec \"$@\"";
    let mut command = bench.command("doctor --json");
    let admin = command.get_program().to_owned();
    let mut inside = std::process::Command::new("unshare");
    inside
        .args(["--user", "--map-root-user", "sh", "-c", script, "sh"])
        .arg(admin)
        .args(["doctor", "--json"])
        .env("PSL_CONFIG", bench.path("psl.toml"))
        .env("PSL_STORE", bench.path("store"));
    let ran = bench.ran(&mut inside);
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(check(&answer, "mounts")["state"], "ok", "{answer}");
    let namespaces = check(&answer, "user namespaces");
    assert_eq!(namespaces["state"], "warn", "{answer}");
    // The host's own answer is another one.
    command.env("PSL_STORE", bench.path("store"));
    let ran = bench.ran(&mut command);
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(check(&answer, "mounts")["state"], "ok", "{answer}");
}
