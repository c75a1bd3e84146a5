//! What a file has besides its contents: owner, mode, times, and extended attributes with the ACLs among them.
use crate::stage::warned::Warned;
use crate::tour::short_path;
use rustix::fs::{
    AtFlags, FileType, Gid, Mode, Stat, Timespec, Timestamps, Uid, chmodat, chownat, fchmod,
    fchown, futimens, utimensat,
};
use rustix::io::Errno;
use std::ffi::{CStr, OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use xattr::FileExt;

/// What a file gets by being made in a directory that has a default ACL.
const INHERITED: &[&str] = &["system.posix_acl_access", "system.posix_acl_default"];

/// A file whose attributes are read or set.
#[derive(Debug)]
pub enum Bearer<'a> {
    /// A regular file or a directory, which is open.
    Open(File),
    /// Anything else, by its name in an open directory.
    Named(BorrowedFd<'a>, &'a CStr),
}

impl<'a> Bearer<'a> {
    /// Takes an open directory, or a regular file.
    pub fn open(file: impl AsFd) -> io::Result<Self> {
        Ok(Self::Open(file.as_fd().try_clone_to_owned()?.into()))
    }

    fn names(&self) -> io::Result<Vec<OsString>> {
        let names = match self {
            Self::Open(file) => file.list_xattr(),
            Self::Named(dir, name) => xattr::list(short_path(*dir, name)),
        };
        match names {
            Ok(names) => Ok(names.collect()),
            // A file system without such attributes has none to copy.
            Err(error) if is_unsupported(&error) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn value(&self, attribute: &OsStr) -> io::Result<Option<Vec<u8>>> {
        match self {
            Self::Open(file) => file.get_xattr(attribute),
            Self::Named(dir, name) => xattr::get(short_path(*dir, name), attribute),
        }
    }

    fn set(&self, attribute: &OsStr, value: &[u8]) -> io::Result<()> {
        match self {
            Self::Open(file) => file.set_xattr(attribute, value),
            Self::Named(dir, name) => xattr::set(short_path(*dir, name), attribute, value),
        }
    }

    fn remove(&self, attribute: &OsStr) -> io::Result<()> {
        match self {
            Self::Open(file) => file.remove_xattr(attribute),
            Self::Named(dir, name) => xattr::remove(short_path(*dir, name), attribute),
        }
    }
}

/// Gives the copy what the original has; the times come last, after all that would change them.
pub fn carry(
    from: &Bearer<'_>,
    to: &Bearer<'_>,
    stat: &Stat,
    warned: &mut Warned,
    path: &Path,
) -> io::Result<()> {
    let (user, group) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
    match to {
        Bearer::Open(file) => fchown(file, Some(user), Some(group))?,
        Bearer::Named(dir, name) => {
            let flags = AtFlags::SYMLINK_NOFOLLOW;
            chownat(*dir, *name, Some(user), Some(group), flags)?;
        }
    }
    carry_extended(from, to, warned, path)?;
    let mode = Mode::from_raw_mode(stat.st_mode);
    let times = times(stat);
    match to {
        Bearer::Open(file) => {
            fchmod(file, mode)?;
            futimens(file, &times)?;
        }
        Bearer::Named(dir, name) => {
            if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
                chmodat(*dir, *name, mode, AtFlags::empty())?;
            }
            utimensat(*dir, *name, &times, AtFlags::SYMLINK_NOFOLLOW)?;
        }
    }
    Ok(())
}

fn carry_extended(
    from: &Bearer<'_>,
    to: &Bearer<'_>,
    warned: &mut Warned,
    path: &Path,
) -> io::Result<()> {
    let names = from.names()?;
    for name in to.names()? {
        if INHERITED.iter().any(|inherited| name == *inherited) && !names.contains(&name) {
            to.remove(&name)?;
        }
    }
    for name in &names {
        let Some(value) = from.value(name)? else {
            continue;
        };
        if let Err(error) = to.set(name, &value) {
            if is_essential(name) {
                let message = format!("the attribute {name:?}: {error}");
                return Err(io::Error::new(error.kind(), message));
            }
            warned.attribute(name, path, &error);
        }
    }
    Ok(())
}

/// Tells whether a copy without this attribute would not be one. The others are this host's or this file system's own
/// affair: labels of a security policy, measurements, hints for compression.
fn is_essential(name: &OsStr) -> bool {
    let name = name.as_bytes();
    let starts = |prefix: &str| name.starts_with(prefix.as_bytes());
    name == b"security.capability" || ["user.", "trusted.", "system."].into_iter().any(starts)
}

fn is_unsupported(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::OPNOTSUPP)
}

fn times(stat: &Stat) -> Timestamps {
    let time = |seconds: i64, nanoseconds: u64| Timespec {
        tv_sec: seconds,
        tv_nsec: nanoseconds.cast_signed(),
    };
    Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
    }
}
