//! `edit`: the table in an editor, and what becomes of texts that are not committed.
use crate::bench::{Bench, Ran};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

mod asked;
mod interrupted;

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

#[test]
fn the_loser_of_two_administrators_keeps_the_text_and_is_shown_the_others() {
    let bench = bench("echo '# typed' >> \"$1\"");
    let other = format!(
        "echo '# typed' >> \"$1\"; {} add -q /b $T",
        env!("CARGO_BIN_EXE_psl-admin")
    );
    editor(&bench, &other);
    let ran = edit(&bench, "");
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.stdout.ends_with("\n+# typed\n"), "{ran:?}");
    assert!(
        ran.stderr
            .starts_with("--- generation 2\n+++ generation 3\n"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("\n+from = \"/b\"\n"), "{ran:?}");
    assert!(
        ran.stderr.contains("at generation 3, expected 2 (by "),
        "{ran:?}"
    );
    assert!(
        ran.stderr.contains("help: your text is kept in \""),
        "{ran:?}"
    );
    assert!(!bench.table().contains("# typed"));

    // Both added lines at the end: the next edit has both, marked, and neither is lost.
    editor(
        &bench,
        "cp \"$1\" $T/merged; sed -i '/^[<=>|]\\{7\\}/d' \"$1\"",
    );
    let ran = edit(&bench, "--resume");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stderr.contains("the text has both, between <<<<<<<"),
        "{ran:?}"
    );
    let merged = fs::read_to_string(bench.path("merged")).unwrap();
    assert!(
        merged.contains("<<<<<<<") && merged.contains(">>>>>>>"),
        "{merged}"
    );
    let table = bench.table();
    assert!(
        table.contains("\n# typed\n") && table.contains("from = \"/b\"\n"),
        "{table}"
    );

    // In different places they are merged without a word.
    editor(
        &bench,
        &other
            .replace("echo '# typed' >>", "sed -i \"s|'/a'|'/x'|\"")
            .replace("/b ", "/c "),
    );
    assert_eq!(edit(&bench, "").code, 4);
    editor(&bench, "");
    let ran = edit(&bench, "--resume");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert!(bench.table().contains("from = '/x'\n") && bench.table().contains("from = \"/c\"\n"));
}

#[test]
fn a_table_that_is_edited_in_place_meanwhile_is_a_conflict_too() {
    let bench = bench("echo '# typed' >> \"$1\"; echo '# by hand' >> $T/store/table.toml");
    let ran = edit(&bench, "");
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(
        ran.stderr
            .contains("the table of generation 2 was edited in place meanwhile"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("\n+# by hand\n"), "{ran:?}");
    assert!(bench.table().ends_with("\n# by hand\n"));
    assert_eq!(kept(&bench).len(), 1);
}

#[test]
fn an_expected_generation_is_checked_before_anything_is_typed() {
    let bench = bench("touch $T/opened");
    let ran = edit(&bench, "--if-generation 1");
    assert_eq!(ran.code, 4);
    assert!(
        ran.stderr.contains("at generation 2, expected 1"),
        "{ran:?}"
    );
    assert!(!bench.path("opened").exists());
}

#[test]
fn the_text_is_nobody_elses_to_read_or_to_replace() {
    let bench = bench("ls -lR $T/state > $T/listed; exit 1");
    edit(&bench, "");
    let listed = fs::read_to_string(bench.path("listed")).unwrap();
    let modes: Vec<_> = listed
        .lines()
        .filter(|line| line.starts_with('d'))
        .collect();
    assert_eq!(modes.len(), 3, "{listed}");
    assert!(
        modes.iter().all(|line| line.starts_with("drwx------ ")),
        "{listed}"
    );

    let place = bench.path("state/psl/edit");
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
    let ran = edit(&bench, "");
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(
        ran.stderr
            .contains("\"$T/state/psl/edit\" is no private directory"),
        "{ran:?}"
    );
    fs::remove_dir_all(&place).unwrap();
    fs::create_dir(bench.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(bench.path("elsewhere"), &place).unwrap();
    assert_eq!(edit(&bench, "").code, 5);
}

#[test]
fn without_a_place_of_its_own_it_is_below_the_home() {
    let bench = bench("echo \"$1\" > $T/opened");
    let mut command = bench.command("edit");
    command
        .env_remove("XDG_STATE_HOME")
        .env("HOME", bench.path("home"))
        .env("EDITOR", bench.filled("sh $T/editor"));
    assert_eq!(bench.ran(&mut command).code, 0);
    let opened = fs::read_to_string(bench.path("opened")).unwrap();
    assert!(
        opened.starts_with(&bench.filled("$T/home/.local/state/psl/edit/")),
        "{opened}"
    );
}
