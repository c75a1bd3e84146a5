//! A file that is written aside and then put into its place as a whole.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};

use crate::store::shared::names;

/// What starts the name of every file that is written aside.
const PREFIX: &str = ".aside.";

/// The mode of the store's files, whatever the umask: everybody may read.
const FILE_MODE: Mode = Mode::from_raw_mode(0o644);

/// A file written aside; it is removed when it is dropped before it has its place.
pub(super) struct Aside<'d> {
    dir: &'d OwnedFd,
    name: String,
    file: OwnedFd,
}

impl<'d> Aside<'d> {
    /// Makes an empty file of a name that nobody else has.
    pub(super) fn create(dir: &'d OwnedFd) -> rustix::io::Result<Aside<'d>> {
        loop {
            let name = unique_name();
            match create_new(dir, Path::new(&name)) {
                Ok(file) => return Ok(Aside { dir, name, file }),
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Writes the text and waits until it is on the storage.
    pub(super) fn write(&self, text: &str) -> rustix::io::Result<()> {
        write_durably(&self.file, text)
    }

    /// Gives the file a second name that must not exist; EEXIST when it does.
    pub(super) fn link(&self, dir: &OwnedFd, name: &str) -> rustix::io::Result<()> {
        match rustix::fs::linkat(self.dir, &self.name, dir, name, AtFlags::empty()) {
            // An answer that was lost on the network makes the client ask again: the name may be ours.
            Err(Errno::EXIST) => {
                let own = rustix::fs::fstat(&self.file)?;
                let found = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
                let is_own = (own.st_dev, own.st_ino) == (found.st_dev, found.st_ino);
                if is_own { Ok(()) } else { Err(Errno::EXIST) }
            }
            linked => linked,
        }
    }

    /// Puts the file in the place of `name` in a directory.
    pub(super) fn rename(self, dir: &OwnedFd, name: &str) -> rustix::io::Result<()> {
        rustix::fs::renameat(self.dir, &self.name, dir, name)
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        // What cannot be removed is removed by the next commit.
        let _ = rustix::fs::unlinkat(self.dir, &self.name, AtFlags::empty());
    }
}

/// Publishes the text under a name that must not exist, on a file system without hard links.
///
/// A program that dies meanwhile leaves a part of the text; no reader asks for it, because the
/// generation never became current.
pub(super) fn write_new(dir: &OwnedFd, name: &str, text: &str) -> rustix::io::Result<()> {
    let file = create_new(dir, Path::new(name))?;
    write_durably(&file, text).inspect_err(|_| {
        let _ = rustix::fs::unlinkat(dir, name, AtFlags::empty());
    })
}

/// Removes what dead commits left; called under the lock, when no other commit is alive.
pub(super) fn remove_leftovers(dir: &OwnedFd) -> rustix::io::Result<()> {
    let names = names(dir)?;
    for name in names.iter().filter(|name| is_aside(name.to_bytes())) {
        // A leftover that stays does no harm.
        let _ = rustix::fs::unlinkat(dir, name, AtFlags::empty());
    }
    Ok(())
}

/// Returns a name for a file beside the table that no other living program of this host takes.
pub(super) fn unique_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let pid = rustix::process::getpid();
    // Relaxed: only that two values differ matters.
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{PREFIX}{pid}.{count}")
}

/// Tells whether the name is one of a file written aside.
pub(super) fn is_aside(name: &[u8]) -> bool {
    name.starts_with(PREFIX.as_bytes())
}

/// Waits until the directory's names are on the storage.
pub(super) fn sync_names(dir: &OwnedFd) -> rustix::io::Result<()> {
    match retry_on_intr(|| rustix::fs::fsync(dir)) {
        // Some file systems cannot sync a directory, and need not.
        Err(Errno::INVAL) => Ok(()),
        synced => synced,
    }
}

/// Lets those write the file who can write the directory, and gives it to the directory's owner.
pub(super) fn own_mode(dir: impl AsFd, file: impl AsFd) -> rustix::io::Result<()> {
    let stat = rustix::fs::fstat(dir)?;
    let writers = Mode::from_raw_mode(stat.st_mode) & (Mode::WUSR | Mode::WGRP | Mode::WOTH);
    let readers = Mode::from_raw_mode(writers.bits() << 1);
    rustix::fs::fchmod(&file, writers | readers)?;
    let owner = rustix::fs::Uid::from_raw(stat.st_uid);
    let group = rustix::fs::Gid::from_raw(stat.st_gid);
    // Only root can give a file away, and only then is it somebody else's.
    let _ = rustix::fs::fchown(&file, Some(owner), Some(group));
    Ok(())
}

fn create_new(dir: &OwnedFd, name: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = retry_on_intr(|| rustix::fs::openat(dir, name, flags, FILE_MODE))?;
    rustix::fs::fchmod(&file, FILE_MODE)?;
    Ok(file)
}

fn write_durably(file: &OwnedFd, text: &str) -> rustix::io::Result<()> {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        let written = retry_on_intr(|| rustix::io::write(file, rest))?;
        rest = &rest[written..];
    }
    retry_on_intr(|| rustix::fs::fsync(file))
}
