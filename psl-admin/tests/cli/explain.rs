//! `explain` for a member, and which members reach a file.
use crate::bench::Bench;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

mod process;
mod rows;

/// A bench with two versions of a tree, a member with its own link, another with a private target, and real symlinks.
pub fn bench() -> Bench {
    let bench = Bench::with(
        "
[[link]]
from = '$T/b/version'
to = '$T/b/version2'
member = 'm'

[[link]]
from = '$T/b/version2/lib'
to = '$T/shared'

[[link]]
from = '$T/b/private'
to = '$T/secret'
member = 'n'
private = true
",
    );
    for dir in ["b/version/bin", "b/version2/bin", "shared", "secret"] {
        bench.mkdir(dir);
    }
    bench.write("b/version/bin/app", "one");
    bench.write("b/version2/bin/app", "two, longer");
    bench.write("shared/x.so", "");
    symlink(bench.path("b"), bench.path("u")).unwrap();
    symlink("../../version/bin/app", bench.path("b/version2/bin/back")).unwrap();
    symlink("around", bench.path("around")).unwrap();
    bench
}

/// Returns what `explain --json` prints; `$T` stands for the bench's directory.
pub fn explained(bench: &Bench, arguments: &str) -> (i32, Value) {
    let ran = bench.run(&format!("explain --json {arguments}"));
    assert_eq!(ran.stderr, "", "{arguments}");
    (ran.code, serde_json::from_str(&ran.stdout).unwrap())
}

/// Returns the steps that are not plain, as `kind name -> text`.
fn turns(answer: &Value) -> Vec<String> {
    let steps = answer["walk"].as_array().unwrap().iter();
    let turns = steps.filter(|step| step["kind"] != "plain");
    turns
        .map(|step| {
            let text = |key: &str| step[key].as_str().unwrap_or_default().to_owned();
            let (kind, at, to) = (text("kind"), text("at"), text("to"));
            format!("{kind} {at} {to}").trim_end().to_owned()
        })
        .collect()
}

/// Returns the line of the table that has this text.
pub fn line_of(bench: &Bench, text: &str) -> u64 {
    let table = bench.table();
    let line = table.lines().position(|line| line == bench.filled(text));
    u64::try_from(line.unwrap()).unwrap() + 1
}

#[test]
fn the_walk_tells_real_symlinks_links_and_directories_apart() {
    let bench = bench();
    let link = "link $T/b/version $T/b/version2";
    let rows: [(&str, &str, &[&str]); 8] = [
        ("$T/b/version/bin/app", "$T/b/version2/bin/app", &[link]),
        ("b/version", "$T/b/version2", &[link]),
        (
            "$T/u/version/bin/app",
            "$T/b/version2/bin/app",
            &["symlink $T/u $T/b", link],
        ),
        (
            "b/version/bin/back",
            "$T/b/version2/bin/app",
            &[
                link,
                "symlink $T/b/version2/bin/back ../../version/bin/app",
                "up $T/b/version2",
                "up $T/b",
                link,
            ],
        ),
        (
            "b//version/./lib/x.so",
            "$T/shared/x.so",
            &[link, "link $T/b/version2/lib $T/shared"],
        ),
        ("b/version/..", "$T/b", &[link]),
        ("shared", "$T/shared", &[]),
        (
            "/proc/self/root$T/b/version",
            "$T/b/version2",
            &["link $T/b/version $T/b/version2"],
        ),
    ];
    for (path, physical, expected) in rows {
        let (code, answer) = explained(&bench, &format!("--member m {path}"));
        assert_eq!(
            (code, &answer["reached"]["physical"]),
            (0, &physical.into()),
            "{path}"
        );
        assert_eq!(answer["error"], Value::Null, "{path}");
        let mut turns = turns(&answer);
        turns.retain(|turn| !turn.contains("/proc/"));
        assert_eq!(turns, expected, "{path}");
    }
    let (_, answer) = explained(&bench, "--member m b/version/bin/app");
    let steps = answer["walk"].as_array().unwrap();
    assert_eq!(
        steps.last().unwrap(),
        &json!({ "at": "$T/b/version2/bin/app", "kind": "plain" })
    );
    let link = steps.iter().find(|step| step["kind"] == "link").unwrap();
    assert_eq!(link["line"], line_of(&bench, "from = '$T/b/version'") - 1);
}

