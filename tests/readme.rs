//! The README's tour, command by command: each has to print what the README says.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use psl_tests::{cargo, shim};

const README: &str = include_str!("../README.md");

/// The directory of the README's tour.
const TOUR: &str = "/tmp/tour";

/// A command, and the lines that it is said to print.
#[derive(Debug, Default)]
struct Step {
    command: String,
    printed: Vec<String>,
}

fn steps() -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut lines = README.lines();
    while lines.by_ref().any(|line| line == "```console") {
        for line in lines.by_ref().take_while(|line| *line != "```") {
            if let Some(command) = line.strip_prefix("$ ") {
                steps.push(Step {
                    command: command.into(),
                    printed: Vec::new(),
                });
                continue;
            }
            let step = steps.last_mut().expect("a block begins with a command");
            match line.strip_prefix("> ") {
                Some(more) => step.command = format!("{}\n{more}", step.command),
                None => step.printed.push(line.into()),
            }
        }
    }
    steps
}

/// Runs the commands in one shell, and returns what each of them printed.
fn run(steps: &[Step], dir: &Path) -> Vec<Vec<String>> {
    const MARK: &str = "\u{1e}";
    let dir = dir.to_str().expect("it is UTF-8");
    let mut script = String::from("exec 2>&1\n");
    for step in steps {
        script += &format!("{}\nprintf '{MARK}\\n'\n", step.command.replace(TOUR, dir));
    }
    let binaries = cargo::build("psl-admin", "psl-admin");
    let binaries = binaries.parent().expect("it is in a directory");
    assert_eq!(shim::library().parent(), Some(binaries));
    let output = Command::new("bash")
        .args(["-c", &script])
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", binaries.display()))
        .stdin(Stdio::null())
        .output()
        .expect("bash runs");
    let text = String::from_utf8(output.stdout)
        .expect("it is UTF-8")
        .replace(dir, TOUR);
    let mark = format!("{MARK}\n");
    text.split_terminator(&mark)
        .map(|lines| {
            // Hosts may have processes that nobody may look into.
            let lines = lines
                .lines()
                .filter(|line| !line.starts_with("psl-admin: not seen "));
            lines.map(String::from).collect()
        })
        .collect()
}

/// Compares two lines, but for what depends on the moment, the host, the user and the file system.
fn is_alike(said: &str, printed: &str) -> bool {
    let is_listed = |line: &str| line.starts_with(['d', 'l']) && line.get(1..4) == Some("rwx");
    let words = |line: &str| {
        line.split_whitespace()
            .map(String::from)
            .collect::<Vec<_>>()
    };
    let (said_words, printed_words) = (words(said), words(printed));
    if is_listed(said) {
        let essence = |words: &[String]| Some((words.first()?.clone(), words.get(8..)?.to_vec()));
        return essence(&said_words) == essence(&printed_words);
    }
    if said.contains(" CURRENT ") {
        // A number and an age.
        let essence = |words: &[String]| Some((words.first()?.clone(), words.get(2..6)?.to_vec()));
        return essence(&said_words) == essence(&printed_words);
    }
    let is_moment = |word: &str| word.len() == "2000-01-01T00:00:00Z".len() && word.ends_with('Z');
    let varies = |word: &String| is_moment(word) || word == "root" || word == "vm";
    let is_total = |line: &str| line.starts_with("total ");
    is_total(said) && is_total(printed)
        || said_words.len() == printed_words.len()
            && said_words
                .iter()
                .zip(&printed_words)
                .all(|(said, printed)| {
                    said == printed || varies(said) && is_moment(said) == is_moment(printed)
                })
}

#[test]
fn the_tour_prints_what_the_readme_says() {
    // As long a path as the README's, because tables are as wide as their paths.
    let dir = tempfile::Builder::new()
        .prefix("t")
        .rand_bytes(3)
        .tempdir_in("/tmp")
        .expect("a directory");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(dir.path(), mode).expect("it is ours");
    let steps = steps();
    assert!(steps.len() > 10, "the README has a tour");
    let printed = run(&steps, dir.path());
    assert_eq!(printed.len(), steps.len());
    for (step, printed) in steps.iter().zip(printed) {
        let mut rest = printed.iter();
        for (number, said) in step.printed.iter().enumerate() {
            if said == "..." {
                // Any lines, up to the one that is said next.
                let next = step
                    .printed
                    .get(number + 1)
                    .expect("a line ends what is left out");
                let left = rest.as_slice().iter().position(|line| is_alike(next, line));
                let left = left.unwrap_or_else(|| {
                    panic!("{next:?} is missing: {step:#?} printed {printed:#?}")
                });
                rest = rest.as_slice()[left..].iter();
                continue;
            }
            let line = rest.next();
            assert!(
                line.is_some_and(|line| is_alike(said, line)),
                "{step:#?} printed {printed:#?}"
            );
        }
        assert_eq!(rest.next(), None, "{step:#?} printed {printed:#?}");
    }
}
