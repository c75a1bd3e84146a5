//! What others have written, as it is shown: nothing in it steers a terminal, in whatever command's output.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use psl_table::visible::is_hidden;
use psl_tests::host::Host;

use crate::bench::{self, MEMBER, admin, output, told};

/// What a hostile name has in it: a title, a screen that is cleared, a colour by one character, another direction.
const STEERS: &str = "\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{2066}\u{200b}\r\u{8}";

/// As a string of TOML has it.
const WRITTEN: &str = "\\u001B]0;title\\u0007\\u001B[2J\\u009B31m\\u202E\\u2066\\u200B\\r\\b";

/// Commands of psl-admin; `{place}` is the place of a link with a hostile name, `{missing}` a name that nothing has.
const COMMANDS: &[&str] = &[
    "list",
    "list|--json",
    "check",
    "check|{place}",
    "history",
    "history|--json",
    "diff|2|3",
    "diff|2|3|--json",
    "member|list",
    "member|list|--json",
    "resolve|--member|erp1|{missing}",
    "resolve|--member|erp1|{missing}|--json",
    "resolve|--member|{steers}|/",
    "explain|--member|erp1|{place}",
    "explain|--member|erp1|{place}|--all",
    "explain|--member|erp1|{place}|--json",
    "explain|--member|erp1|{missing}",
    "explain|--who|{place}",
    "explain|--pid|{pid}|{place}",
    "add|--member|erp1|--dry-run|{missing}|{place}",
    "add|--member|{steers}|/a|/b",
    "add|--when|exe={steers}|/a|/b|--dry-run",
    "add|relative{steers}|/b",
    "remove|{missing}",
    "member|set|{steers}|app=x",
    "member|set|../x|app=x",
    "member|set|erp2|app={steers}",
    "rollback|2|--dry-run",
    "apply|{missing}",
    "ps",
    "ps|--all",
    "ps|--json",
    "run|--member|erp1|--|{missing}",
    "run|--member|{steers}|--|true",
    "doctor",
    "doctor|{missing}",
    "doctor|{place}/tool",
    "stage|{missing}|{place}2",
    "stage|--dry-run|{place}|{missing}",
    "check|--tree|{missing}",
    "upgrade|status",
    "upgrade|status|--json",
    "upgrade|status|{steers}",
    "upgrade|start|{place}|{missing}|--members|erp1",
    "upgrade|start|{place}|{place}|--members|{steers}",
    "upgrade|resume",
    "gc|--dry-run",
    "gc|--dry-run|--json",
    "show|{steers}",
    "env|--member|{steers}",
    "{steers}",
    "--{steers}",
    "--store|{missing}|list",
    "init|{place}",
];

/// Asserts that nothing in a text does anything but to be seen.
#[track_caller]
fn assert_plain(what: &str, text: &str) {
    let hidden = text
        .chars()
        .find(|&letter| !matches!(letter, '\n' | '\t') && is_hidden(letter));
    assert_eq!(hidden, None, "{what}: {text:?}");
}

/// A host in whose table, trees, journals and processes all names are hostile.
struct Hostile {
    host: Host,
    place: PathBuf,
    process: Child,
}

impl Hostile {
    fn new() -> Self {
        let host = bench::host();
        let place = host.path(&format!("binaries/at{STEERS}"));
        let name =
            |suffix: &str| format!("{}/binaries/at{WRITTEN}{suffix}", host.path("").display());
        let name = |suffix: &str| name(suffix).replace("//", "/");
        let mut table =
            std::fs::read_to_string(host.path("store/table.toml")).expect("it is there");
        table += &format!(
            "\n[[link]]\nfrom = \"{}\"\nto = \"{}\"\nmember = \"erp1\"\nnote = \"{WRITTEN}\"\n\
             [[link]]\nfrom = \"{}/in\"\nto = \"/nowhere{WRITTEN}\"\n",
            name(""),
            name(".target"),
            name(".target"),
        );
        std::fs::create_dir(&place).expect("it is free");
        let mut target = place.clone().into_os_string();
        target.push(".target");
        std::fs::create_dir(&target).expect("it is free");
        std::fs::copy("/bin/true", PathBuf::from(&target).join("tool")).expect("it can be copied");
        let script = PathBuf::from(&target).join("sleep");
        std::fs::copy("/bin/sleep", &script).expect("it can be copied");
        host.write("hostile.toml", &table);
        let mut apply = admin(&host, &["-q", "apply", "hostile.toml", "--reason", STEERS]);
        apply.env("SUDO_USER", STEERS);
        let output = output(&mut apply);
        assert!(output.status.success(), "{}", told(&output));
        let mut process = host.run(MEMBER, script);
        let process = process.arg0(STEERS).arg("1000");
        let process = process
            .stdout(Stdio::null())
            .spawn()
            .expect("it can be started");
        Self {
            host,
            place,
            process,
        }
    }

