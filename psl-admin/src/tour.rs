//! A walk through a tree by descriptors: no depth is too deep for it, and it follows no symlink.
mod cursor;

pub use cursor::Cursor;

use crate::exit::Exit;
use crate::failure::Failure;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::Errno;
use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A walk through a tree, each directory's names in the order of their bytes.
#[derive(Debug)]
pub struct Tour {
    root: PathBuf,
    cursor: Cursor,
    levels: Vec<Level>,
    /// Where the walk is, relative to the root.
    path: Vec<u8>,
    /// What the last step left behind: its name is still at the end of `path`.
    done: Done,
}

/// A directory that the walk is in.
#[derive(Debug)]
struct Level {
    /// The names that are still to be seen, the next one last.
    rest: Vec<CString>,
    /// The length of the path without this directory.
    above: usize,
}

#[derive(Debug)]
enum Done {
    Nothing,
    File { above: usize },
    Directory,
}

/// What the walk meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A directory, before what is in it.
    Enter,
    /// The same directory, after what is in it.
    Leave,
    /// Anything else.
    File,
}

/// One step of a walk.
#[derive(Debug)]
pub struct Step<'t> {
    /// What it meets.
    pub event: Event,
    /// The directory itself, or for a file the one that it is in.
    pub dir: BorrowedFd<'t>,
    /// The name; the root's is empty.
    pub name: CString,
    /// Its status at this step.
    pub stat: Stat,
    /// Its path relative to the root; the root's is empty.
    pub path: &'t Path,
}

impl Tour {
    /// Opens the root of a tree. Its last component may be a symlink.
    pub fn of(root: &Path) -> Result<Self, Failure> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let cursor = openat(CWD, root, flags, Mode::empty()).and_then(Cursor::at);
        let cursor = cursor.map_err(|errno| {
            Failure::new(Exit::Storage, format!("cannot read {root:?}: {errno}"))
        })?;
        Ok(Self {
            root: root.to_owned(),
            cursor,
            levels: Vec::new(),
            path: Vec::new(),
            done: Done::Nothing,
        })
    }

    /// Takes the next step; none is left when the root has been left.
    pub fn next(&mut self) -> Result<Option<Step<'_>>, Failure> {
        match self.advance() {
            Ok(Some((event, name, stat))) => Ok(Some(Step {
                event,
                dir: self.cursor.dir(),
                name,
                stat,
                path: Path::new(OsStr::from_bytes(&self.path)),
            })),
            Ok(None) => Ok(None),
            Err(errno) => Err(lost(&self.whole(), errno)),
        }
    }

    fn advance(&mut self) -> Result<Option<(Event, CString, Stat)>, Errno> {
        match std::mem::replace(&mut self.done, Done::Nothing) {
            Done::File { above } => self.path.truncate(above),
            Done::Directory => {
                let above = self.levels.pop().map_or(0, |level| level.above);
                if self.levels.is_empty() {
                    return Ok(None);
                }
                self.cursor.leave()?;
                self.path.truncate(above);
            }
            Done::Nothing if self.levels.is_empty() => return self.enter(CString::default(), 0),
            Done::Nothing => {}
        }
        let level = self.levels.last_mut().expect("the root is entered first");
        let Some(name) = level.rest.pop() else {
            self.done = Done::Directory;
            let name = self.path.rsplit(|&byte| byte == b'/').next();
            let name = CString::new(name.unwrap_or_default()).expect("it was a name");
            return Ok(Some((Event::Leave, name, fstat(self.cursor.dir())?)));
        };
        let above = self.path.len();
        if above > 0 {
            self.path.push(b'/');
        }
        self.path.extend(name.as_bytes());
        let stat = statat(self.cursor.dir(), &name, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            self.cursor.enter(&name)?;
            return self.enter(name, above);
        }
        self.done = Done::File { above };
        Ok(Some((Event::File, name, stat)))
    }

    /// Reads the directory that the cursor has entered.
    fn enter(
        &mut self,
        name: CString,
        above: usize,
    ) -> Result<Option<(Event, CString, Stat)>, Errno> {
        let stat = fstat(self.cursor.dir())?;
        let mut rest = self.cursor.names()?;
        rest.reverse();
        self.levels.push(Level { rest, above });
        Ok(Some((Event::Enter, name, stat)))
    }

    fn whole(&self) -> PathBuf {
        below(&self.root, Path::new(OsStr::from_bytes(&self.path)))
    }
}

impl Step<'_> {
    /// Returns what kind of file it is.
    pub fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }

    /// Opens the regular file that it is for reading. Neither a symlink nor a FIFO that has taken its place is followed
    /// or waited for.
    pub fn open(&self) -> Result<File, Errno> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        openat(self.dir, &self.name, flags, Mode::empty()).map(File::from)
    }
}

/// Joins the root of a tree and a path in it; the root's own is empty, and adds no slash.
pub fn below(root: &Path, path: &Path) -> PathBuf {
    match path.as_os_str().is_empty() {
        true => root.to_owned(),
        false => root.join(path),
    }
}

/// Returns a path that leads to a name in an open directory, however deep that lies.
pub fn short_path(dir: BorrowedFd<'_>, name: &CStr) -> PathBuf {
    let dir = PathBuf::from(format!("/proc/self/fd/{}", dir.as_raw_fd()));
    dir.join(OsStr::from_bytes(name.to_bytes()))
}

fn lost(path: &Path, errno: Errno) -> Failure {
    let message = match errno {
        Errno::NOENT | Errno::STALE => format!("{path:?} vanished while the tree was read"),
        errno => format!("cannot read {path:?}: {errno}"),
    };
    Failure::new(Exit::Storage, message)
}
