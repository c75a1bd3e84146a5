//! The beat of whoever drives a roll: a file that is locked, and written once a second.
use crate::failure::Failure;
use crate::roll::directory::failed;
use crate::store_file;
use psl_table::store::Trust;
use rustix::fs::{FlockOperation, OFlags, fcntl_lock};
use rustix::io::{Errno, pwrite};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// How often it beats.
const PERIOD: Duration = Duration::from_secs(1);

/// Without a beat for so long, a program counts as gone.
const LEASE: Duration = Duration::from_secs(5);

/// Beats until it is dropped.
#[derive(Debug)]
pub struct Beat {
    _until_dropped: Sender<()>,
}

impl Beat {
    /// Starts to beat; the lock, where it could be had, is held as long.
    pub fn start(
        path: PathBuf,
        token: u64,
        lock: Option<File>,
        trust: Trust,
    ) -> Result<Self, Failure> {
        let (sender, dropped) = mpsc::channel();
        // Closing any descriptor of a file gives its locks up: the locked one is the one to write to.
        let beat = move || {
            let mut file = lock;
            if let Some(file) = &file {
                // It went when the beat was read, because that closed a descriptor.
                let _ = fcntl_lock(file, FlockOperation::NonBlockingLockExclusive);
            }
            for count in 0_u64.. {
                if file.is_none() {
                    file = opened(&path, trust).ok();
                }
                if let Some(file) = &file {
                    let text = format!("{token:>20} {count:>20}\n");
                    // A store that is away is noticed before the next step.
                    let _ = pwrite(file, text.as_bytes(), 0);
                    let _ = file.sync_data();
                }
                if dropped.recv_timeout(PERIOD) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
        };
        thread::Builder::new()
            .spawn(beat)
            .map_err(|error| Failure::new(crate::exit::Exit::Refused, error.to_string()))?;
        Ok(Self {
            _until_dropped: sender,
        })
    }
}

/// Takes the lock; `None` when another program has it.
pub fn lock(path: &Path, trust: Trust) -> Result<Option<File>, Failure> {
    let file = opened(path, trust).map_err(|error| failed("open", path, &error))?;
    match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(Errno::AGAIN | Errno::ACCESS) => Ok(None),
        Err(errno) => Err(failed("lock", path, &errno.into())),
    }
}

/// Tells whether the program with this token beats; takes as long as a lease when it does not.
pub fn is_moving(path: &Path, token: u64, trust: Trust) -> Result<bool, Failure> {
    let read = || match store_file::read(path, trust) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|error| failed("read", path, &error)),
    };
    let is_its = |text: &str| text.split_whitespace().next() == Some(&token.to_string());
    let first = read()?;
    let deadline = Instant::now() + LEASE;
    while Instant::now() < deadline {
        thread::sleep(PERIOD / 10);
        let text = read()?;
        if text != first && is_its(&text) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn opened(path: &Path, trust: Trust) -> io::Result<File> {
    store_file::open_or_make(path, OFlags::RDWR, store_file::READABLE, trust)
}
