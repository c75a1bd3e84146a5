//! The power goes at every moment of a store's life: what was acknowledged is there, and the rest is whole.
mod disk;
mod record;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use psl_table::error::Error;
use psl_table::history::{Author, Commit};
use psl_table::store::{CommitOptions, Store, Trust};

use crate::bench::{Bench, Try};
use crate::calls;
use disk::{Disk, Tree};
use record::{Recorder, Step};

/// The life of a store.
const LIFE: &[&str] = &[
    "init {store}",
    "member set erp1 app=erp",
    "add --member erp1 --force {bench}/binaries/version {bench}/binaries/version2",
    "rollback 2",
    "gc --keep 2",
    "apply {bench}/other.toml",
];

#[test]
fn no_loss_of_power_loses_what_was_acknowledged() {
    let bench = Bench::new();
    for has_links in [true, false] {
        let lived = bench.begin_empty();
        let mut recorder = Recorder::new(lived.dir(), has_links);
        let mut texts = BTreeMap::new();
        for arguments in LIFE {
            let ended = calls::run(lived.asked(arguments), &mut recorder);
            assert_eq!(ended.code, Some(0), "{arguments}: {}", ended.errors);
            texts.extend(lived.generations());
        }
        let moments = Moments {
            bench: &bench,
            texts,
            has_links,
        };
        moments.try_all(&recorder);
    }
}

/// What may be found after the power went.
struct Moments<'b> {
    bench: &'b Bench,
    /// Every generation, as it was committed.
    texts: BTreeMap<u64, String>,
    has_links: bool,
}

impl Moments<'_> {
    fn try_all(&self, recorder: &Recorder) {
        let mut disk = Disk::default();
        let mut tried = HashSet::new();
        let (mut acknowledged, mut shown, mut drawn) = (0, 0, 0);
        for (moment, step) in recorder.steps.iter().enumerate() {
            disk.take(step);
            if let Step::Acknowledge(number) = step {
                acknowledged = *number;
            }
            let seen = disk.seen(&recorder.directories);
            let table = seen
                .get(Path::new("store/table.toml"))
                .and_then(Option::as_ref);
            let table = table.map(|bytes| String::from_utf8_lossy(bytes));
            let commit = table.and_then(|text| Commit::of_text(&text));
            shown = commit.map_or(shown, |commit| commit.generation.max(shown));
            let (states, is_all) = disk.left(&recorder.directories);
            drawn += usize::from(!is_all);
            for state in states {
                let what = format!("after step {moment}, {step:?}");
                if tried.insert((acknowledged, shown, state.clone())) {
                    self.is_whole(&state, (acknowledged, shown), &what);
                }
            }
        }
        println!(
            "hard links {}: {} steps, {} states; of {drawn} moments some states were drawn",
            self.has_links,
            recorder.steps.len(),
            tried.len()
        );
        assert!(acknowledged > 4 && tried.len() > 100, "more has happened");
    }

    /// A reader finds a generation that is whole and not older than the one acknowledged, and commits go on.
    fn is_whole(&self, state: &Tree, (acknowledged, shown): (u64, u64), what: &str) {
        let found = self.bench.begin_empty();
        disk::make(state, found.dir());
        let names: Vec<_> = state
            .iter()
            .map(|(path, bytes)| (path, bytes.as_ref().map(Vec::len)))
            .collect();
        let what = format!("{what}, generation {acknowledged} was acknowledged: {names:#?}");
        match Store::open(&found.store(), Trust::Owner).and_then(|store| Ok((store.read()?, store)))
        {
            Ok((table, store)) => {
                assert_eq!(
                    self.texts.get(&table.generation).map(String::as_str),
                    Some(table.text()),
                    "{what}"
                );
                assert!(table.generation >= acknowledged, "{what}");
                if acknowledged > 0 {
                    let kept = store.read_generation(acknowledged);
                    let kept = kept.unwrap_or_else(|error| panic!("{what}: {error}"));
                    assert_eq!(kept.text(), self.texts[&acknowledged], "{what}");
                }
            }
            Err(Error::NoStore { .. } | Error::LostTable { .. }) if acknowledged == 0 => {}
            Err(error) => panic!("{what}: {error}"),
        }
        self.goes_on(&found, (acknowledged, shown), &what);
    }

    fn goes_on(&self, found: &Try<'_>, (acknowledged, shown): (u64, u64), what: &str) {
        if acknowledged == 0 {
            let made = Store::init(&found.store());
            made.unwrap_or_else(|error| panic!("{what}: it cannot be completed: {error}"));
        }
        let store = found.open();
        let before = found.generations();
        let by = Author::here(None);
        let number = store.commit(&by, CommitOptions::default(), |table| {
            Ok(format!("{}# after\n", table.text()))
        });
        let number = number.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(
            number > shown,
            "{what}: a number that was seen is used twice"
        );
        assert!(before.iter().all(|(kept, _)| *kept < number), "{what}");
        assert_eq!(found.generations()[..before.len()], before, "{what}");
        assert_eq!(found.strangers(), <[&Path; 0]>::default(), "{what}");
    }
}
