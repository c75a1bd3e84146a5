//! The files of the store besides the table and its history: who could write them is checked, as for the table.
//!
//! They say which processes are signalled, and which steps of a roll are taken. An error that comes of a check has the
//! table crate's own inside, for [`failed`].
use crate::exit::Exit;
use crate::failure::Failure;
use psl_table::error::Error;
use psl_table::store::Trust;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, fchmod, openat, renameat, unlinkat};
use rustix::io::{Errno, retry_on_intr};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// The mode of files that everybody may read, whatever the umask.
pub const READABLE: Mode = Mode::from_raw_mode(0o644);

/// The mode of files that are for nobody else, whatever the umask.
pub const OWN: Mode = Mode::from_raw_mode(0o600);

/// The mode of directories, whatever the umask.
const DIRECTORY: Mode = Mode::from_raw_mode(0o755);

/// The longest file that is read as a whole, in bytes.
const LONGEST: u64 = 64 << 10;

/// A file that could be anything else is opened so: a symlink is refused, and a FIFO not waited for.
const CAREFULLY: OFlags = OFlags::NOFOLLOW
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// Opens a directory of the store; NotFound where there is none.
pub fn directory(path: &Path, trust: Trust) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = retry_on_intr(|| openat(CWD, path, flags, Mode::empty()))?;
    trust.check(path, &opened).map_err(io::Error::other)?;
    Ok(opened)
}

/// Opens a directory of the store, and makes it where there is none.
pub fn made_directory(path: &Path, trust: Trust) -> io::Result<OwnedFd> {
    match directory(path, trust) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened,
    }
    match rustix::fs::mkdir(path, DIRECTORY) {
        Err(Errno::EXIST) => {}
        made => {
            made?;
            rustix::fs::chmod(path, DIRECTORY)?;
        }
    }
    directory(path, trust)
}

/// Opens a regular file; `flags` say for what.
pub fn open(path: &Path, flags: OFlags, trust: Trust) -> io::Result<File> {
    let opened = retry_on_intr(|| openat(CWD, path, flags | CAREFULLY, Mode::empty()));
    match opened {
        Err(Errno::LOOP) => Err(no_file(path, "a symlink")),
        opened => checked(path, File::from(opened?), trust),
    }
}

/// Opens a file, and makes an empty one of this mode where there is none.
pub fn open_or_make(path: &Path, flags: OFlags, mode: Mode, trust: Trust) -> io::Result<File> {
    loop {
        match open(path, flags, trust) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return opened,
        }
        match make(path, flags, mode) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made,
        }
    }
}

/// Reads a whole file; NotFound where there is none.
pub fn read(path: &Path, trust: Trust) -> io::Result<String> {
    let mut text = String::new();
    let file = open(path, OFlags::RDONLY, trust)?;
    file.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// Writes a file, whole or not at all, and waits until it is on the storage; only where nobody else writes it meanwhile.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let aside = aside(path);
    match unlinkat(CWD, &aside, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(errno) => return Err(errno.into()),
    }
    let mut file = make(&aside, OFlags::WRONLY, READABLE)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(renameat(CWD, &aside, CWD, path)?)
}

/// Returns the name that a file has while it is written.
pub fn aside(path: &Path) -> PathBuf {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".aside");
    aside.into()
}

/// Makes a file; AlreadyExists where there is one.
pub fn make(path: &Path, flags: OFlags, mode: Mode) -> io::Result<File> {
    let flags = flags | CAREFULLY | OFlags::CREATE | OFlags::EXCL;
    let made = retry_on_intr(|| openat(CWD, path, flags, mode))?;
    fchmod(&made, mode)?;
    Ok(File::from(made))
}

fn checked(path: &Path, file: File, trust: Trust) -> io::Result<File> {
    if !file.metadata()?.is_file() {
        return Err(no_file(path, "no regular file"));
    }
    trust.check(path, &file).map_err(io::Error::other)?;
    Ok(file)
}

fn no_file(path: &Path, what: &str) -> io::Error {
    io::Error::other(format!("{path:?} is {what}, expected a regular file"))
}

/// Tells of a file that cannot be worked with: that it is not trusted, or what failed.
pub fn failed(doing: &str, path: &Path, error: &io::Error) -> Failure {
    let refused = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    match refused {
        Some(refused) => Failure::new(refused.class().into(), refused.to_string()),
        None if error.get_ref().is_some() => Failure::new(Exit::Storage, error.to_string()),
        None => Failure::new(Exit::Storage, format!("cannot {doing} {path:?}: {error}")),
    }
}
