//! Every call that a commit, or a start, makes on the store fails once, with each error that storage has.

use std::collections::HashSet;
use std::path::Path;

use nix::errno::Errno;
use psl_tests::shim;

use crate::bench::{Bench, LINKED, MEMBER, Try};
use crate::calls::{self, Call, Ended, Fate};
use crate::next::goes_on;
use crate::verbs::CHANGE;

const ERRORS: [Errno; 6] = [
    Errno::ENOSPC,
    Errno::EDQUOT,
    Errno::EIO,
    Errno::EROFS,
    Errno::ESTALE,
    Errno::EINTR,
];

/// What must not fail without a word, unless it can be done again.
const NEEDED: [&str; 4] = ["write", "fsync", "linkat", "renameat"];

const F_GETFD: u64 = libc::F_GETFD.cast_unsigned() as u64;

/// Has the call of this number of those on the store fail; returns its name too, if there was one.
fn failing(
    tried: &Try<'_>,
    command: std::process::Command,
    number: usize,
    error: Errno,
) -> Option<(&'static str, Ended)> {
    let store = tried.store();
    let mut count = 0;
    let mut failed = None;
    let ended = calls::run(command, &mut |call: &Call| {
        // A debugging build asks for the flags of each descriptor before it closes it, and nobody hears the answers.
        let is_closing = match call.name() {
            "fcntl" => call.argument(1) == F_GETFD,
            name => name == "close",
        };
        if is_closing || !call.touches(&store) {
            return Fate::Made;
        }
        count += 1;
        if count != number {
            return Fate::Made;
        }
        failed = Some(call.name());
        Fate::Failed(error)
    });
    failed.map(|name| (name, ended))
}

fn reason(error: Errno) -> String {
    std::io::Error::from(error).to_string()
}

#[test]
fn a_commit_whose_storage_fails_says_why_and_changes_nothing() {
    let bench = Bench::new();
    let untouched = bench.begin();
    let before = (untouched.body(), numbers(&untouched));
    untouched.admin(CHANGE.arguments);
    let after = (untouched.body(), numbers(&untouched));
    let mut states = HashSet::new();
    for error in ERRORS {
        let (mut refused, mut carried) = (0, Vec::new());
        for number in 1.. {
            let tried = bench.begin();
            let Some((name, ended)) = failing(&tried, tried.asked(CHANGE.arguments), number, error)
            else {
                break;
            };
            let what = format!("{error} of call {number}, {name}: {ended:#?}");
            let found = (tried.body(), numbers(&tried));
            match ended.code {
                Some(6) => {
                    assert!(ended.errors.contains(&reason(error)), "{what}");
                    assert_eq!(found, before, "{what}");
                    assert_eq!(ended.output, "", "{what}");
                    refused += 1;
                }
                Some(0) => {
                    assert_eq!(found, after, "{what}");
                    // A name that is stale is asked for again.
                    let is_again =
                        error == Errno::EINTR || (name, error) == ("linkat", Errno::ESTALE);
                    let is_needed = NEEDED.contains(&name) && !is_again;
                    assert!(!is_needed, "{what}: it was needed");
                    carried.push(name);
                }
                _ => panic!("{what}"),
            }
            if states.insert(tried.state()) {
                goes_on(&tried, &what);
            }
        }
        println!("{error}: {refused} calls refused, without harm: {carried:?}");
        assert!(refused > 5, "{error} is refused at more calls");
    }
}

#[test]
fn a_listing_that_fails_because_a_server_is_gone_is_asked_for_once_more() {
    let bench = Bench::new();
    let untouched = bench.begin();
    untouched.admin(CHANGE.arguments);
    let after = (untouched.body(), numbers(&untouched));
    let mut failed = 0;
    for number in 1.. {
        let tried = bench.begin();
        let store = tried.store();
        let mut count = 0;
        let ended = calls::run(tried.asked(CHANGE.arguments), &mut |call: &Call| {
            if call.name() != "getdents64" || !call.touches(&store) {
                return Fate::Made;
            }
            count += 1;
            match count == number {
                true => Fate::Failed(Errno::EBADFD),
                false => Fate::Made,
            }
        });
        if count < number {
            break;
        }
        failed = number;
        assert_eq!(ended.code, Some(0), "listing {number}: {ended:#?}");
        assert_eq!((tried.body(), numbers(&tried)), after, "listing {number}");
    }
    assert!(failed > 2, "a commit lists the store and its history");
}