#[test]
fn the_file_is_the_one_that_the_member_reaches() {
    let bench = bench();
    let (_, answer) = explained(&bench, "--member m b/version/bin/app");
    let file = fs::metadata(bench.path("b/version2/bin/app")).unwrap();
    let reached = &answer["reached"];
    assert_eq!(
        (
            &reached["device"],
            &reached["inode"],
            &reached["size"],
            &reached["kind"]
        ),
        (
            &file.dev().into(),
            &file.ino().into(),
            &11.into(),
            &"file".into()
        )
    );
    let modified: jiff::Timestamp = reached["modified"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        modified.as_nanosecond(),
        i128::from(file.mtime()) * 1_000_000_000 + i128::from(file.mtime_nsec())
    );
    assert_eq!(
        (&answer["generation"], &answer["engine"]),
        (&1.into(), &"preload".into())
    );
    let text = bench.ok("explain --member m b/version/bin/app");
    assert!(
        text.starts_with(
            "member \"m\" reaches \"$T/b/version2/bin/app\" by \"$T/b/version/bin/app\"\n"
        ),
        "{text}"
    );
    let identity = format!("device:inode {}:{}, 11 bytes", file.dev(), file.ino());
    assert!(text.contains(&identity), "{text}");
}

#[test]
fn a_path_that_does_not_exist_is_refused_with_the_errno_and_where() {
    let bench = bench();
    let long = format!("b/{}", "x".repeat(300));
    let rows = [
        ("b/version/bin/gone", "ENOENT", "$T/b/version2/bin/gone"),
        ("b/version/gone/x", "ENOENT", "$T/b/version2/gone"),
        ("b/version/bin/app/x", "ENOTDIR", "$T/b/version2/bin/app/x"),
        ("b/version/bin/app/", "ENOTDIR", "$T/b/version2/bin/app"),
        (
            "b/version/bin/app/..",
            "ENOTDIR",
            "$T/b/version2/bin/app/..",
        ),
        ("around", "ELOOP", "$T/around"),
        ("secret", "ENOENT", "$T/secret"),
        ("secret/x", "ENOENT", "$T/secret"),
        (&long, "ENAMETOOLONG", &format!("$T/{long}")),
    ];
    for (path, errno, at) in rows {
        let (code, answer) = explained(&bench, &format!("--member m {path}"));
        assert_eq!((code, &answer["reached"]), (1, &Value::Null), "{path}");
        let error = &answer["error"];
        assert_eq!(
            (&error["errno"], &error["at"]),
            (&errno.into(), &at.into()),
            "{path}"
        );
        let ran = bench.run(&format!("explain --member m {path}"));
        assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{path}");
        let head = format!("member \"m\" reaches nothing by \"$T/{path}\": {errno} (");
        assert!(ran.stdout.starts_with(&head), "{path}: {}", ran.stdout);
    }
    let mut empty = bench.command_of(&["explain", "--member", "m", ""]);
    assert!(
        bench
            .ran(&mut empty)
            .stdout
            .contains("nothing by \"\": ENOENT (")
    );
}

#[test]
fn what_is_hidden_is_told_with_the_row_that_hides_it() {
    let bench = bench();
    let line = line_of(&bench, "from = '$T/b/private'") - 1;
    let (_, answer) = explained(&bench, "--member m secret/x");
    assert_eq!(turns(&answer), ["hidden $T/secret"]);
    assert_eq!(
        answer["walk"].as_array().unwrap().last().unwrap()["line"],
        line
    );
    assert_eq!(answer["hidden"], json!(["$T/secret"]));
    assert_eq!(
        (&answer["rows"][0]["line"], &answer["rows"][0]["on_the_way"]),
        (&line.into(), &true.into())
    );
    let text = bench.run("explain --member m secret").stdout;
    assert!(
        text.contains(&format!("hidden: private target of line {line}\n")),
        "{text}"
    );
    // It is there for the member whose target it is, by both names.
    let (code, answer) = explained(&bench, "--member n secret");
    assert_eq!((code, &answer["hidden"]), (0, &json!([])));
    assert_eq!(explained(&bench, "--member n b/private").0, 0);
}

