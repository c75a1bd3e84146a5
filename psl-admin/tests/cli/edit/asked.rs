//! What `edit` asks at a terminal.
use super::{bench, editor, kept};
use crate::bench::Bench;
use crate::terminal::Terminal;
use std::path::PathBuf;

const AGAIN: &str = "[e] edit again, [d] discard the text, [k] keep it for the next edit? ";
const OFFER: &str = "[c] continue it, [d] discard it, [l] leave it and begin with the table? ";

fn start(bench: &Bench) -> Terminal {
    let mut command = bench.command("edit --color never");
    Terminal::start(command.env("EDITOR", bench.filled("sh $T/editor")))
}

#[test]
fn an_invalid_text_is_edited_again() {
    let bench = bench("sed -i 's/^from/form/' \"$1\"");
    let mut terminal = start(&bench);
    let shown = terminal.wait_for(AGAIN);
    assert!(
        shown.contains("unknown key `form`") && shown.contains(" | ^^^^"),
        "{shown}"
    );
    editor(&bench, "sed -i 's/^form /from /; s|/a|/b|' \"$1\"");
    // Nobody meant this answer, and it is asked again.
    terminal.type_line("maybe");
    terminal.wait_for(AGAIN);
    terminal.type_line("e");
    let (status, shown) = terminal.end();
    assert!(status.success(), "{shown}");
    assert!(shown.contains("\n-from = '/a'\n+from = '/b'\n"), "{shown}");
    assert!(bench.table().contains("from = '/b'\n"));
    assert_eq!(kept(&bench), Vec::<PathBuf>::new());
}

#[test]
fn an_invalid_text_is_discarded_or_kept() {
    let bench = bench("sed -i 's/^from/form/' \"$1\"");
    let before = bench.store();
    for (answer, code, texts) in [("d", 1, 0), ("k", 3, 1)] {
        let mut terminal = start(&bench);
        terminal.wait_for(AGAIN);
        terminal.type_line(answer);
        let (status, shown) = terminal.end();
        assert_eq!(
            (status.code(), kept(&bench).len()),
            (Some(code), texts),
            "{shown}"
        );
        assert_eq!(
            shown.contains("your text is kept in"),
            texts == 1,
            "{shown}"
        );
    }
    assert_eq!(bench.store(), before);
}

#[test]
fn a_kept_text_is_offered() {
    let bench = bench("echo '# typed' >> \"$1\"; exit 1");
    for _ in 0..2 {
        assert_eq!(super::edit(&bench, "").code, 1);
    }
    editor(&bench, "");
    let mut terminal = start(&bench);
    terminal.wait_for(OFFER);
    terminal.type_line("l");
    let (status, shown) = terminal.end();
    assert!(
        status.success() && shown.ends_with("generation 2\n"),
        "{shown}"
    );
    assert_eq!(kept(&bench).len(), 2);

    // The first is thrown away, the second is committed.
    let mut terminal = start(&bench);
    terminal.wait_for(OFFER);
    terminal.type_line("d");
    terminal.wait_for(OFFER);
    assert_eq!(kept(&bench).len(), 1);
    terminal.type_line("c");
    let (status, shown) = terminal.end();
    assert!(
        status.success() && shown.contains("\n+# typed\n"),
        "{shown}"
    );
    assert_eq!(kept(&bench), Vec::<PathBuf>::new());
}

#[test]
fn the_diff_is_coloured_on_a_terminal() {
    let bench = bench("echo '# typed' >> \"$1\"");
    let mut command = bench.command("edit");
    command
        .env("TERM", "xterm")
        .env("EDITOR", bench.filled("sh $T/editor"));
    let (status, shown) = Terminal::start(&mut command).end();
    assert!(
        status.success() && shown.contains("\u{1b}[32m+# typed"),
        "{shown:?}"
    );
}
