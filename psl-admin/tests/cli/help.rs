//! The help texts.
use crate::bench::Bench;

const VERBS: [&str; 33] = [
    "init",
    "add",
    "remove",
    "list",
    "member",
    "member set",
    "member remove",
    "member list",
    "resolve",
    "explain",
    "check",
    "edit",
    "apply",
    "diff",
    "history",
    "show",
    "rollback",
    "run",
    "env",
    "doctor",
    "stage",
    "upgrade",
    "upgrade start",
    "upgrade status",
    "upgrade pause",
    "upgrade resume",
    "upgrade undo",
    "upgrade finish",
    "gc",
    "ps",
    "demo",
    "completions",
    "man",
];

#[test]
fn every_verb_has_an_example_and_explains_every_flag() {
    let bench = Bench::without_store();
    for verb in VERBS {
        let help = bench.ok(&format!("{verb} --help"));
        assert!(help.contains("Example"), "{verb}: {help}");
        assert!(
            help.contains(&format!("psl-admin {verb}")),
            "{verb}: {help}"
        );
        let mut flags = 0;
        let lines: Vec<_> = help.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let text = line.trim_start();
            if text.starts_with('-') {
                flags += 1;
                let here = text
                    .split_once("  ")
                    .is_some_and(|(_, text)| !text.trim().is_empty());
                let below = lines
                    .get(index + 1)
                    .is_some_and(|next| next.starts_with("          "));
                assert!(here || below, "{verb}: {line}");
            }
        }
        assert!(flags >= 5, "{verb}: {help}");
    }
}

#[test]
fn the_help_lists_every_verb_and_every_exit_code() {
    let help = Bench::without_store().ok("--help");
    for verb in VERBS.iter().filter(|verb| !verb.contains(' ')) {
        assert!(help.contains(&format!("\n  {verb} ")), "{verb}: {help}");
    }
    for code in [
        "0 done",
        "1 no",
        "2 usage",
        "3 invalid",
        "4 conflict",
        "5 refused",
        "6 storage",
        "7 an upgrade",
    ] {
        assert!(help.contains(code), "{code}: {help}");
    }
}

#[test]
fn verbs_that_change_something_take_the_same_flags() {
    let bench = Bench::without_store();
    for verb in [
        "init",
        "add",
        "remove",
        "member set",
        "member remove",
        "rollback",
        "edit",
        "apply",
        "upgrade start",
        "upgrade finish",
    ] {
        let help = bench.ok(&format!("{verb} --help"));
        for flag in ["--dry-run", "--if-generation <N>", "--reason <TEXT>"] {
            assert!(help.contains(flag), "{verb}: {help}");
        }
    }
}