#[test]
fn the_text_shows_turns_alone_unless_all_is_asked_for() {
    let bench = bench();
    let text = bench.ok("explain --member m u/version/bin/app");
    let walk = text
        .split("\nwalk\n")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    let at: Vec<_> = walk
        .lines()
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert_eq!(at, ["AT", "$T/u", "$T/b/version", "$T/b/version2/bin/app"]);
    assert!(
        text.ends_with("\n2 more rows are for other places; --all lists them\n"),
        "{text}"
    );
    let all = bench.ok("explain --all --member m u/version/bin/app");
    assert!(all.contains("\n$T/b/version2/bin\n"), "{all}");
    assert!(all.contains("\nhidden\nNAME\n$T/secret\n"), "{all}");
    assert!(!all.contains("--all"), "{all}");
    let styled = bench.ok("--color always explain --member m u/version");
    assert!(styled.contains("\u{1b}[32m"), "{styled:?}");
}

#[test]
fn names_cannot_steer_the_terminal() {
    let bench = bench();
    bench.mkdir("b/version2/a\u{1b}[31mb");
    let ran =
        bench.ran(&mut bench.command_of(&["explain", "--member", "m", "b/version/a\u{1b}[31mb"]));
    assert_eq!(ran.code, 0);
    assert!(!ran.stdout.contains('\u{1b}'), "{ran:?}");
}

/// A member, and the names by which it reaches a file.
type Reaching<'a> = (&'a str, &'a [&'a str]);

#[test]
fn who_reaches_a_file_and_by_what_names() {
    let bench = bench();
    let rows: [(&str, &[Reaching<'_>]); 5] = [
        (
            "b/version2/bin/app",
            &[
                ("m", &["$T/b/version2/bin/app", "$T/b/version/bin/app"]),
                ("n", &["$T/b/version2/bin/app"]),
            ],
        ),
        ("b/version/bin/app", &[("n", &["$T/b/version/bin/app"])]),
        ("u/version", &[("n", &["$T/b/version"])]),
        ("secret", &[("n", &["$T/secret", "$T/b/private"])]),
        (
            "shared/x.so",
            &[
                ("m", &["$T/shared/x.so", "$T/b/version2/lib/x.so"]),
                ("n", &["$T/shared/x.so", "$T/b/version2/lib/x.so"]),
            ],
        ),
    ];
    for (path, expected) in rows {
        let (code, shown) = explained(&bench, &format!("--who {path}"));
        let expected: Vec<_> = expected
            .iter()
            .map(|(member, names)| json!({ "member": member, "names": names }))
            .collect();
        assert_eq!((code, &shown["members"]), (0, &expected.into()), "{path}");
        let inode = fs::metadata(bench.path(path)).unwrap().ino();
        assert_eq!(shown["file"]["inode"], inode, "{path}");
    }
    let text = bench.ok("explain --who secret");
    assert_eq!(
        text,
        "MEMBER  REACHES IT BY\nn       $T/secret\nn       $T/b/private\n"
    );
}

#[test]
fn a_file_that_nobody_reaches_or_that_is_not_there_exits_with_1() {
    let bench = bench();
    bench.write(
        "store/table.toml",
        bench
            .table()
            .replace("member = 'n'", "when = { app = 'x' }"),
    );
    let ran = bench.run("explain --who secret");
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert_eq!(ran.stderr, "psl-admin: no member reaches \"$T/secret\"\n");
    let stderr = bench.fails(1, "explain --who missing/x");
    assert!(
        stderr.contains("there is no file \"$T/missing/x\": ENOENT (")
            && stderr.contains("at \"$T/missing\""),
        "{stderr}"
    );
}
