//! Where a walk ends: at a file, or with an errno.
use crate::within::Within;
use jiff::Timestamp;
use rustix::fs::FileType;
use rustix::io::Errno;
use serde::Serialize;
use std::ffi::CStr;
use std::path::PathBuf;

/// The file that is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// Its physical path.
    pub physical: String,
    /// The same, byte for byte.
    #[serde(skip)]
    pub path: PathBuf,
    pub kind: &'static str,
    /// As `stat -c %d` prints it.
    pub device: u64,
    pub inode: u64,
    /// In bytes.
    pub size: u64,
    /// When it was modified, as RFC 3339 in UTC.
    pub modified: String,
}

/// The errno of a walk that reaches nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The errno's name.
    pub errno: String,
    pub message: String,
    /// The name that is refused.
    pub at: String,
}

impl File {
    /// Looks at what a resolved name leads to.
    pub fn of(tree: &Within, name: &CStr) -> Result<Self, Errno> {
        let file = tree.open_path(name)?;
        let stat = rustix::fs::fstat(&file)?;
        let physical = tree
            .path_to(&file)
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        let modified = i32::try_from(stat.st_mtime_nsec).unwrap_or(0);
        let modified = Timestamp::new(stat.st_mtime, modified).unwrap_or_default();
        Ok(Self {
            physical: physical.to_string_lossy().into_owned(),
            path: physical,
            kind: match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => "file",
                FileType::Directory => "directory",
                FileType::Symlink => "symlink",
                FileType::Fifo => "FIFO",
                FileType::Socket => "socket",
                FileType::CharacterDevice | FileType::BlockDevice => "device",
                FileType::Unknown => "unknown",
            },
            device: stat.st_dev,
            inode: stat.st_ino,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified: modified.to_string(),
        })
    }

    /// Tells whether the two are one file, whatever it is called.
    pub fn is(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }
}

impl Refusal {
    /// Names an errno, and what it is about.
    pub fn new(errno: Errno, at: &[u8]) -> Self {
        let named = syscalls::Errno::new(errno.raw_os_error());
        Self {
            errno: named.name().unwrap_or("an unknown errno").into(),
            message: named.description().unwrap_or_default().into(),
            at: String::from_utf8_lossy(at).into_owned(),
        }
    }
}
