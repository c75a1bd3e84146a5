//! The signals that end a demo before its time.
use crate::exit::Exit;
use crate::failure::Failure;
use signal_hook::consts::{SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::emulate_default_handler;
use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Ctrl-C and its kin, a closed terminal, and a reader of the output that is gone.
const ENDING: [c_int; 5] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE];

/// The last of the signals that arrived.
#[derive(Clone, Debug)]
pub struct Signals(Arc<AtomicUsize>);

impl Signals {
    /// Begins to note signals instead of dying from them. Programs that are started have the default dispositions.
    pub fn listen() -> Result<Self, Failure> {
        let arrived = Arc::new(AtomicUsize::new(0));
        for signal in ENDING {
            flag::register_usize(signal, Arc::clone(&arrived), signal.unsigned_abs() as usize)
                .map_err(|error| {
                    let message = format!("cannot handle signal {signal}: {error}");
                    Failure::new(Exit::Refused, message)
                })?;
        }
        Ok(Self(arrived))
    }

    /// Returns the signal that arrived, if one did.
    pub fn arrived(&self) -> Option<c_int> {
        // Relaxed: the number guards no other memory.
        let number = self.0.load(Ordering::Relaxed);
        c_int::try_from(number).ok().filter(|&signal| signal != 0)
    }

    /// Dies from the signal that arrived, so that whoever started the demo sees it; returns when none did.
    pub fn die(&self) {
        if let Some(signal) = self.arrived() {
            // It fails for signals only that cannot be handled.
            let _ = emulate_default_handler(signal);
        }
    }
}
