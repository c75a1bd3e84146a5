//! The signals that end a verb before its time, when it has to clean up first.
use crate::exit::Exit;
use crate::failure::Failure;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM};
use signal_hook::low_level::{emulate_default_handler, pipe, unregister};
use signal_hook::{SigId, flag};
use std::ffi::c_int;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Ctrl-C and its kin, a closed terminal, and a reader of the output that is gone.
const ENDING: [c_int; 5] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE];

/// The last of the signals that arrived.
#[derive(Clone, Debug)]
pub struct Signals(Arc<AtomicUsize>);

impl Signals {
    /// Begins to note signals instead of dying from them. Programs that are started have the default dispositions.
    /// What the caller ignores (nohup does) stays ignored.
    pub fn listen() -> Result<Self, Failure> {
        let arrived = Arc::new(AtomicUsize::new(0));
        for signal in heeded() {
            flag::register_usize(signal, Arc::clone(&arrived), signal.unsigned_abs() as usize)
                .map_err(|error| {
                    let message = format!("cannot handle signal {signal}: {error}");
                    Failure::new(Exit::Refused, message)
                })?;
        }
        Ok(Self(arrived))
    }

    /// Hears of no signal but those that [`Signals::send`] sends, for work that somebody else ends.
    pub fn deaf() -> Self {
        Self(Arc::default())
    }

    /// Lets a signal arrive.
    pub fn send(&self, signal: c_int) {
        // Relaxed: the number guards no other memory.
        self.0
            .store(signal.unsigned_abs() as usize, Ordering::Relaxed);
    }

    /// Returns the signal that arrived, if one did.
    pub fn arrived(&self) -> Option<c_int> {
        // Relaxed: the number guards no other memory.
        let number = self.0.load(Ordering::Relaxed);
        c_int::try_from(number).ok().filter(|&signal| signal != 0)
    }

    /// Fails when one arrived, for work to stop between two steps.
    pub fn check(&self) -> Result<(), Failure> {
        match self.arrived() {
            None => Ok(()),
            Some(signal) => {
                let message = format!("interrupted by signal {signal}");
                Err(Failure::new(Exit::Storage, message))
            }
        }
    }

    /// Dies from the signal that arrived, so that whoever started the verb sees it; returns when none did.
    pub fn die(&self) {
        if let Some(signal) = self.arrived() {
            // It fails for signals only that cannot be handled.
            let _ = emulate_default_handler(signal);
        }
    }
}

/// A stream that can be read from when one of the signals arrives, or a child ends.
#[derive(Debug)]
pub struct Bell {
    stream: UnixStream,
    registered: Vec<SigId>,
}

impl Bell {
    /// Begins to ring.
    pub fn hang() -> io::Result<Self> {
        let (stream, rung) = UnixStream::pair()?;
        let mut bell = Self {
            stream,
            registered: Vec::new(),
        };
        for signal in heeded().chain([SIGCHLD]) {
            let id = pipe::register(signal, rung.try_clone()?)?;
            bell.registered.push(id);
        }
        Ok(bell)
    }

    /// Returns what is rung; its read timeout is the caller's.
    pub fn stream(&self) -> &UnixStream {
        &self.stream
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        for &id in &self.registered {
            unregister(id);
        }
    }
}

/// Lists the ending signals that the caller has not ignored.
fn heeded() -> impl Iterator<Item = c_int> {
    let status = procfs::process::Process::myself().and_then(|own| own.status());
    let ignored = status.map_or(0, |status| status.sigign);
    let is_heeded = move |signal: &c_int| ignored >> (signal - 1) & 1 == 0;
    ENDING.into_iter().filter(is_heeded)
}
