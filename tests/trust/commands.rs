//! What runs as a command: nothing of a table, and of members.toml only what nobody else can have written there.

use std::fs;
use std::process::Command;

use psl_table::error::Class;
use psl_table::store::{Store, Trust};
use psl_tests::host::Host;

use crate::bench::{self, MEMBER, admin, output, told};

/// What a shell, or an editor, would run.
const HOSTILE: &[&str] = &[
    "$(touch {host}/ran)",
    "`touch {host}/ran`",
    "; touch {host}/ran;",
    "| touch {host}/ran",
    "-c touch {host}/ran",
    "--help",
];

/// Commands of psl-admin that read a table; `{path}` is the place of a link in it.
const READ: &[&str] = &[
    "list",
    "list --json",
    "check",
    "history",
    "show 2",
    "diff 1 2",
    "member list",
    "resolve --member erp1 {path}",
    "explain --member erp1 {path}",
    "explain --who {path}",
    "env --member erp1",
    "ps",
    "rollback 2",
    "doctor",
    "doctor /bin/true",
    "upgrade status",
    "gc --dry-run",
    "run --member erp1 -- /bin/true",
];

#[test]
fn nothing_in_a_table_runs_a_command() {
    for hostile in HOSTILE {
        let host = bench::host();
        let hostile = hostile.replace("{host}", &host.path("").display().to_string());
        let place = host.path("binaries").join(hostile.replace('/', "_"));
        let place = place.to_str().expect("it is text");
        let mut table = fs::read_to_string(host.path("store/table.toml")).expect("it is there");
        table += &format!(
            "\n[member.erp2]\napp = {hostile:?}\nversion = {hostile:?}\ngroups = [{hostile:?}]\n\
             [[link]]\nfrom = {place:?}\nto = {:?}\nnote = {hostile:?}\n\
             [[link]]\nfrom = \"/nowhere/x\"\nto = \"/nowhere/y\"\n\
             when = {{ exe = {hostile:?}, env = {{ PAGER = {hostile:?} }}, app = {hostile:?} }}\n",
            host.path("binaries/version3").display().to_string(),
        );
        host.write("hostile.toml", &table);
        let reason = format!("--reason={hostile}");
        let mut apply = admin(&host, &["apply", "hostile.toml", &reason]);
        let output = output(&mut apply);
        assert!(output.status.success(), "{}", told(&output));
        for words in READ {
            let words: Vec<_> = words
                .split(' ')
                .map(|word| word.replace("{path}", place))
                .collect();
            let mut command = admin(&host, &words.iter().map(String::as_str).collect::<Vec<_>>());
            for name in ["PAGER", "EDITOR", "VISUAL", "MANPAGER", "BROWSER"] {
                command.env(name, format!("touch {}", host.path("ran").display()));
            }
            let output = bench::output(&mut command);
            assert!(
                output.status.code().is_some(),
                "{words:?}: {}",
                told(&output)
            );
            assert!(!host.path("ran").exists(), "{words:?} has run {hostile:?}");
        }
    }
}

#[test]
fn an_editor_is_the_administrators_and_gets_the_text_as_one_argument() {
    let host = bench::host();
    let mut edit = admin(&host, &["edit"]);
    edit.env("EDITOR", format!("sh {}", host.path("editor").display()));
    host.write("editor", "echo \"$#\" > {host}/arguments\n");
    let output = output(&mut edit);
    assert!(output.status.success(), "{}", told(&output));
    let arguments = fs::read_to_string(host.path("arguments")).expect("it was run");
    assert_eq!(arguments, "1\n");
}

fn upgrade(host: &Host) -> Command {
    let [from, to] = ["version", "version3"].map(|name| host.path(&format!("binaries/{name}")));
    let mut command = admin(host, &["-q", "upgrade", "start"]);
    command
        .args([from, to])
        .args(["--members", MEMBER, "--min-healthy", "0s"]);
    command
}

#[test]
fn a_members_file_that_another_user_could_have_written_runs_nothing() {
    for flaw in ["chmod o+w", "chmod g+w", "chown 65534"] {
        let host = bench::host();
        let touch = format!("[\"touch\", {:?}]", host.path("ran").display().to_string());
        let members = format!(
            "[member.erp1]\nstart = {touch}\nstop = {touch}\nhealth = {{ exec = {touch} }}\n"
        );
        host.write("store/members.toml", &members);
        let mut spoil = flaw.split(' ');
        let mut command = host.command(spoil.next().expect("it has words"));
        command.args(spoil).arg(host.path("store/members.toml"));
        assert!(output(&mut command).status.success());
        let refused = output(&mut upgrade(&host));
        assert_eq!(refused.status.code(), Some(5), "{flaw}: {}", told(&refused));
        assert!(!host.path("ran").exists(), "{flaw}");
        let store = Store::open(&host.path("store"), Trust::Owner).expect("it is root's");
        let class = store.read_members().map_err(|error| error.class());
        assert_eq!(class.err(), Some(Class::Refused), "{flaw}");
    }
}
