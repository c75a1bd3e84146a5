//! `completions` and `man`.
use crate::bench::Bench;
use std::fs;

#[test]
fn every_shell_gets_completions_of_every_verb() {
    let bench = Bench::without_store();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = bench.ok(&format!("completions {shell}"));
        for word in ["rollback", "explain", "if-generation"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn the_manual_has_a_page_for_every_verb() {
    let bench = Bench::without_store();
    let page = bench.ok("man");
    assert!(page.starts_with(".ie"), "{page}");
    assert!(page.contains(".TH psl-admin 1"), "{page}");
    bench.mkdir("man1");
    assert_eq!(bench.ok("man --dir man1"), "");
    for page in [
        "psl-admin.1",
        "psl-admin-explain.1",
        "psl-admin-member-set.1",
    ] {
        let text = fs::read_to_string(bench.path("man1").join(page)).unwrap();
        assert!(text.contains(".SH SYNOPSIS"), "{page}: {text}");
    }
    let stderr = bench.fails(6, "man --dir missing");
    assert!(
        stderr.contains("cannot write manual pages to \"missing\""),
        "{stderr}"
    );
}
