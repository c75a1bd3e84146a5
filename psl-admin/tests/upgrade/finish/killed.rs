//! Whoever upgrades, finishes or collects is killed at any moment, and the same command reaches the same end.
use crate::bench::{Bench, tree};
use crate::finish::{kept, led_to, traced};
use crate::killed::{Moments, kill};
use std::fs;
use std::process::Command;
use std::time::Instant;

/// What is done to the storage.
const CHANGES: &str = "fsync,fdatasync,rename,renameat,renameat2,symlinkat,unlink,unlinkat,link,linkat,mkdirat,ftruncate";

/// How many rounds are tried; in each of them three programs are killed.
fn rounds() -> usize {
    let wanted = std::env::var("PSL_TEST_MOMENTS").ok();
    let moments: usize = wanted.map_or(24, |text| text.parse().unwrap());
    moments.div_ceil(6)
}

#[test]
fn upgrades_killed_at_any_moment_end_as_if_nobody_was() {
    let mut caught = 0;
    for form in [&[][..], &["--replace"]] {
        let bench = Bench::new(1);
        let mut moments = Moments(11);
        assert_eq!(bench.ran(&mut bench.upgrade(2, &[])).code, Some(0));
        let began = Instant::now();
        bench.ok(&[&["upgrade", "finish"], form].concat());
        let limit = began.elapsed();
        let mut kill = |mut command: Command, factor| {
            kill(&bench, &mut command, moments.below(limit * factor));
        };
        for round in 0..rounds() {
            let version = 3 - round % 2;
            kill(bench.upgrade(version, &[]), 3);
            match phase(&bench, version).as_deref() {
                Some("complete") => {}
                Some(_) => drop(bench.ok(&["upgrade", "resume"])),
                None => assert_eq!(bench.ran(&mut bench.upgrade(version, &[])).code, Some(0)),
            }
            let finish = [&["upgrade", "finish"], form].concat();
            kill(bench.command(&finish), 1);
            caught += usize::from(phase(&bench, version).as_deref() == Some("finishing"));
            if phase(&bench, version).as_deref() != Some("finished") {
                bench.ok(&finish);
            }
            bench.stop(1);
            bench.start(1);
            kill(bench.command(&["gc"]), 1);
            bench.ok(&["gc"]);
            assert_end(&bench, version, form.is_empty());
            let other = 5 - version;
            if !bench.path("binaries").join(tree(other)).exists() {
                bench.version(other);
            }
        }
    }
    println!(
        "{caught} of {} were caught in the middle of a finish",
        2 * rounds()
    );
}

#[test]
fn a_finish_killed_before_each_change_that_it_makes_is_gone_on_with() {
    for (form, replace) in [(&[][..], false), (&["--replace"], true)] {
        let bench = Bench::new(1);
        bench.write("binaries/version.psl-manifest", "of version 1\n");
        assert_eq!(bench.ran(&mut bench.upgrade(2, &[])).code, Some(0));
        let finish = [&["upgrade", "finish"], form].concat();
        let kills = killed_at_each_change(&bench, &finish);
        assert!(kills > 5, "{kills}");
        let manifest = format!("binaries/{}.psl-manifest", kept(&bench).unwrap());
        let text = fs::read_to_string(bench.path(&manifest)).unwrap();
        assert_eq!(text, "of version 1\n");
        bench.stop(1);
        bench.start(1);
        let kills = killed_at_each_change(&bench, &["gc"]);
        assert!(kills > 5, "{kills}");
        assert!(!bench.path(&manifest).exists());
        bench.ok(&["gc"]);
        assert_end(&bench, 2, !replace);
        if replace {
            bench.ok(&["check", "--tree", "$T/binaries/version"]);
        }
    }
}

/// Runs a command that is killed before its first change, then before its second, and so on, until it comes to its end;
/// returns how often it was killed.
fn killed_at_each_change(bench: &Bench, arguments: &[&str]) -> usize {
    for count in 1.. {
        let inject = format!("inject={CHANGES}:signal=KILL:when={count}");
        let ran = bench.ran(&mut traced(&bench.command(arguments), CHANGES, &[&inject]));
        // A finish that was killed when all was done has nothing more to do.
        let is_done = ran
            .stderr
            .contains("there is no roll that has not been finished");
        if ran.code == Some(0) || is_done {
            return count - 1;
        }
        assert_eq!(ran.code, None, "{count}: {ran:?}");
    }
    unreachable!("some run comes to its end")
}

/// Asserts that a version is everybody's, and that nothing else is left.
#[track_caller]
fn assert_end(bench: &Bench, version: usize, is_link: bool) {
    let members = bench.releases().len();
    bench.assert_releases(&vec![version; members]);
    assert_eq!(bench.status()["phase"], "finished");
    assert_eq!(bench.links().lines().count(), 1, "{}", bench.links());
    assert_eq!(bench.servers().len(), members);
    let place = bench.path("binaries/version");
    assert_eq!(led_to(&place), is_link.then(|| tree(version)));
    let page = fs::read_to_string(place.join("share/page")).unwrap();
    assert_eq!(page, version.to_string());
    let names = fs::read_dir(bench.path("binaries")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut strange: Vec<_> = names
        .filter(|name| ![tree(1), tree(2), tree(3)].contains(name))
        .filter(|name| is_link || name != "version.psl-manifest")
        .collect();
    strange.sort();
    assert_eq!(strange, [""; 0]);
}

/// Returns where the roll to a version is; none when it was killed before there was one.
fn phase(bench: &Bench, version: usize) -> Option<String> {
    if bench.journal().is_empty() {
        return None;
    }
    let status = bench.status();
    let is_it = status["to"].as_str().unwrap().ends_with(&tree(version));
    is_it.then(|| status["phase"].as_str().unwrap().to_owned())
}
