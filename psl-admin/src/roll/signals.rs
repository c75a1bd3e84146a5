//! The signals that end whoever drives a roll, noted instead of obeyed.
use crate::exit::Exit;
use crate::failure::Failure;
use signal_hook::consts::{SIGHUP, SIGINT, SIGPIPE, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// How often the administrator wanted an end.
#[derive(Debug)]
pub struct Signals {
    arrived: Arc<AtomicBool>,
    count: AtomicUsize,
}

impl Signals {
    /// Begins to note them. A reader of the output that is gone ends nothing.
    pub fn listen() -> Result<Self, Failure> {
        let arrived = Arc::new(AtomicBool::new(false));
        let mut flags = [SIGINT, SIGTERM, SIGHUP]
            .map(|signal| (signal, Arc::clone(&arrived)))
            .to_vec();
        flags.push((SIGPIPE, Arc::default()));
        for (signal, flag) in flags {
            flag::register(signal, flag).map_err(|error| {
                let message = format!("cannot handle signal {signal}: {error}");
                Failure::new(Exit::Refused, message)
            })?;
        }
        Ok(Self {
            arrived,
            count: AtomicUsize::new(0),
        })
    }

    /// Tells whether the roll is to end as soon as the steps that are being taken have ended.
    pub fn is_ending(&self) -> bool {
        self.count() >= 1
    }

    /// Tells whether not even these are to be waited for.
    pub fn is_abandoned(&self) -> bool {
        self.count() >= 2
    }

    fn count(&self) -> usize {
        // Relaxed: the two guard no other memory.
        if self.arrived.swap(false, Ordering::Relaxed) {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
        self.count.load(Ordering::Relaxed)
    }
}