    fn command(&self, words: &str) -> Command {
        let place = self.place.display().to_string();
        let words = words.split('|').map(|word| {
            word.replace("{place}", &place)
                .replace("{missing}", &format!("/missing{STEERS}"))
                .replace("{steers}", STEERS)
                .replace("{pid}", &self.process.id().to_string())
        });
        let words: Vec<String> = words.collect();
        admin(
            &self.host,
            &words.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        // It sleeps for longer than anybody waits.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn whatever_a_name_says_no_output_steers_a_terminal() {
    let hostile = Hostile::new();
    let mut escaped = 0;
    for words in COMMANDS {
        for colour in ["never", "auto"] {
            let mut command = hostile.command(words);
            command.args(
                (!words.contains("--|"))
                    .then_some(["--color", colour])
                    .into_iter()
                    .flatten(),
            );
            let output = output(&mut command);
            let told = told(&output);
            assert!(output.status.code().is_some(), "{words}: {told}");
            assert_plain(words, &told);
            escaped += usize::from(told.contains("\\u{1b}") || told.contains("\\u001b"));
        }
    }
    assert!(
        escaped > COMMANDS.len(),
        "{escaped} outputs have shown something of it"
    );
}

#[test]
fn what_a_broken_table_says_is_shown_escaped() {
    let hostile = Hostile::new();
    let table = hostile.host.path("store/table.toml");
    let text = std::fs::read_to_string(&table).expect("it is there");
    let raw = "\u{9b}31m\u{202e}";
    for line in [
        format!("form = \"{raw}\" # {raw}"),
        format!("[member.\"a{raw}\"]\nverson = \"{raw}\""),
        "# \u{1b}]0;title\u{7}".to_owned(),
        format!("\"{WRITTEN}\" = 1"),
        format!("[[link]]\nfrom = \"{WRITTEN}\"\nto = \"/b\""),
        format!("[[link]]\nfrom = \"/a\"\nto = \"/b\"\nmember = \"../x{WRITTEN}\""),
        format!("[[link]]\nfrom = \"/a\"\nto = \"/b\"\nwhen = {{ exe = \"{WRITTEN}\" }}"),
        format!("[member.\"{WRITTEN}\"]\napp = \"x\""),
        format!("[member.\"{}\"]\napp = \"x\"", "m\u{9b}".repeat(2048)),
    ] {
        std::fs::write(&table, format!("{text}\n{line}\n")).expect("it is ours");
        for words in [
            "list",
            "check",
            "run|--member|erp1|--|true",
            "rollback|3|--dry-run",
            "ps",
        ] {
            let told = told(&output(&mut hostile.command(words)));
            assert_plain(&format!("{words} of {line:?}"), &told);
        }
        let mut started = hostile.host.preloaded(MEMBER, "/bin/true");
        let output = output(&mut started);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(78), "{line:?}: {told}");
        assert_plain(&format!("a start with {line:?}"), &told);
        let lines = told.lines().count();
        assert_eq!(lines, 1, "a message is a line: {told}");
    }
}

#[test]
fn what_a_roll_shows_of_its_members_is_escaped() {
    let host = bench::host();
    let printf = "printf '\\033]0;title\\007\\033[2J\\302\\23331m\\342\\200\\256\\n'";
    let members = format!(
        "[member.erp1]\nstart = {start:?}\nstop = \"rm -f {{host}}/up\"\nhealth = {{ exec = [\"sh\", \"-c\", {health:?}] }}\n",
        start = format!("{printf}; {printf} >&2; exit 3"),
        health = format!("{printf}; test -e {{host}}/up"),
    );
    host.write("store/members.toml", &members);
    host.write("up", "");
    let [from, to] = ["version", "version3"].map(|name| host.path(&format!("binaries/{name}")));
    for more in [&[][..], &["--json"]] {
        host.write("up", "");
        let mut start = admin(&host, &["upgrade", "start"]);
        start.args([&from, &to]).args([
            "--members",
            MEMBER,
            "--min-healthy",
            "0s",
            "--deadline",
            "2s",
        ]);
        start
            .args(["--reason", STEERS, "--on-failure", "stop"])
            .args(more);
        let failed = output(&mut start);
        let told = told(&failed);
        assert_eq!(failed.status.code(), Some(7), "{told}");
        assert!(told.contains("title"), "what it wrote is shown: {told}");
        assert_plain("upgrade start", &told);
        for words in [&["upgrade", "status"][..], &["upgrade", "status", "--json"]] {
            assert_plain(
                "upgrade status",
                &bench::told(&output(&mut admin(&host, words))),
            );
        }
        let svg = host.path("roll.svg");
        let drawn = output(admin(&host, &["upgrade", "status", "--svg"]).arg(&svg));
        assert!(drawn.status.success(), "{}", bench::told(&drawn));
        let drawn = std::fs::read_to_string(&svg).expect("it was drawn");
        assert_plain("the picture", &drawn);
        host.write("up", "");
        let undone = output(&mut admin(&host, &["upgrade", "undo"]));
        assert_plain("upgrade undo", &bench::told(&undone));
        host.write(
            "store/members.toml",
            &members.replace("exit 3", "touch {host}/up"),
        );
        let undone = output(&mut admin(&host, &["upgrade", "undo"]));
        assert_plain("upgrade undo", &bench::told(&undone));
        host.write("store/members.toml", &members);
    }
}
