//! Who may write what decides the code that runs.
//!
//! The table decides what code a member runs, so whoever can write the table, or can put another
//! directory in the store's place, runs code as every member. Refused is what group or others can
//! write, and what belongs to neither root nor the calling user. Checked is what was opened, not what has
//! its name.

mod walk;

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, Stat};

use crate::error::{Error, Result};
use crate::file::{self, Regular, Symlinks};

/// What the host's configuration asks of owners and modes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Only the owner can write, and the owner is root or the calling user.
    #[default]
    Owner,
    /// Anything goes.
    Any,
}

impl Trust {
    /// Checks an open file or directory; `path` is its name in the error.
    pub fn check(self, path: &Path, fd: impl AsFd) -> Result<()> {
        let stat = rustix::fs::fstat(fd).map_err(|errno| Error::io("stat", path, errno))?;
        self.check_stat(path, &stat)
    }

    pub(crate) fn check_stat(self, path: &Path, stat: &Stat) -> Result<()> {
        match self {
            Trust::Any => Ok(()),
            Trust::Owner => check_mode(path, stat).and_then(|()| check_owner(path, stat)),
        }
    }

    /// Checks a directory on the way to the store: whoever can write it can put another store there,
    /// unless it is sticky, as `/tmp` is.
    fn check_parent(self, path: &Path, stat: &Stat) -> Result<()> {
        if self == Trust::Any {
            return Ok(());
        }
        let sticky = Mode::from_raw_mode(stat.st_mode).contains(Mode::SVTX);
        if !sticky {
            check_mode(path, stat)?;
        }
        self.check_owner_of(path, stat)
    }

    /// Checks the owner of a directory or symlink on the way to the store.
    ///
    /// In a user namespace root's directories belong to nobody known, and no one there can write them.
    fn check_owner_of(self, path: &Path, stat: &Stat) -> Result<()> {
        if self == Trust::Any || walk::is_unmapped(stat.st_uid) {
            return Ok(());
        }
        check_owner(path, stat)
    }

    /// Opens a directory for reading, with everything on the way checked.
    ///
    /// The path is absolute; symlinks on the way are followed, and checked as well.
    pub(crate) fn open_directory(self, path: &Path) -> Result<OwnedFd> {
        let failed = |errno| Error::io("open", path, errno);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = match self {
            Trust::Any => rustix::fs::open(path, flags, Mode::empty()).map_err(failed)?,
            Trust::Owner => {
                let end = walk::walk(path, self)?;
                if end.leaf.is_some() {
                    return Err(failed(rustix::io::Errno::NOTDIR));
                }
                rustix::fs::openat(&end.dir, ".", flags, Mode::empty()).map_err(failed)?
            }
        };
        self.check(path, &dir)?;
        Ok(dir)
    }

    /// Reads a file by its absolute path, with it and everything on the way checked.
    pub(crate) fn read(self, path: &Path) -> Result<String> {
        let file = match self {
            Trust::Any => file::open(rustix::fs::CWD, path, path, Symlinks::Followed)?,
            Trust::Owner => {
                let end = walk::walk(path, self)?;
                let name = end.leaf.as_deref().unwrap_or(Path::new("."));
                file::open(&end.dir, name, path, Symlinks::Refused)?
            }
        };
        self.check_stat(path, &file.stat)?;
        file.read(path)
    }

    /// Opens a file of a directory that was checked; `path` is its name in errors.
    pub(crate) fn open_in(self, dir: impl AsFd, name: &Path, path: &Path) -> Result<Regular> {
        let file = file::open(dir, name, path, Symlinks::Refused)?;
        self.check_stat(path, &file.stat)?;
        Ok(file)
    }
}

fn check_mode(path: &Path, stat: &Stat) -> Result<()> {
    let mode = Mode::from_raw_mode(stat.st_mode);
    let who = match (mode.contains(Mode::WGRP), mode.contains(Mode::WOTH)) {
        (false, false) => return Ok(()),
        (true, false) => "its group",
        (false, true) => "others",
        (true, true) => "group and others",
    };
    Err(Error::NotTrusted {
        path: path.to_owned(),
        why: format!(
            "is writable by {who} (mode {:04o}), expected only by its owner; run `chmod go-w {}`",
            mode.bits(),
            path.display()
        ),
    })
}

fn check_owner(path: &Path, stat: &Stat) -> Result<()> {
    if stat.st_uid == 0 {
        return Ok(());
    }
    let user = rustix::process::geteuid().as_raw();
    if stat.st_uid == user {
        return Ok(());
    }
    let expected = match user {
        0 => "root".to_owned(),
        user => format!("root or uid {user}"),
    };
    let flag = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Symlink => "-h ",
        _ => "",
    };
    Err(Error::NotTrusted {
        path: path.to_owned(),
        why: format!(
            "belongs to uid {}, expected {expected}; run `chown {flag}{user} {}`",
            stat.st_uid,
            path.display()
        ),
    })
}
