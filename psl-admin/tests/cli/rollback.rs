//! `rollback`: what it shows and what it commits.
use crate::bench::Bench;

#[test]
fn a_rollback_shows_what_it_undoes_and_commits_the_older_text() {
    let bench = Bench::new();
    bench.ok("add /a $T");
    let two = bench.body();
    bench.ok("add /b $T");
    let three = bench.body();
    let shown = bench.ok("rollback");
    assert!(
        shown.starts_with("--- generation 3\n+++ generation 2\n@@ "),
        "{shown}"
    );
    assert!(
        shown.contains("\n-\n-[[link]]\n-from = \"/b\"\n-to = \"$T\"\n"),
        "{shown}"
    );
    assert!(
        !shown.contains("-generation") && !shown.contains("-#:"),
        "{shown}"
    );
    assert!(shown.ends_with("\ngeneration 4\n"), "{shown}");
    assert_eq!(bench.body(), two);
    // The one before 4 is 3: a second rollback takes the first back.
    bench.ok("rollback");
    assert_eq!(bench.body(), three);
    assert!(bench.ok("rollback 1").ends_with("\ngeneration 6\n"));
    assert_eq!(bench.ok("list"), "FROM  TO  MEMBER  WHEN  FLAGS  NOTE\n");
    bench.fails(2, "rollback 99");
}

#[test]
fn the_first_generation_has_nothing_before_it() {
    let stderr = Bench::new().fails(1, "rollback");
    assert!(
        stderr.starts_with("psl-admin: there is no generation before the current one\n"),
        "{stderr}"
    );
}

#[test]
fn a_table_that_was_edited_by_hand_goes_back_to_what_was_committed() {
    let bench = Bench::new();
    bench.ok("add /a $T");
    let good = bench.body();
    bench.write(
        "store/table.toml",
        bench.table().replace("\"/a\"", "\"/b\""),
    );
    let shown = bench.ok("rollback");
    assert!(
        shown.contains("\n-from = \"/b\"\n+from = \"/a\"\n"),
        "{shown}"
    );
    assert_eq!(bench.body(), good);
}

#[test]
fn a_table_that_was_broken_by_hand_is_mended_by_a_rollback() {
    let bench = Bench::new();
    bench.ok("add /a $T");
    let good = bench.body();
    let broken = bench.table().replace("from =", "form =");
    bench.write("store/table.toml", &broken);
    bench.fails(3, "add /b $T");
    let shown = bench.ok("rollback");
    assert!(
        shown.starts_with("--- broken table\n+++ generation 2\n"),
        "{shown}"
    );
    assert!(
        shown.contains("\n-form = \"/a\"\n+from = \"/a\"\n"),
        "{shown}"
    );
    assert!(shown.ends_with("\ngeneration 3\n"), "{shown}");
    assert_eq!(bench.body(), good);
}
