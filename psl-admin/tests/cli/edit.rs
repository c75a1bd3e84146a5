//! `edit`: the table in an editor, and what becomes of texts that are not committed.
use crate::bench::{Bench, Ran};
use std::fs;
use std::path::PathBuf;

mod asked;
mod conflicts;
mod interrupted;
mod places;

/// A bench whose editor is a shell script that gets the file as `$1`.
pub fn bench(script: &str) -> Bench {
    let bench = Bench::with("\n[[link]]\nfrom = '/a'\nto = '$T'\n");
    bench.ok("member set m app=x");
    editor(&bench, script);
    bench
}

/// Sets the script.
pub fn editor(bench: &Bench, script: &str) {
    bench.write("editor", bench.filled(script));
}

/// Runs `edit` without a terminal.
pub fn edit(bench: &Bench, arguments: &str) -> Ran {
    let mut command = bench.command(&format!("edit {arguments}"));
    bench.ran(command.env("EDITOR", bench.filled("sh $T/editor")))
}

/// Returns the kept texts.
pub fn kept(bench: &Bench) -> Vec<PathBuf> {
    let drafts = fs::read_dir(bench.path("state/psl/edit"));
    let drafts = drafts.into_iter().flatten();
    let mut kept: Vec<_> = drafts
        .map(|draft| draft.unwrap().path().join("table.toml"))
        .collect();
    kept.sort();
    kept
}

#[test]
fn what_is_edited_is_shown_and_committed() {
    let bench = bench("sed -i \"s|'/a'|'/b'|\" \"$1\"");
    let ran = edit(&bench, "--reason 'roll");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(
        ran.stdout.starts_with("--- generation 2\n+++ edited\n@@ "),
        "{ran:?}"
    );
    assert!(
        ran.stdout.contains("\n-from = '/a'\n+from = '/b'\n"),
        "{ran:?}"
    );
    assert!(ran.stdout.ends_with("\ngeneration 3\n"), "{ran:?}");
    assert!(bench.body().contains("from = '/b'\n"));
    assert!(bench.table().contains("#: reason 'roll\n"));
    assert_eq!(kept(&bench), Vec::<PathBuf>::new());

    editor(&bench, "sed -i \"s|'/b'|'/c'|\" \"$1\"");
    let ran = edit(&bench, "--json --if-generation 3");
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["generation"], 4);
    assert!(json["diff"].as_str().unwrap().contains("\n+from = '/c'\n"));
    let styled = edit(&bench, "--color always --dry-run");
    assert_eq!(styled.stdout, "");
}

#[test]
fn the_editor_is_visual_then_editor_split_as_a_shell_does() {
    let bench = bench("");
    bench.write("my editor", "echo \"# $1\" >> \"$2\"");
    let rows = [
        (
            Some("sh '$T/my editor' 'by visual'"),
            Some("false"),
            "by visual",
        ),
        (
            Some(""),
            Some("sh \"$T/my editor\" by\\ editor"),
            "by editor",
        ),
        (None, Some("  sh '$T/my editor' plain "), "plain"),
    ];
    for (visual, editor, remark) in rows {
        let mut command = bench.command("edit");
        for (name, value) in [("VISUAL", visual), ("EDITOR", editor)] {
            if let Some(value) = value {
                command.env(name, bench.filled(value));
            }
        }
        assert_eq!(bench.ran(&mut command).code, 0, "{remark}");
        assert!(bench.table().ends_with(&format!("\n# {remark}\n")));
    }
    let vi = bench.path("bin/vi");
    bench.write("bin/vi", "#!/bin/sh\necho '# by vi' >> \"$1\"\n");
    bench.chmod("bin/vi", 0o755);
    let path = format!("{}:/usr/bin:/bin", vi.parent().unwrap().display());
    assert_eq!(bench.ran(bench.command("edit").env("PATH", path)).code, 0);
    assert!(bench.table().ends_with("\n# by vi\n"));
}

#[test]
fn an_editor_that_cannot_be_used_is_named_and_changes_nothing() {
    let bench = bench("");
    let before = bench.store();
    let rows = [
        (
            "'x",
            2,
            "EDITOR is \"'x\", expected a command and its arguments",
        ),
        ("   ", 2, "EDITOR is \"   \", expected a command"),
        ("'' x", 2, "EDITOR is \"'' x\", expected a command"),
        (
            "$T/missing",
            2,
            "cannot start the editor \"$T/missing\" of EDITOR: No such file",
        ),
        (
            "false",
            1,
            "the editor \"false\" of EDITOR failed: exit status 1, nothing is committed\n",
        ),
        (
            "sh -c 'kill -9 $$'",
            1,
            "failed: signal 9 (SIGKILL), nothing is committed\n",
        ),
        ("rm", 6, "cannot open \"$T/state/psl/edit/"),
    ];
    for (editor, code, message) in rows {
        let mut command = bench.command("edit");
        let ran = bench.ran(command.env("EDITOR", bench.filled(editor)));
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (code, ""),
            "{editor}: {ran:?}"
        );
        assert!(ran.stderr.starts_with("psl-admin: "), "{editor}: {ran:?}");
        assert!(ran.stderr.contains(message), "{editor}: {ran:?}");
        assert_eq!(kept(&bench), Vec::<PathBuf>::new(), "{editor}");
    }
    assert_eq!(bench.store(), before);
}

