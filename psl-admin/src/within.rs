//! The file system as one process sees it, asked from outside: its root, its mounts, its working directory.
use crate::identity::Identity;
use psl_table::snapshot::Snapshot;
use psl_table::tree::{PATH_MAX, Tree};
use psl_table::walk::{End, Last, Scratch, walk};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::{CStr, OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What a process has as its root and its working directory.
///
/// Names are looked up with the rights of psl-admin, not of the process.
#[derive(Debug)]
pub struct Within {
    root: OwnedFd,
    /// What others call its root: `/` unless it has a root of its own.
    root_path: PathBuf,
    /// None when it may not be entered.
    working_dir: Option<OwnedFd>,
    /// Its number in its own procfs.
    pid: String,
}

impl Within {
    /// Looks into a process; `/proc/self` is there what it is to the process.
    pub fn process(pid: &str, own_pid: &str) -> io::Result<Self> {
        let proc = Path::new("/proc").join(pid);
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = |name| rustix::fs::open(proc.join(name), flags, Mode::empty());
        Ok(Self {
            root: open("root")?,
            root_path: proc.join("root").read_link()?,
            working_dir: open("cwd").ok(),
            pid: own_pid.into(),
        })
    }

    /// Looks into this process.
    pub fn here() -> io::Result<Self> {
        Self::process("self", &std::process::id().to_string())
    }

    /// Puts the working directory before a relative name; an empty one stays.
    pub fn absolute(&self, path: &[u8]) -> Result<Vec<u8>, Errno> {
        if path.is_empty() || path.starts_with(b"/") {
            return Ok(path.to_vec());
        }
        let mut dir = [0; PATH_MAX];
        let length = self.path_of(CWD, &mut dir)?;
        let dir = dir[..length].strip_suffix(b"/").unwrap_or(&dir[..length]);
        Ok([dir, b"/", path].concat())
    }

    /// Opens what the process has at a resolved name, as a name only.
    pub fn open_path(&self, name: &CStr) -> Result<OwnedFd, Errno> {
        let (dir, name) = self.located(CWD, name)?;
        rustix::fs::openat(dir, name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
    }

    /// Identifies what lies at a physical path, not following its last component; none where nothing can be seen.
    pub fn identity_of(&self, path: &Path) -> Option<Identity> {
        let stat = rustix::fs::statat(&self.root, below_root(path), AtFlags::SYMLINK_NOFOLLOW);
        stat.ok().as_ref().map(Identity::from)
    }

    /// Lists the names in a directory by its physical path; none of one that cannot be read.
    pub fn names_in(&self, path: &Path) -> Vec<OsString> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.root, below_root(path), flags, Mode::empty());
        let Ok(listed) = opened.and_then(Dir::new) else {
            return Vec::new();
        };
        let names = listed.flatten();
        names
            .map(|entry| OsStr::from_bytes(entry.file_name().to_bytes()).to_owned())
            .collect()
    }

    /// Returns what somebody with these links reaches by an absolute name; none where it is nothing.
    pub fn reached(&self, links: &Snapshot, path: &[u8]) -> Option<Identity> {
        let mut scratch = Scratch::new();
        let end = walk(links, self, CWD, path, Last::Followed, &mut scratch).ok()?;
        let End::Name { name, .. } = end else {
            return None;
        };
        let stat = rustix::fs::fstat(self.open_path(name).ok()?);
        stat.ok().as_ref().map(Identity::from)
    }

    /// Returns the physical path of an open file, from the process's root on.
    pub fn path_to(&self, file: &OwnedFd) -> io::Result<PathBuf> {
        let path = Path::new("/proc/self/fd").join(file.as_raw_fd().to_string());
        Ok(self.own(path.read_link()?))
    }

    /// Cuts the path of its root off.
    fn own(&self, path: PathBuf) -> PathBuf {
        match path.strip_prefix(&self.root_path) {
            Ok(below) => Path::new("/").join(below),
            Err(_) => path,
        }
    }

    /// Finds where a name begins: no walk leads through a symlink, so an absolute one lies below the root.
    fn located<'a>(
        &'a self,
        dir: BorrowedFd<'a>,
        name: &'a CStr,
    ) -> Result<(BorrowedFd<'a>, &'a CStr), Errno> {
        let bytes = name.to_bytes_with_nul();
        let slashes = bytes.iter().take_while(|&&byte| byte == b'/').count();
        if slashes > 0 {
            let below = CStr::from_bytes_with_nul(&bytes[slashes..])
                .expect("the end of a C string is a C string");
            return Ok((
                self.root.as_fd(),
                if below.is_empty() { c"." } else { below },
            ));
        }
        if dir.as_raw_fd() == CWD.as_raw_fd() {
            let dir = self.working_dir.as_ref().ok_or(Errno::ACCESS)?;
            return Ok((dir.as_fd(), name));
        }
        Ok((dir, name))
    }
}

impl Tree for Within {
    fn readlink(&self, dir: BorrowedFd<'_>, name: &CStr, into: &mut [u8]) -> Result<usize, Errno> {
        let text = match name.to_bytes() {
            b"/proc/self" => self.pid.clone(),
            b"/proc/thread-self" => format!("{0}/task/{0}", self.pid),
            _ => {
                let (dir, name) = self.located(dir, name)?;
                return rustix::fs::readlinkat_raw(dir, name, into);
            }
        };
        Ok(copied(text.as_bytes(), into))
    }

    fn path_of(&self, dir: BorrowedFd<'_>, into: &mut [u8]) -> Result<usize, Errno> {
        let (dir, _) = self.located(dir, c".")?;
        let path = Path::new("/proc/self/fd").join(dir.as_raw_fd().to_string());
        let path = rustix::fs::readlink(path, Vec::new())?;
        let path = self.own(Path::new(OsStr::from_bytes(path.to_bytes())).into());
        Ok(copied(path.as_os_str().as_bytes(), into))
    }

    fn identity(&self, dir: BorrowedFd<'_>, name: &CStr) -> Result<(u64, u64), Errno> {
        let (dir, name) = self.located(dir, name)?;
        let stat = rustix::fs::statat(dir, name, AtFlags::empty())?;
        Ok((stat.st_dev, stat.st_ino))
    }

    fn open(&self, dir: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
        let (dir, name) = self.located(dir, name)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(dir, name, flags, Mode::empty())
    }
}

/// Names what an absolute path names, from the root's descriptor on.
fn below_root(path: &Path) -> &Path {
    match path.strip_prefix("/") {
        Ok(below) if below.as_os_str().is_empty() => Path::new("."),
        Ok(below) => below,
        Err(_) => path,
    }
}

/// Copies what fits, as readlink(2) does.
fn copied(text: &[u8], into: &mut [u8]) -> usize {
    let length = text.len().min(into.len());
    into[..length].copy_from_slice(&text[..length]);
    length
}
