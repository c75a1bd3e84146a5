//! The verbs that do more than commit, killed before each of their system calls: `run`, `stage`, `upgrade start`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::bench::{Bench, LINKED, Try};
use crate::calls::{self, Call, Ended, Fate};
use crate::next::goes_on;

/// How many tries run at a time.
const AT_ONCE: usize = 2;

/// Has a command killed before each call that counts, each time in a try of its own, and looks at what it has left.
fn killed_at_each(
    bench: &Bench,
    what: &str,
    begin: impl Fn(&Try<'_>) -> Command + Sync,
    counts: impl Fn(&Try<'_>, &Call) -> bool + Sync,
    look: impl Fn(&Try<'_>, &Ended, &str) + Sync,
) {
    let next = AtomicUsize::new(1);
    let killed_at = |number: usize| {
        let tried = bench.begin();
        let (mut count, mut has_become) = (0, false);
        let ended = calls::run(begin(&tried), &mut |call: &Call| {
            // What an instance does is its own.
            has_become |= call.name() == "execve";
            count += usize::from(!has_become && counts(&tried, call));
            match count == number && !has_become {
                true => Fate::Killed,
                false => Fate::Made,
            }
        });
        let what = format!("{what} killed at call {number}");
        assert!(matches!(ended.code, None | Some(0)), "{what}: {ended:?}");
        look(&tried, &ended, &what);
        ended.code.is_none()
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            // Relaxed: each number is taken once, whatever is seen besides.
            scope.spawn(|| while killed_at(next.fetch_add(1, Ordering::Relaxed)) {});
        }
    });
    let calls = next.into_inner() - AT_ONCE - 1;
    println!("{what}: killed at {calls} calls");
    assert!(calls > 60, "{what}: it makes more calls");
}

/// Lists the names in a directory; it may be missing.
fn names(dir: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    let names = entries.map(|entry| entry.expect("it can be listed").file_name());
    names
        .map(|name| name.into_string().expect("all names are text"))
        .collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn a_run_that_is_killed_leaves_nothing_that_the_next_one_does_not_remove() {
    let bench = Bench::new();
    let file = bench.path("binaries/version/file");
    let start = |tried: &Try<'_>| {
        let mut command = tried.asked("run --member erp1 -- /bin/cat");
        command.arg(&file);
        command
    };
    let before = bench.begin().generations();
    killed_at_each(
        &bench,
        "run",
        start,
        |_, _| true,
        |tried, ended, what| {
            if ended.code.is_some() {
                assert_eq!(ended.output, LINKED, "{what}: {ended:?}");
            }
            assert_eq!(tried.generations(), before, "{what}");
            let output = start(tried).output().expect("psl-admin runs");
            assert!(
                output.status.success() && output.stderr.is_empty(),
                "{what}: {output:?}"
            );
            assert_eq!(output.stdout, LINKED.as_bytes(), "{what}");
            let running = tried.store().join("running");
            assert_eq!(names(&running).len(), 1, "{what}: {:?}", names(&running));
            tried.admin("-q gc");
            assert_eq!(tried.unfinished(), <[&Path; 0]>::default(), "{what}");
            goes_on(tried, what);
        },
    );
}

#[test]
fn a_stage_that_is_killed_has_made_the_whole_copy_or_none() {
    let bench = Bench::new();
    killed_at_each(
        &bench,
        "stage",
        |tried| {
            let tree = tried.dir().join("tree");
            fs::create_dir_all(tree.join("bin")).expect("it is free");
            fs::write(tree.join("bin/app"), "app").expect("it is free");
            fs::hard_link(tree.join("bin/app"), tree.join("twin")).expect("it is free");
            std::os::unix::fs::symlink("bin/app", tree.join("link")).expect("it is free");
            let mut command = tried.asked("-q stage");
            command.arg(&tree).arg(tried.dir().join("copy"));
            command
        },
        |_, _| true,
        |tried, ended, what| {
            let copy = tried.dir().join("copy");
            let whole = ["copy", "copy.psl-manifest", "store", "tree"];
            if !copy.exists() {
                assert_eq!(ended.code, None, "{what}: {ended:?}");
                let mut again = tried.asked("-q stage");
                again.arg(tried.dir().join("tree")).arg(&copy);
                let output = again.output().expect("psl-admin runs");
                assert!(output.status.success(), "{what}: {output:?}");
                assert_eq!(names(tried.dir()), set(&whole), "{what}");
            }
            let mut check = tried.asked("check --tree");
            let output = check.arg(&copy).output().expect("psl-admin runs");
            assert!(output.status.success(), "{what}: {output:?}");
        },
    );
}

#[test]
fn a_roll_whose_program_is_killed_goes_on_to_the_same_end() {
    let bench = Bench::new();
    let start = "-q upgrade start {bench}/binaries/version {bench}/binaries/version3 --members erp1 \
                 --min-healthy 0s";
    let unlinked = "\nfrom";
    killed_at_each(
        &bench,
        "upgrade start",
        |tried| {
            let up = tried.dir().join("up");
            fs::write(&up, "").expect("it is free");
            let members = format!(
                "[member.erp1]\nstart = [\"touch\", {up:?}]\nstop = [\"rm\", \"-f\", {up:?}]\n\
                 health = {{ exec = [\"test\", \"-e\", {up:?}] }}\n"
            );
            fs::write(tried.store().join("members.toml"), members).expect("it is ours");
            tried.asked(start)
        },
        // How often it looks at what runs, and for how long, differs from one try to the next.
        |tried, call| call.touches(&tried.store()),
        |tried, ended, what| {
            if ended.code.is_none() {
                let rolls = tried.admin("upgrade status --json");
                // It was killed before there was a roll, or after it was complete, or in between.
                let verb = match (rolls.contains("\"roll\""), rolls.contains("\"complete\"")) {
                    (false, _) => Some(start),
                    (true, false) => Some("-q upgrade resume"),
                    (true, true) => None,
                };
                if let Some(verb) = verb {
                    let output = tried.asked(verb).output().expect("psl-admin runs");
                    assert!(output.status.success(), "{what}: {verb}: {output:?}");
                }
            }
            let status = tried.admin("upgrade status --json");
            assert!(status.contains("\"complete\""), "{what}: {status}");
            let body = tried.body();
            let to = bench.path("binaries/version3");
            let to = format!("to = {to:?}");
            assert_eq!(body.matches(&to).count(), 1, "{what}: {body}");
            assert_eq!(body.matches(unlinked).count(), 1, "{what}: {body}");
            tried.admin("-q gc");
            assert_eq!(tried.unfinished(), <[&Path; 0]>::default(), "{what}");
            goes_on(tried, what);
        },
    );
}
