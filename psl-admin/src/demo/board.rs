//! What the threads of a demo share: the instances' standings, the requests' fate, and the wish to end.
use crate::demo::standing::Standing;
use crate::demo::tally::Tally;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::Signals;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often a wait looks for a signal, which cannot wake it.
const LOOK: Duration = Duration::from_millis(50);

/// What the board shows.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The instances, in their order.
    pub standings: Vec<Standing>,
    /// The requests.
    pub tally: Tally,
    /// The instance whose turn it was last.
    pub turn: usize,
}

/// The shared state, and the way to wait for a change of it.
#[derive(Debug)]
pub struct Board {
    shown: Mutex<Shown>,
    changed: Condvar,
    signals: Signals,
    over: AtomicBool,
}

impl Board {
    /// Makes a board without instances.
    pub fn new(signals: Signals) -> Self {
        Self {
            shown: Mutex::default(),
            changed: Condvar::new(),
            signals,
            over: AtomicBool::new(false),
        }
    }

    /// Returns what it shows, which stands still until the guard is dropped.
    pub fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something under the lock, and wakes who waits for it.
    pub fn change<R>(&self, change: impl FnOnce(&mut Shown) -> R) -> R {
        let changed = change(&mut self.shown());
        self.changed.notify_all();
        changed
    }

    /// Waits until something holds, and tells whether it does: false when `limit` is over. Fails on a signal.
    pub fn wait(
        &self,
        limit: Duration,
        mut holds: impl FnMut(&Shown) -> bool,
    ) -> Result<bool, Failure> {
        let deadline = Instant::now() + limit;
        let mut shown = self.shown();
        loop {
            if self.signals.arrived().is_some() {
                return Err(Failure::new(Exit::Failed, "the demo was interrupted"));
            }
            if holds(&shown) {
                return Ok(true);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            let waited = self.changed.wait_timeout(shown, left.min(LOOK));
            shown = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Ends the requests.
    pub fn end(&self) {
        // Relaxed: the flag guards no other memory.
        self.over.store(true, Ordering::Relaxed);
    }

    /// Tells whether the requests shall end.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}
