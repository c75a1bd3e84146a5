//! A directory's names as they are, not as a client of shared storage remembers them.

use std::os::fd::OwnedFd;

use rustix::fs::Dir;

/// What statfs(2) says of every FUSE file system.
const FUSE: i64 = 0x6573_5546;

/// Asks the storage anew which file each name of the directory means.
///
/// GlusterFS lets a client believe for a second in a file that another host has replaced: it reads the old one, or is
/// told ESTALE, however often it looks it up. A listing comes from the servers, and what it says of each
/// name counts from then on. Other file systems ask for themselves when a file is opened, so that nothing is done there.
/// A directory that cannot be listed is none the worse for it.
pub(super) fn recall(dir: &OwnedFd) {
    if rustix::fs::fstatfs(dir).is_ok_and(|found| found.f_type == FUSE)
        && let Ok(names) = Dir::read_from(dir)
    {
        names.for_each(drop);
    }
}
