//! What a host remembers of storage that it shares with others, and what it has not told them yet.

use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, Dir, StatxFlags};
use rustix::io::Errno;

/// What statfs(2) says of every FUSE file system.
const FUSE: i64 = 0x6573_5546;

/// What it says of NFS.
const NFS: i64 = 0x6969;

/// How long a FUSE client is given to learn that a file was replaced: GlusterFS, and the kernel, may remember it for a
/// second each.
const LONGEST_BELIEF: Duration = Duration::from_secs(2);

/// The pause between two attempts meanwhile.
const PAUSE: Duration = Duration::from_millis(20);

/// How often others, who are told at once, are asked again.
const ATTEMPTS: usize = 10;

/// `AT_STATX_FORCE_SYNC`
pub(super) const FORCE_SYNC: AtFlags = AtFlags::from_bits_retain(0x2000);

/// Asks the storage anew which file each name of the directory means.
///
/// GlusterFS lets a client believe for a second in a file that another host has replaced: it reads the old one, or is
/// told ESTALE, however often it looks it up. A listing comes from the servers, and what it says of each
/// name counts from then on. An NFS client goes on with names for as long as it takes the directory for unchanged, which it
/// asks when the directory is opened, and not again for a minute. Others ask for themselves when a file is opened.
/// A directory that cannot be asked is none the worse for it.
pub(super) fn recall(dir: &OwnedFd) {
    if is_on(dir, &[FUSE]) {
        if let Ok(names) = Dir::read_from(dir) {
            names.for_each(drop);
        }
    } else if is_on(dir, &[NFS]) {
        let _ = forget(dir);
    }
}

/// Lists the directory's names, without `.` and `..`, in no order.
///
/// A GlusterFS client answers EBADFD when the server at which it had opened the directory is gone: opened once more, it is
/// at another one.
pub(super) fn names(dir: &OwnedFd) -> rustix::io::Result<Vec<CString>> {
    match listed(dir) {
        Err(Errno::BADFD) => listed(dir),
        names => names,
    }
}

fn listed(dir: &OwnedFd) -> rustix::io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(dir)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    Ok(names)
}

/// Whether it is worth while to ask again for a file that seems to be stale, or to be missing.
pub(super) struct Doubt<'d> {
    dir: &'d OwnedFd,
    end: Instant,
    attempts: usize,
}

impl<'d> Doubt<'d> {
    /// Begins to doubt what is known of the directory's names.
    pub(super) fn of(dir: &'d OwnedFd) -> Self {
        Self {
            dir,
            end: Instant::now() + LONGEST_BELIEF,
            attempts: ATTEMPTS,
        }
    }

    /// Returns whether the file system is one that remembers what it should not.
    pub(super) fn is_there(&self) -> bool {
        is_on(self.dir, &[FUSE])
    }

    /// Returns whether to ask again for a file that is stale, after a pause where that is needed.
    pub(super) fn is_worth_asking_again(&mut self) -> bool {
        if self.is_there() {
            std::thread::sleep(PAUSE);
            recall(self.dir);
            return Instant::now() < self.end;
        }
        self.attempts = self.attempts.saturating_sub(1);
        self.attempts > 0
    }

    /// Returns the same for what only FUSE says of a file that was replaced, or has just been written: that it is missing,
    /// or empty, or the old one.
    pub(super) fn is_worth_looking_again(&mut self) -> bool {
        self.is_there() && self.is_worth_asking_again()
    }
}

/// Lets other hosts read what was written to an open file; a host's own programs can at once.
pub(super) fn tell(file: &OwnedFd) -> rustix::io::Result<()> {
    match is_on(file, &[FUSE, NFS]) {
        true => rustix::fs::fdatasync(file),
        false => Ok(()),
    }
}

/// Forgets what an open file or directory was, before it is read: another host may have written it.
pub(super) fn forget(file: &OwnedFd) -> rustix::io::Result<()> {
    let flags = AtFlags::EMPTY_PATH | FORCE_SYNC;
    rustix::fs::statx(file, c"", flags, StatxFlags::BASIC_STATS).map(drop)
}

fn is_on(file: impl AsFd, kinds: &[i64]) -> bool {
    rustix::fs::fstatfs(file).is_ok_and(|found| kinds.contains(&found.f_type))
}
