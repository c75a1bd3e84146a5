//! What makes a file the same file, whatever its name.
use rustix::fs::{AtFlags, CWD, Stat, statat};
use std::fmt;
use std::path::Path;

/// A device and an inode number, as stat(2) tells them.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// Returns that of what a path leads to, through symlinks; none where nothing can be reached.
    pub fn of(path: &Path) -> Option<Self> {
        let stat = statat(CWD, path, AtFlags::empty()).ok()?;
        Some(Self::from(&stat))
    }
}

impl From<&Stat> for Identity {
    fn from(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev,
            inode: stat.st_ino,
        }
    }
}

impl fmt::Display for Identity {
    /// Writes `major:minor:inode`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor) = (
            rustix::fs::major(self.device),
            rustix::fs::minor(self.device),
        );
        write!(f, "{major}:{minor}:{}", self.inode)
    }
}
