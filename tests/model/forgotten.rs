//! Names that are looked up while another thread changes where they lead.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use crate::atomic::{tried, use_first};
use crate::names::{Changes, Names};

const TICK: u64 = 7;
const DIRECTORY: u64 = 1;

/// What a process remembers, and what the kernel would say.
#[derive(Debug)]
struct Process {
    names: Names<1>,
    changes: Changes,
    is_symlink: AtomicBool,
}

impl Process {
    fn new() -> Arc<Self> {
        let process = Arc::new(Self {
            names: Names::new(),
            changes: Changes::new(),
            is_symlink: AtomicBool::new(false),
        });
        use_first(&*process);
        process
    }

    /// Whether a name is quiet, as `is_quiet` asks: the moment, then what is remembered, then the kernel.
    fn is_quiet(&self, name: &[u8]) -> bool {
        let hash = self.changes.moment(TICK, DIRECTORY).hash(name);
        if self.names.get(hash).is_some() {
            return true;
        }
        let is_quiet = !self.is_symlink.load(Ordering::SeqCst);
        if is_quiet {
            self.names.add(hash, 0);
        }
        is_quiet
    }

    /// Makes the name a symlink, as a hook does: the call, then what it changed is forgotten.
    fn symlink(&self) {
        self.is_symlink.store(true, Ordering::SeqCst);
        self.changes.count();
    }
}

#[test]
fn who_has_made_a_symlink_and_who_knows_of_it_finds_it() {
    tried(|| {
        let process = Process::new();
        let is_made = Arc::new(AtomicBool::new(false));
        let looking = [(); 2].map(|()| {
            let (process, is_made) = (Arc::clone(&process), Arc::clone(&is_made));
            thread::spawn(move || {
                let knows = is_made.load(Ordering::Acquire);
                let is_quiet = process.is_quiet(b"name");
                assert!(!(knows && is_quiet));
            })
        });
        process.symlink();
        is_made.store(true, Ordering::Release);
        assert!(!process.is_quiet(b"name"));
        for thread in looking {
            thread.join().expect("what a thread asserts holds");
        }
        assert!(!process.is_quiet(b"name"));
    });
}

#[test]
fn a_name_is_not_taken_for_another_one_in_its_slot() {
    tried(|| {
        let process = Process::new();
        process.symlink();
        let moment = process.changes.moment(TICK, DIRECTORY);
        let other = Arc::clone(&process);
        let other = thread::spawn(move || other.names.add(moment.hash(b"quiet"), 0));
        assert!(!process.is_quiet(b"name"));
        other.join().expect("a thread that asserts nothing");
        assert!(!process.is_quiet(b"name") && process.is_quiet(b"quiet"));
    });
}

#[test]
fn what_is_known_of_a_name_is_never_what_was_known_of_another() {
    tried(|| {
        let process = Process::new();
        let moment = process.changes.moment(TICK, DIRECTORY);
        let entries = [(moment.hash(b"one"), 1), (moment.hash(b"two"), 2)];
        let adding = entries.map(|(hash, number)| {
            let process = Arc::clone(&process);
            thread::spawn(move || process.names.add(hash, number))
        });
        let found = || {
            for (hash, number) in entries {
                let found = process.names.get(hash);
                assert!(found.is_none_or(|found| found == number));
            }
        };
        found();
        for thread in adding {
            thread.join().expect("a thread that asserts nothing");
        }
        found();
    });
}
