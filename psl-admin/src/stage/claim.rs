//! The right to make the copy at one place, which one process has at a time.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::identity::Identity;
use crate::stage::route::{Route, cannot};
use psl_table::history::Author;
use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, fcntl_lock, fstat, openat, statat};
use rustix::io::Errno;
use std::os::fd::OwnedFd;

/// A lock, which dies with its holder, also on another host. Nothing else of this process opens its file.
#[derive(Debug)]
pub struct Claim<'r> {
    route: &'r Route,
    _file: OwnedFd,
}

impl<'r> Claim<'r> {
    /// Takes it, or fails with who has it.
    pub fn take(route: &'r Route) -> Result<Self, Failure> {
        let name = route.claim();
        let path = route.beside(&name);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        loop {
            let file = openat(&route.parent, &name, flags, Mode::RUSR | Mode::WUSR)
                .map_err(cannot("make", &path))?;
            match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN | Errno::ACCESS) => return Err(taken(route, &file)),
                Err(errno) => return Err(cannot("lock", &path)(errno)),
            }
            // The holder before may have removed the file between the two calls.
            let own = fstat(&file).map_err(cannot("examine", &path))?;
            let found = statat(&route.parent, &name, AtFlags::SYMLINK_NOFOLLOW);
            if found.is_ok_and(|found| Identity::from(&found) == Identity::from(&own)) {
                let (by, pid) = (Author::here(None), rustix::process::getpid());
                let text = format!("{} on {}, pid {pid}\n", by.who, by.host);
                // Only whoever is refused reads it.
                let _ = rustix::fs::ftruncate(&file, 0);
                let _ = rustix::io::pwrite(&file, text.as_bytes(), 0);
                return Ok(Self { route, _file: file });
            }
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        // Under the lock, so that nobody's file is removed but this one. One that stays does no harm.
        let _ = rustix::fs::unlinkat(&self.route.parent, self.route.claim(), AtFlags::empty());
    }
}

fn taken(route: &Route, file: &OwnedFd) -> Failure {
    let mut text = [0; 512];
    let count = rustix::io::pread(file, &mut text, 0).unwrap_or(0);
    let holder = String::from_utf8_lossy(&text[..count]);
    let holder = holder.lines().next().unwrap_or("somebody");
    let holder = holder.escape_debug();
    let message = format!("{:?} is being staged already, by {holder}", route.dst);
    Failure::new(Exit::Conflict, message)
}