#[test]
fn a_text_without_changes_commits_nothing_and_is_not_kept() {
    let bench = bench("touch \"$1\"");
    let before = bench.store();
    let ran = edit(&bench, "");
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (0, "generation 2\n", "")
    );
    assert_eq!(bench.store().len(), before.len());
    assert_eq!(kept(&bench), Vec::<PathBuf>::new());
}

#[test]
fn an_invalid_text_is_kept_and_the_next_edit_goes_on_with_it() {
    let bench = bench("sed -i 's/^from/form/' \"$1\"");
    let before = bench.store();
    let ran = edit(&bench, "");
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    let [text] = &kept(&bench)[..] else {
        panic!("{ran:?}");
    };
    let shown = text
        .to_str()
        .unwrap()
        .replace(bench.path("").to_str().unwrap(), "$T/");
    let line = bench
        .table()
        .lines()
        .position(|line| line.starts_with("from"))
        .unwrap()
        + 1;
    assert!(
        ran.stderr
            .starts_with(&format!("psl-admin: {shown}:{line}:1: unknown key `form`")),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("\n   | ^^^^\n"), "{ran:?}");
    let told =
        format!("help: your text is kept in \"{shown}\"; `psl-admin edit` offers it again\n");
    assert!(ran.stderr.ends_with(&told), "{ran:?}");
    assert_eq!(bench.store(), before);

    // Without a terminal nobody can answer: it is told, and the edit begins with the table.
    editor(&bench, "cp \"$1\" $T/opened");
    let ran = edit(&bench, "");
    assert_eq!(ran.code, 0);
    assert!(
        ran.stderr
            .contains(&format!("\"{shown}\" is the text of an edit")),
        "{ran:?}"
    );
    assert_eq!(
        fs::read_to_string(bench.path("opened")).unwrap(),
        bench.table()
    );

    editor(&bench, "sed -i 's/^form /from /; s|/a|/b|' \"$1\"");
    let ran = edit(&bench, "--resume");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(
        ran.stdout.contains("\n-from = '/a'\n+from = '/b'\n"),
        "{ran:?}"
    );
    assert_eq!(kept(&bench), Vec::<PathBuf>::new());
    let stderr = bench.fails(1, "edit --resume");
    assert!(
        stderr.contains("no text of an earlier edit is kept"),
        "{stderr}"
    );
}

#[test]
fn a_text_is_kept_when_its_editor_fails() {
    let bench = bench("echo '# typed' >> \"$1\"; exit 7");
    let ran = edit(&bench, "");
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("failed: exit status 7"), "{ran:?}");
    assert!(
        ran.stderr.contains("help: your text is kept in \""),
        "{ran:?}"
    );
    editor(&bench, "");
    assert!(edit(&bench, "--resume").stdout.contains("\n+# typed\n"));
    assert!(bench.table().ends_with("\n# typed\n"));
}

#[test]
fn a_dry_run_shows_the_diff_and_keeps_the_text() {
    let bench = bench("echo '# typed' >> \"$1\"");
    let before = bench.store();
    let ran = edit(&bench, "--dry-run");
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.ends_with("\n+# typed\n"), "{ran:?}");
    assert!(
        ran.stderr.starts_with("psl-admin: your text is kept in \""),
        "{ran:?}"
    );
    assert_eq!(bench.store(), before);
    editor(&bench, "");
    assert_eq!(edit(&bench, "--resume").code, 0);
    assert!(bench.table().ends_with("\n# typed\n"));
}

#[test]
fn a_broken_table_is_opened_and_mended() {
    let mend = "sed -i 's/^form /from /; s/.*bytes.*//' \"$1\"";
    for broken in [&b"form = '/a'"[..], b"from = '/a'\n# bytes \xff\xfe"] {
        let bench = bench(mend);
        let text = bench.table();
        let (before, after) = text.split_once("from = '/a'").unwrap();
        bench.write(
            "store/table.toml",
            [before.as_bytes(), broken, after.as_bytes()].concat(),
        );
        bench.fails(3, "list");
        let ran = edit(&bench, "");
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
        assert!(
            ran.stdout.starts_with("--- broken table\n+++ edited\n"),
            "{ran:?}"
        );
        assert!(ran.stdout.ends_with("\ngeneration 3\n"), "{ran:?}");
        assert!(bench.ok("list").contains("/a"));
    }
    // Left as it is, it is still broken, and there is no text to keep.
    let bench = bench("");
    bench.write("store/table.toml", "format = ");
    let ran = edit(&bench, "");
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    assert!(ran.stderr.contains(":1:"), "{ran:?}");
    assert_eq!(kept(&bench), Vec::<PathBuf>::new());
}
