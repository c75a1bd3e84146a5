//! Every verb is killed before each of its system calls, one after the other.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::errno::Errno;
use psl_table::error::Error;
use psl_table::store::{Store, Trust};

use crate::bench::{Bench, Try, acknowledged, body};
use crate::calls::{self, Call, Ended, Fate};
use crate::next::goes_on;
use crate::verbs::{CHANGE, Kind, VERBS, Verb};

/// How many tries run at a time.
const AT_ONCE: usize = 2;

/// One verb, with what it finds and what it makes when nobody kills it.
struct Target<'b> {
    bench: &'b Bench,
    verb: &'b Verb,
    /// Whether the file system has hard links.
    has_links: bool,
    before: Option<String>,
    after: String,
    old: Vec<(u64, String)>,
    /// What was left by tries after which the next commit was made.
    tried: Mutex<HashSet<BTreeMap<PathBuf, String>>>,
}

#[test]
fn a_verb_that_is_killed_at_any_call_leaves_a_whole_store() {
    let bench = Bench::new();
    let without_links = [(&CHANGE, false)];
    for (verb, has_links) in VERBS.iter().map(|verb| (verb, true)).chain(without_links) {
        let target = Target::new(&bench, verb, has_links);
        let next = AtomicUsize::new(1);
        // Relaxed: each number is taken once, whatever is seen besides.
        let one = || while target.killed_at(next.fetch_add(1, Ordering::Relaxed)) {};
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(one);
            }
        });
        let calls = next.into_inner() - AT_ONCE - 1;
        let states = target.tried.into_inner().expect("no try has failed").len();
        println!(
            "{}, hard links {has_links}: killed at {calls} calls, which left {states} states",
            verb.arguments
        );
        assert!(calls > 20 && states > 3, "{}: it does more", verb.arguments);
    }
}

impl<'b> Target<'b> {
    fn new(bench: &'b Bench, verb: &'b Verb, has_links: bool) -> Self {
        let (before, old) = match verb.kind {
            Kind::Makes => (None, Vec::new()),
            Kind::Commits | Kind::Collects => {
                let store = bench.begin();
                (Some(store.body()), store.generations())
            }
        };
        let mut target = Self {
            bench,
            verb,
            has_links,
            before,
            old,
            after: String::new(),
            tried: Mutex::default(),
        };
        let undisturbed = target.begin();
        undisturbed.admin(verb.arguments);
        target.after = undisturbed.body();
        target
    }

    fn begin(&self) -> Try<'b> {
        match self.verb.kind {
            Kind::Makes => self.bench.begin_empty(),
            Kind::Commits | Kind::Collects => self.bench.begin(),
        }
    }

    /// Has the verb killed before its call of this number; false when it ends without making so many.
    fn killed_at(&self, number: usize) -> bool {
        let tried = self.begin();
        let mut count = 0;
        let ended = calls::run(tried.asked(self.verb.arguments), &mut |call: &Call| {
            // gc looks at every process of the host, which are others each time: only its calls on the store are counted.
            if self.verb.kind == Kind::Collects && !call.touches(&tried.store()) {
                return Fate::Made;
            }
            count += 1;
            match count == number {
                true => Fate::Killed,
                false if call.name() == "linkat" && !self.has_links => Fate::Failed(Errno::EPERM),
                false => Fate::Made,
            }
        });
        let what = format!("{} killed at call {number}", self.verb.arguments);
        if ended.code.is_some() {
            assert_eq!(ended.code, Some(0), "{what}: {}", ended.errors);
        }
        match self.verb.kind {
            Kind::Makes => is_made_or_can_be(&tried, &ended, &what),
            Kind::Commits | Kind::Collects => self.is_old_or_new(&tried, &ended, &what),
        }
        let mut known = self.tried.lock().expect("no try has failed");
        let is_new = known.insert(tried.state());
        drop(known);
        if is_new {
            if self.verb.kind == Kind::Makes {
                tried.admin("init {store} --quiet");
            }
            goes_on(&tried, &what);
        }
        ended.code.is_none()
    }

    /// The table is the old one or, for certain when that was acknowledged, the new one; the history has it.
    fn is_old_or_new(&self, tried: &Try<'_>, ended: &Ended, what: &str) {
        let store = tried.open();
        let table = store
            .read()
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        let found = body(table.text());
        let is_new = found == self.after;
        let is_whole = is_new || Some(&found) == self.before.as_ref();
        assert!(is_whole, "{what}: the table is\n{found}");
        let is_published = store.is_published(&table);
        assert!(
            is_published.is_ok_and(|it| it),
            "{what}: the history lacks it"
        );
        if self.verb.kind == Kind::Collects {
            let kept = tried.generations();
            assert!(kept.iter().all(|one| self.old.contains(one)), "{what}");
            return;
        }
        if let Some(number) = acknowledged(&ended.output) {
            assert!(
                is_new && table.generation == number,
                "{what}: {number} is lost"
            );
        }
        let kept = tried.generations();
        assert_eq!(
            kept[..self.old.len()],
            self.old,
            "{what}: the history has changed"
        );
    }
}

/// A store that was being made is whole, or is no store yet.
fn is_made_or_can_be(tried: &Try<'_>, ended: &Ended, what: &str) {
    let opened = Store::open(&tried.store(), Trust::Owner);
    match opened.and_then(|store| store.read()) {
        Ok(table) => assert_eq!(table.generation, 1, "{what}"),
        Err(Error::NoStore { .. } | Error::LostTable { .. }) => {
            assert_eq!(acknowledged(&ended.output), None, "{what}: it is lost");
        }
        Err(error) => panic!("{what}: {error}"),
    }
}
