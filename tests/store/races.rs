//! Many administrators and many starts at once, and an administrator who is stopped.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::bench::{Bench, CURRENT, LINKED, Try, acknowledged};
use crate::calls::{self, Call, Fate};
use crate::next::goes_on;

const ADMINISTRATORS: usize = 16;
const STARTERS: usize = 16;

/// How many commits each administrator makes; `PSL_COMMITS` says another number.
const COMMITS: usize = 10;

#[test]
fn no_update_of_many_administrators_is_lost_and_every_start_is_right() {
    let commits = std::env::var("PSL_COMMITS").ok();
    let commits = commits.map_or(COMMITS, |number| number.parse().expect("it is a number"));
    let bench = Bench::new();
    let tried = bench.begin();
    let is_over = AtomicBool::new(false);
    let (starts, reads) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let begun = Instant::now();
    let (acknowledged, again) = std::thread::scope(|scope| {
        let administrators: Vec<_> = (0..ADMINISTRATORS)
            .map(|one| {
                let tried = &tried;
                scope.spawn(move || administrate(tried, one, commits))
            })
            .collect();
        for _ in 0..STARTERS {
            scope.spawn(|| {
                // Relaxed, here and below: a round more or less does not matter, and the scope's end orders the rest.
                while !is_over.load(Ordering::Relaxed) {
                    starts_right(&bench, &tried);
                    starts.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                reads_whole(&tried);
                reads.fetch_add(1, Ordering::Relaxed);
            }
        });
        // Those who wait for the end are told of it before a failure is.
        let ended: Vec<_> = administrators.into_iter().map(|one| one.join()).collect();
        is_over.store(true, Ordering::Relaxed);
        let all = ended.into_iter().map(|one| one.expect("none has failed"));
        all.reduce(|(mut all, again), (some, more)| {
            all.extend(some);
            (all, again + more)
        })
        .expect("there are some")
    });
    let took = begun.elapsed();
    println!(
        "{} commits by {ADMINISTRATORS} administrators in {took:?}, {again} of them asked again; {} starts, {} reads",
        acknowledged.len(),
        starts.into_inner(),
        reads.into_inner()
    );
    let all = ADMINISTRATORS * commits;
    let last = CURRENT + all as u64;
    let expected: Vec<_> = (CURRENT + 1..=last).collect();
    let mut numbers: Vec<_> = acknowledged.iter().map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, expected, "every number is given once");
    let history = tried.open().history().expect("the history can be read");
    let history: Vec<_> = history
        .iter()
        .rev()
        .map(|commit| commit.generation)
        .collect();
    assert_eq!(history, (1..=last).collect::<Vec<_>>());
    let table = tried.open().read().expect("the table is whole");
    let found: BTreeSet<_> = table
        .links
        .iter()
        .map(|link| PathBuf::from(link.from.as_ref() as &str))
        .collect();
    for (number, from) in &acknowledged {
        assert!(
            found.contains(from),
            "generation {number} is lost: {from:?}"
        );
    }
    assert_eq!(table.links.len(), all + 1);
    goes_on(&tried, "after all");
}

/// Adds links, one a commit; returns the numbers that were acknowledged, and how often a commit was asked for again.
fn administrate(tried: &Try<'_>, one: usize, commits: usize) -> (Vec<(u64, PathBuf)>, usize) {
    let mut again = 0;
    let mut made = Vec::new();
    for commit in 0..commits {
        let from = tried.bench().path(&format!("binaries/at.{one}.{commit}"));
        let arguments = format!(
            "add --member erp2 --force {} {{bench}}/binaries/version3",
            from.display()
        );
        loop {
            let output = tried.asked(&arguments).output().expect("psl-admin runs");
            if output.status.code() == Some(4) {
                again += 1;
                continue;
            }
            let said = String::from_utf8_lossy(&output.stdout);
            let number = acknowledged(&said).unwrap_or_else(|| panic!("{output:?}"));
            made.push((number, from));
            break;
        }
    }
    (made, again)
}

fn starts_right(bench: &Bench, tried: &Try<'_>) {
    let mut command = tried.asked("run --member erp1 -- /bin/cat");
    command.arg(bench.path("binaries/version/file"));
    let output = command.output().expect("psl-admin runs");
    assert_eq!(output.stdout, LINKED.as_bytes(), "{output:?}");
}

fn reads_whole(tried: &Try<'_>) {
    let store = tried.open();
    let table = store.read().expect("the table is whole");
    assert_eq!(table.links.len() as u64 + CURRENT - 1, table.generation);
    assert!(store.is_published(&table).expect("the history can be read"));
}

#[test]
fn a_stopped_administrator_is_named_after_a_bounded_wait() {
    let bench = Bench::new();
    let tried = bench.begin();
    let command = tried.asked("member set erp3 app=erp");
    let mut holder = calls::run_until_stopped(command, &mut |call: &Call| match call.name() {
        // Nothing is synced before the lock is held.
        "fsync" => Fate::Stopped,
        _ => Fate::Made,
    });
    let begun = Instant::now();
    let output = tried.asked("member set erp4 app=erp").output();
    let took = begun.elapsed();
    let output = output.expect("psl-admin runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{errors}");
    let host = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    let named = format!(" on {host}, pid {}, since 20", holder.id());
    assert!(errors.contains(&named), "{errors}");
    assert!(took < Duration::from_secs(20), "it waited {took:?}");
    assert_eq!(
        tried.open().read().expect("it is whole").generation,
        CURRENT
    );

    kill(Pid::from_raw(holder.id().cast_signed()), Signal::SIGCONT).expect("it is stopped");
    assert!(holder.wait().expect("it is a child").success());
    let mut said = String::new();
    let output = holder
        .stdout
        .take()
        .expect("it is piped")
        .read_to_string(&mut said);
    output.expect("it says text");
    assert_eq!(acknowledged(&said), Some(CURRENT + 1));
    goes_on(&tried, "after the holder");
}
