//! A path followed step by step, so that every directory on the way can be checked.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::file;
use crate::trust::Trust;

/// The most symlinks that a path may lead through, as in the kernel.
const MAX_SYMLINKS: usize = 40;

/// The user that files of unknown users seem to belong to in a user namespace.
const OVERFLOW_UID: u32 = 65534;

/// Where a path ends.
pub(super) struct End {
    /// The last directory.
    pub(super) dir: OwnedFd,
    /// What is in it, when the path names something else than a directory.
    pub(super) leaf: Option<PathBuf>,
}

/// Follows an absolute path; a symlink at its end, too.
pub(super) fn walk(path: &Path, trust: Trust) -> Result<End> {
    let failed = |errno| Error::io("open", path, errno);
    let mut rest = steps(path);
    let mut at = PathBuf::from("/");
    let mut dir = open_step(None, OsStr::new("/")).map_err(failed)?;
    let mut symlinks = 0;
    while let Some(step) = rest.pop() {
        let stat = rustix::fs::fstat(&dir).map_err(failed)?;
        trust.check_parent(&at, &stat)?;
        match open_step(Some(&dir), &step) {
            Ok(next) => {
                dir = next;
                if step == ".." {
                    at.pop();
                } else {
                    at.push(&step);
                }
                continue;
            }
            Err(Errno::NOTDIR | Errno::LOOP) => {}
            Err(errno) => return Err(failed(errno)),
        }
        let target = match rustix::fs::readlinkat(&dir, &*step, Vec::new()) {
            Ok(target) => PathBuf::from(std::ffi::OsString::from_vec(target.into_bytes())),
            Err(Errno::INVAL) if rest.is_empty() => {
                let leaf = Some(step.into());
                return Ok(End { dir, leaf });
            }
            Err(Errno::INVAL) => return Err(failed(Errno::NOTDIR)),
            Err(errno) => return Err(failed(errno)),
        };
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        let stat = rustix::fs::statat(&dir, &*step, flags).map_err(failed)?;
        // A symlink's own mode means nothing, but in a sticky directory its owner can replace it.
        trust.check_owner_of(&at.join(&step), &stat)?;
        symlinks += 1;
        if symlinks > MAX_SYMLINKS {
            return Err(failed(Errno::LOOP));
        }
        if target.is_absolute() {
            at = PathBuf::from("/");
            dir = open_step(None, OsStr::new("/")).map_err(failed)?;
        }
        rest.extend(steps(&target));
    }
    Ok(End { dir, leaf: None })
}

/// Tells whether this is what the kernel shows for a user that the user namespace does not map.
pub(super) fn is_unmapped(uid: u32) -> bool {
    if uid != OVERFLOW_UID {
        return false;
    }
    let map = file::read_lossy(Path::new("/proc/self/uid_map")).unwrap_or_default();
    !map.lines().any(|line| {
        let mut numbers = line.split_whitespace().map(str::parse::<u64>);
        match (numbers.next(), numbers.nth(1)) {
            (Some(Ok(first)), Some(Ok(count))) => {
                (first..first.saturating_add(count)).contains(&u64::from(uid))
            }
            _ => false,
        }
    })
}

/// Returns the steps of a path, the first one last.
fn steps(path: &Path) -> Vec<std::ffi::OsString> {
    let steps = path.components().rev().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    });
    steps.collect()
}

/// Opens one directory without reading it: permission to search it is enough.
///
/// `O_DIRECTORY` makes an automounter mount what belongs there, which `O_PATH` alone does not.
fn open_step(dir: Option<&OwnedFd>, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match dir {
        Some(dir) => rustix::fs::openat(dir, name.as_bytes(), flags, Mode::empty()),
        None => rustix::fs::open(name.as_bytes(), flags, Mode::empty()),
    }
}
