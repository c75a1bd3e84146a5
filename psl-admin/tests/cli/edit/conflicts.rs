//! Two administrators at once.
use super::{bench, edit, editor, kept};
use std::fs;

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