#[test]
fn a_sync_that_fails_where_nothing_can_be_taken_back_says_that_the_generation_is_current() {
    let bench = Bench::new();
    let untouched = bench.begin();
    let before = (untouched.body(), numbers(&untouched));
    untouched.admin(CHANGE.arguments);
    let after = (untouched.body(), numbers(&untouched));
    let (mut taken_back, mut current) = (0, 0);
    for number in 1.. {
        let tried = bench.begin();
        let (mut count, mut has_failed) = (0, false);
        let ended = calls::run(tried.asked(CHANGE.arguments), &mut |call: &Call| {
            match call.name() {
                // A file system without hard links.
                "linkat" => return Fate::Failed(Errno::EPERM),
                "fsync" => count += 1,
                _ => return Fate::Made,
            }
            has_failed |= count == number;
            match count == number {
                true => Fate::Failed(Errno::EIO),
                false => Fate::Made,
            }
        });
        if !has_failed {
            break;
        }
        let what = format!("sync {number}: {ended:#?}");
        assert_eq!(ended.code, Some(6), "{what}");
        assert!(ended.errors.contains(&reason(Errno::EIO)), "{what}");
        assert_eq!(ended.output, "", "{what}");
        let found = (tried.body(), numbers(&tried));
        match ended.errors.contains("the generation that is current") {
            true => {
                assert_eq!(found, after, "{what}");
                current += 1;
            }
            false => {
                assert_eq!(found, before, "{what}");
                taken_back += 1;
            }
        }
        goes_on(&tried, &what);
    }
    // The table's own directory is synced last, and nothing else is too late to be taken back.
    assert_eq!(current, 1, "{taken_back} are taken back");
    assert!(taken_back > 2, "more is synced");
}

/// Returns the numbers of the generations that were current.
fn numbers(tried: &Try<'_>) -> Vec<u64> {
    let history = tried.open().history().expect("the history can be read");
    history.iter().map(|commit| commit.generation).collect()
}

/// How an instance is started.
type Start = fn(&Try<'_>, &Path) -> std::process::Command;

const STARTS: &[(&str, Start)] = &[
    ("run", |tried, file| {
        let mut command = tried.asked("run --member erp1 -- /bin/cat");
        command.arg(file);
        command
    }),
    ("the variables", |tried, file| {
        let mut command = tried.command("/bin/cat");
        command
            .arg(file)
            .env("LD_PRELOAD", shim::library())
            .env("PSL_MEMBER", MEMBER);
        command
    }),
];

#[test]
fn a_start_whose_storage_fails_is_refused_or_right() {
    let bench = Bench::new();
    let file = bench.path("binaries/version/file");
    for (how, start) in STARTS {
        for error in ERRORS {
            let (mut refused, mut carried) = (0, Vec::new());
            for number in 1.. {
                let tried = bench.begin();
                let command = start(&tried, &file);
                let Some((name, ended)) = failing(&tried, command, number, error) else {
                    break;
                };
                let what = format!("{how}: {error} of call {number}, {name}: {ended:#?}");
                match ended.code {
                    Some(6 | 78) => {
                        let store = tried.store().display().to_string();
                        assert_eq!(ended.output, "", "{what}");
                        assert!(ended.errors.contains(&reason(error)), "{what}");
                        assert!(ended.errors.contains(&store), "{what}");
                        refused += 1;
                    }
                    Some(0) => {
                        assert_eq!(ended.output, LINKED, "{what}");
                        carried.push(name);
                    }
                    _ => panic!("{what}"),
                }
            }
            println!("{how}: {error}: {refused} calls refused, without harm: {carried:?}");
            assert!(refused > 1, "{how}: {error} is refused at more calls");
        }
    }
}

#[test]
fn a_start_that_may_go_without_links_says_so() {
    let bench = Bench::new();
    let config = bench.path("ignoring.toml");
    std::fs::write(&config, "on_error = \"ignore\"\n").expect("it can be written");
    let file = bench.path("binaries/version/file");
    let (_, start) = STARTS[1];
    let mut ignored = 0;
    for number in 1.. {
        let tried = bench.begin();
        let mut command = start(&tried, &file);
        command.env("PSL_CONFIG", &config);
        let Some((name, ended)) = failing(&tried, command, number, Errno::EIO) else {
            break;
        };
        let what = format!("call {number}, {name}: {ended:#?}");
        assert_eq!(ended.code, Some(0), "{what}");
        if ended.output != LINKED {
            assert_eq!(ended.output, "version", "{what}");
            assert!(ended.errors.contains("no links hold"), "{what}");
            assert!(ended.errors.contains(&reason(Errno::EIO)), "{what}");
            ignored += 1;
        }
    }
    assert!(ignored > 1, "more calls are needed");
}
