//! The lock of a committing program.
//!
//! It is a POSIX record lock: NFS and the FUSE cluster file systems carry it to the other
//! hosts, and it dies with its holder. Such locks do not exclude threads of one process, and closing
//! any descriptor of the file lets them go, so a mutex comes first and nothing else opens the file.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::file::check_regular;
use crate::history::{Author, now};
use crate::store::aside::own_mode;
use crate::store::{LOCK, shared};
use crate::trust::Trust;

static THREADS: Mutex<()> = Mutex::new(());

/// The longest pause between two attempts: whoever has waited long tries about as often as whoever has just come.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// The longest description of a holder that is read, in bytes.
const LONGEST_HOLDER: usize = 512;

/// A lock that is held until it is dropped.
pub(super) struct Lock {
    file: OwnedFd,
    _threads: MutexGuard<'static, ()>,
}

impl Lock {
    /// Takes the lock of the store whose directory is open, or gives up after `wait`.
    pub(super) fn take(
        dir: &OwnedFd,
        (path, trust): (&Path, Trust),
        by: &Author,
        wait: Duration,
    ) -> Result<Lock> {
        let mut attempts = Attempts::until(Instant::now() + wait);
        let locked = |holder| Error::Locked {
            path: path.join(LOCK),
            holder,
            waited: wait,
        };
        let threads = loop {
            match THREADS.try_lock() {
                Ok(guard) => break guard,
                // The mutex guards no data that a panic could have left half changed.
                Err(TryLockError::Poisoned(poisoned)) => break poisoned.into_inner(),
                Err(TryLockError::WouldBlock) if attempts.pause() => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(locked(Some("another thread of this program".to_owned())));
                }
            }
        };
        let failed = |errno| Error::io("lock", path.join(LOCK), errno);
        let file = open(dir).map_err(failed)?;
        let stat = rustix::fs::fstat(&file).map_err(failed)?;
        check_regular(&stat, &path.join(LOCK))?;
        trust.check_stat(&path.join(LOCK), &stat)?;
        loop {
            match rustix::fs::fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(Errno::AGAIN | Errno::ACCESS) if attempts.pause() => {}
                Err(Errno::AGAIN | Errno::ACCESS) => return Err(locked(holder(&file))),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(failed(errno)),
            }
        }
        let pid = rustix::process::getpid();
        let text = format!("{} on {}, pid {pid}, since {}\n", by.who, by.host, now());
        // Only a waiting program reads it, so that failing to write it is no reason not to commit.
        let _ = rustix::fs::ftruncate(&file, 0);
        let _ = rustix::io::pwrite(&file, text.as_bytes(), 0).and_then(|_| shared::tell(&file));
        Ok(Lock {
            file,
            _threads: threads,
        })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The lock itself goes with the descriptor.
        let _ = rustix::fs::ftruncate(&self.file, 0);
    }
}

/// Opens the lock file, and makes it where it is missing.
///
/// Whoever can open it can lock it, and so keep everybody from committing: it is for those who can write the
/// store, and for no other reader.
fn open(dir: &OwnedFd) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    match rustix::fs::openat(dir, LOCK, flags, Mode::empty()) {
        Err(Errno::NOENT) => {}
        opened => return opened,
    }
    let create = flags | OFlags::CREATE | OFlags::EXCL;
    match rustix::fs::openat(dir, LOCK, create, Mode::RUSR | Mode::WUSR) {
        Ok(file) => {
            own_mode(dir, &file)?;
            Ok(file)
        }
        Err(Errno::EXIST) => rustix::fs::openat(dir, LOCK, flags, Mode::empty()),
        Err(errno) => Err(errno),
    }
}

fn holder(file: &OwnedFd) -> Option<String> {
    let _ = shared::forget(file);
    let mut text = [0; LONGEST_HOLDER];
    let count = rustix::io::pread(file, &mut text, 0).ok()?;
    let text = String::from_utf8_lossy(&text[..count]);
    let line = text.lines().next()?;
    let shown = line.chars().filter(|letter| !letter.is_control());
    Some(shown.collect())
}

/// Pauses between attempts that grow longer, up to a deadline.
struct Attempts {
    deadline: Instant,
    next: Duration,
}

impl Attempts {
    fn until(deadline: Instant) -> Attempts {
        Attempts {
            deadline,
            next: Duration::from_millis(2),
        }
    }

    /// Pauses and returns true, or returns false when the deadline is over.
    fn pause(&mut self) -> bool {
        let left = self.deadline.saturating_duration_since(Instant::now());
        std::thread::sleep(self.next.min(left));
        self.next = (self.next * 2).min(LONGEST_PAUSE);
        !left.is_zero()
    }
}
