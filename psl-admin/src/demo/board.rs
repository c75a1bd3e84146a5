//! What the threads of a demo share: the traffic of each instance, and the wish to end.
use crate::demo::traffic::Traffic;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::Signals;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often a wait looks for a signal, which cannot wake it.
const LOOK: Duration = Duration::from_millis(50);

/// The shared state, and the way to wait for a change of it.
#[derive(Debug)]
pub struct Board {
    traffic: Mutex<Vec<Traffic>>,
    changed: Condvar,
    signals: Signals,
    over: AtomicBool,
}

impl Board {
    /// Makes a board without instances.
    pub fn new(signals: Signals) -> Self {
        Self {
            traffic: Mutex::default(),
            changed: Condvar::new(),
            signals,
            over: AtomicBool::new(false),
        }
    }

    /// Returns the traffic of all instances, which stands still until the guard is dropped.
    pub fn traffic(&self) -> MutexGuard<'_, Vec<Traffic>> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something under the lock, and wakes who waits for it.
    pub fn change<R>(&self, change: impl FnOnce(&mut Vec<Traffic>) -> R) -> R {
        let changed = change(&mut self.traffic());
        self.changed.notify_all();
        changed
    }

    /// Waits until something holds, and tells whether it does: false when `limit` is over. Fails on a signal.
    pub fn wait(
        &self,
        limit: Duration,
        mut holds: impl FnMut(&[Traffic]) -> bool,
    ) -> Result<bool, Failure> {
        let deadline = Instant::now() + limit;
        let mut traffic = self.traffic();
        loop {
            if self.signals.arrived().is_some() {
                return Err(Failure::new(Exit::Failed, "the demo was interrupted"));
            }
            if holds(&traffic) {
                return Ok(true);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            let waited = self.changed.wait_timeout(traffic, left.min(LOOK));
            traffic = waited.unwrap_or_else(PoisonError::into_inner).0;
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
