//! What has happened, in numbers.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// A number that several threads raise.
#[derive(Default)]
pub struct Count(AtomicU64);

// Relaxed throughout: only the sums matter, which are read when all threads have ended.
impl Count {
    /// Adds something.
    pub fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    /// Raises it to a number that is greater.
    pub fn reach(&self, number: u64) {
        self.0.fetch_max(number, Ordering::Relaxed);
    }

    /// Returns it.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many wrong answers are told; the soak ends when there are so many.
const MOST_WRONG: usize = 20;

macro_rules! counts {
    ($($name:ident: $what:literal,)*) => {
        /// All that is counted.
        #[derive(Default)]
        pub struct Counts {
            $(#[doc = $what] pub $name: Count,)*
            wrong: Mutex<Vec<String>>,
        }

        impl fmt::Display for Counts {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                $(writeln!(f, "{:9}  {}", self.$name.get(), $what)?;)*
                writeln!(f, "{:9}  wrong answers", self.wrong().len())
            }
        }
    };
}

counts! {
    starts: "instances started, and ended by themselves",
    starts_killed: "instances killed",
    programs: "programs executed by instances, each with the answer of its generation",
    collected: "instances whose generation was collected before it could be asked",
    commits: "commits acknowledged",
    commits_conflicting: "commits refused, because another one was faster",
    commits_killed: "commits killed",
    flips: "changes of the live link seen by all readers",
    slowest_flip: "milliseconds after the commit until the slowest one was seen",
    reads: "reads by long-lived instances",
    rolls: "rolls of three members, complete and finished",
    rolls_killed: "programs killed that staged, drove or finished a roll",
    gc: "runs of gc",
    gc_killed: "runs of gc killed",
    gc_removed: "trees, generations, copies and registrations that gc has removed",
    memory: "KiB that the long-lived instance with the most growth has grown by",
    descriptors: "descriptors that long-lived instances have left open",
    history: "generations in the history at the end",
    files: "other files in the store at the end",
}

impl Counts {
    /// Notes a wrong answer.
    pub fn is_wrong(&self, what: String) {
        eprintln!("soak: wrong: {what}");
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.push(what);
    }

    /// Returns all wrong answers.
    pub fn wrong(&self) -> Vec<String> {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.clone()
    }

    /// Tells whether there is no use in going on.
    pub fn is_hopeless(&self) -> bool {
        self.wrong().len() >= MOST_WRONG
    }
}
