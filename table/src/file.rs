//! Reading a file that could be anything: bounded, without waiting, by raw system calls.
//!
//! The crate is linked into a library that exports libc's own names, so nothing here may go
//! through libc.

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};

use crate::error::{Error, Result, position};

/// The largest file that is read, in bytes.
pub const LIMIT: u64 = 16 << 20;

/// An open regular file.
pub(crate) struct Regular {
    pub(crate) fd: OwnedFd,
    pub(crate) stat: Stat,
}

/// Reads a whole file by name, following symlinks.
pub(crate) fn read(path: &Path) -> Result<String> {
    open(CWD, path, path, Symlinks::Followed)?.read(path)
}

/// Reads a file of the system by name, following symlinks; what is not UTF-8 in it is replaced.
pub(crate) fn read_lossy(path: &Path) -> Result<String> {
    let bytes = open(CWD, path, path, Symlinks::Followed)?.read_bytes(path)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What becomes of a symlink in a file's place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Symlinks {
    /// It is followed.
    Followed,
    /// It is no regular file.
    Refused,
}

/// Opens a regular file for reading; `path` is its name in errors.
///
/// Anything else is refused before it is opened, because opening a FIFO waits for a writer and
/// opening a device can do anything.
pub(crate) fn open(
    dir: impl AsFd,
    name: &Path,
    path: &Path,
    symlinks: Symlinks,
) -> Result<Regular> {
    let (at, flag) = match symlinks {
        Symlinks::Followed => (AtFlags::empty(), OFlags::empty()),
        Symlinks::Refused => (AtFlags::SYMLINK_NOFOLLOW, OFlags::NOFOLLOW),
    };
    let failed = |errno| Error::io("open", path, errno);
    let stat = retry_on_intr(|| rustix::fs::statat(&dir, name, at)).map_err(failed)?;
    check_regular(&stat, path)?;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY | flag;
    let fd =
        retry_on_intr(|| rustix::fs::openat(&dir, name, flags, Mode::empty())).map_err(failed)?;
    let stat = rustix::fs::fstat(&fd).map_err(failed)?;
    check_regular(&stat, path)?;
    Ok(Regular { fd, stat })
}

impl Regular {
    /// Reads the first few lines, at most 16 KiB; what is not UTF-8 is replaced.
    pub(crate) fn read_head(&self, path: &Path) -> Result<String> {
        let mut head = vec![0; 16 << 10];
        let count = retry_on_intr(|| rustix::io::pread(&self.fd, &mut head[..], 0))
            .map_err(|errno| Error::io("read", path, errno))?;
        Ok(String::from_utf8_lossy(&head[..count]).into_owned())
    }

    /// Reads the whole file as text; `path` is its name in errors.
    pub(crate) fn read(&self, path: &Path) -> Result<String> {
        text(path, self.read_bytes(path)?)
    }

    /// Reads the whole file; `path` is its name in errors.
    pub(crate) fn read_bytes(&self, path: &Path) -> Result<Vec<u8>> {
        let too_large = || too_large(path);
        let size = u64::try_from(self.stat.st_size).unwrap_or(0);
        if size > LIMIT {
            return Err(too_large());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
        let mut chunk = [0; 8192];
        loop {
            match retry_on_intr(|| rustix::io::read(&self.fd, &mut chunk)) {
                Ok(0) => break,
                Ok(count) => bytes.extend_from_slice(&chunk[..count]),
                Err(errno) => return Err(Error::io("read", path, errno)),
            }
            if bytes.len() as u64 > LIMIT {
                return Err(too_large());
            }
        }
        Ok(bytes)
    }
}

/// Takes the bytes of a file as text; `path` is its name in errors.
pub(crate) fn text(path: &Path, bytes: Vec<u8>) -> Result<String> {
    if bytes.len() as u64 > LIMIT {
        return Err(too_large(path));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..valid]);
        let (line, column) = position(&text, valid);
        Error::NotUtf8 {
            path: path.to_owned(),
            line,
            column,
        }
    })
}

fn too_large(path: &Path) -> Error {
    Error::TooLarge {
        path: path.to_owned(),
        limit: LIMIT,
    }
}

/// Returns the path from the root on.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    let here = rustix::process::getcwd(Vec::new());
    let here = here.map_err(|errno| Error::io("find the working directory for", path, errno))?;
    Ok(PathBuf::from(OsString::from_vec(here.into_bytes())).join(path))
}

/// Tells whether the error says that the file was replaced on a network file system while it was read.
pub(crate) fn is_stale(error: &Error) -> bool {
    let stale = Errno::STALE.raw_os_error();
    matches!(error, Error::Io { source, .. } if source.raw_os_error() == Some(stale))
}

/// Tells whether the error says that there is no such file.
pub(crate) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
}

/// Refuses anything else than a regular file.
pub(crate) fn check_regular(stat: &Stat, path: &Path) -> Result<()> {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => return Ok(()),
        FileType::Directory => "a directory",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "of an unknown kind",
    };
    Err(Error::NotAFile {
        path: path.to_owned(),
        kind,
    })
}
