//! A descriptor on a link (`O_PATH|O_NOFOLLOW`): that of a symlink with its text, whose own name is gone.
//!
//! Where the link is there is nothing to open. So a symlink is made where this process may make one, opened, and
//! removed at once: readlinkat(2) and fstat(2) on it answer as for any symlink, but with an inode of its own.

use std::ffi::{CStr, c_int};

use psl_table::snapshot::Link;
use rustix::fd::{IntoRawFd, OwnedFd};
use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::environment;
use crate::search::with_text;
use crate::unique_name::unique_name;

/// How often a name that is taken, or a symlink that is somebody else's by then, is tried again.
const ATTEMPTS: usize = 16;

/// Opens a symlink that has the link's text.
///
/// Fails with `ELOOP`, as an open that must not follow, where none can be made.
pub fn open(link: &Link, flags: c_int) -> Result<c_int, Errno> {
    let mut opening = OFlags::PATH | OFlags::NOFOLLOW;
    opening.set(OFlags::CLOEXEC, flags & libc::O_CLOEXEC != 0);
    // SAFETY: whoever changes the environment while others read it breaks getenv(3) as well.
    let wanted = unsafe { environment::find(environment::current(), b"TMPDIR") };
    // Memory-backed first: nothing is written to a disk for a name that lives for microseconds.
    let dirs = [Some(c"/dev/shm"), wanted, Some(c"/tmp"), Some(c"/var/tmp")];
    for dir in dirs.into_iter().flatten().map(CStr::to_bytes) {
        if !dir.starts_with(b"/") {
            continue;
        }
        for _ in 0..ATTEMPTS {
            let name = unique_name();
            // SAFETY: `with_text` makes a C string.
            let made = with_text(&[dir, b"/", &name], |path| unsafe {
                open_at(link, CStr::from_ptr(path), opening)
            });
            match made {
                Ok(Some(fd)) => return Ok(fd.into_raw_fd()),
                Ok(None) | Err(Errno::EXIST) => {}
                Err(errno @ (Errno::MFILE | Errno::NFILE | Errno::NOMEM)) => return Err(errno),
                Err(_) => break,
            }
        }
    }
    Err(Errno::LOOP)
}

/// Makes, opens and removes a symlink; none if somebody else put another one there in between.
fn open_at(link: &Link, path: &CStr, flags: OFlags) -> Result<Option<OwnedFd>, Errno> {
    rustix::fs::symlinkat(&*link.to, CWD, path)?;
    let opened = rustix::fs::openat(CWD, path, flags, Mode::empty());
    // Whoever removed it meanwhile did no harm.
    let _ = rustix::fs::unlink(path);
    let opened = opened?;
    let found = rustix::fs::fstat(&opened)?;
    let is_own = FileType::from_raw_mode(found.st_mode) == FileType::Symlink
        && found.st_uid == rustix::process::geteuid().as_raw()
        && found.st_size as usize == link.to.count_bytes();
    Ok(is_own.then_some(opened))
}
