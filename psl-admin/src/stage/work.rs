//! The copy while it is made: a directory beside its place, which does not outlive a failure.
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::identity::Identity;
use crate::removal::remove;
use crate::stage::claim::Claim;
use crate::stage::route::{Route, cannot};
use crate::uses;
use rustix::fs::{
    AtFlags, Dir, Mode, OFlags, RenameFlags, fstat, mkdirat, openat, renameat, renameat_with,
};
use rustix::io::Errno;
use std::ffi::{CString, OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// The directory that becomes the copy; unless it was published, dropping it removes it.
#[derive(Debug)]
pub struct Work<'r> {
    route: &'r Route,
    console: Console,
    published: bool,
    /// Which directory was made: others may be able to put another one in its place.
    made: Identity,
}

impl<'r> Work<'r> {
    /// Makes the directory, empty and closed to others. The claim is what lets it.
    pub fn begin(route: &'r Route, console: Console, _: &Claim<'_>) -> Result<Self, Failure> {
        let name = route.work();
        let path = route.beside(&name);
        mkdirat(&route.parent, &name, Mode::RWXU).map_err(cannot("make", &path))?;
        let stat = fstat(open(route)?).map_err(cannot("examine", &path))?;
        if stat.st_uid != rustix::process::geteuid().as_raw() {
            return Err(exchanged(&path));
        }
        Ok(Self {
            route,
            console,
            published: false,
            made: Identity::from(&stat),
        })
    }

    /// Opens it; refused when another one is in its place.
    pub fn open(&self) -> Result<OwnedFd, Failure> {
        let path = self.path();
        let opened = open(self.route)?;
        let stat = fstat(&opened).map_err(cannot("examine", &path))?;
        match Identity::from(&stat) == self.made {
            true => Ok(opened),
            false => Err(exchanged(&path)),
        }
    }

    /// Returns its path.
    pub fn path(&self) -> PathBuf {
        self.route.beside(&self.route.work())
    }

    /// Puts the manifest and the copy into their places, from which both are there after any crash.
    pub fn publish(mut self, manifest: &OsStr) -> Result<(), Failure> {
        let parent = self.route.parent.as_fd();
        let path = self.route.beside(manifest);
        renameat(parent, self.route.work_manifest(), parent, manifest)
            .map_err(cannot("make", &path))?;
        let renamed = match self.rename(RenameFlags::NOREPLACE) {
            // NFS and others cannot promise it. The claim keeps other stages away, and rename(2) replaces nothing
            // but an empty directory.
            Err(Errno::INVAL) => {
                self.route.require_free()?;
                self.rename(RenameFlags::empty())
            }
            renamed => renamed,
        };
        if let Err(errno) = renamed {
            let _ = rustix::fs::unlinkat(parent, manifest, AtFlags::empty());
            if errno == Errno::EXIST {
                let message = format!("{:?} was made meanwhile by somebody else", self.route.dst);
                return Err(Failure::new(Exit::Conflict, message));
            }
            return Err(cannot("make", &self.route.dst)(errno));
        }
        self.published = true;
        sync(parent).map_err(|errno| {
            let message = format!(
                "{:?} is complete, and may be gone after a crash: cannot sync its directory: {errno}",
                self.route.dst
            );
            Failure::new(Exit::Storage, message)
        })
    }

    fn rename(&self, flags: RenameFlags) -> Result<(), Errno> {
        let parent = self.route.parent.as_fd();
        let (work, name) = (self.route.work(), self.route.name());
        match flags.is_empty() {
            true => renameat(parent, &work, parent, name),
            false => renameat_with(parent, &work, parent, name, flags),
        }
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        if self.published {
            return;
        }
        for name in [self.route.work(), self.route.work_manifest()] {
            if let Err(errno) = remove_beside(self.route, &name) {
                self.console.warn(&format!(
                    "cannot remove {:?}: {errno}; the next `stage` to {:?} tries again",
                    self.route.beside(&name),
                    self.route.dst
                ));
            }
        }
    }
}

fn open(route: &Route) -> Result<OwnedFd, Failure> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let name = route.work();
    openat(&route.parent, &name, flags, Mode::empty()).map_err(cannot("open", &route.beside(&name)))
}

fn exchanged(path: &Path) -> Failure {
    let message = format!("{path:?} was exchanged for another directory by somebody else");
    Failure::new(Exit::Refused, message)
        .with_help("let nobody but those who stage write the directory that it lies in")
}

/// Removes what dead stages to this place have left, and returns it; the claim proves that none is alive. What some
/// process still uses, such as a patch that outlived its stage, stays with a warning.
pub fn remove_leftovers(
    route: &Route,
    console: &Console,
    _: &Claim<'_>,
) -> Result<Vec<PathBuf>, Failure> {
    let mut removed = Vec::new();
    let failed = || cannot("read the directory of", &route.dst);
    for entry in Dir::read_from(&route.parent).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if !route.is_work(name.as_bytes()) {
            continue;
        }
        let path = route.beside(name);
        if path.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            let in_use = match uses::users_of(&path) {
                Ok(uses) if uses.users.is_empty() => None,
                Ok(uses) => Some(uses.to_string()),
                Err(_) => Some("it cannot be read, so that nobody knows who uses it".to_owned()),
            };
            if let Some(how) = in_use {
                console.warn(&format!("leaving {path:?} of a dead `stage`: {how}"));
                continue;
            }
        }
        remove_beside(route, name).map_err(cannot("remove", &path))?;
        removed.push(path);
    }
    Ok(removed)
}

fn remove_beside(route: &Route, name: &OsStr) -> Result<(), Errno> {
    let name = CString::new(OsString::from(name).into_vec()).map_err(|_| Errno::INVAL)?;
    let parent = route.parent.try_clone();
    let parent = parent.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    remove(parent, name)
}

/// Waits until a directory's names are on the storage; some file systems cannot, and need not.
pub fn sync(dir: impl AsFd) -> Result<(), Errno> {
    match rustix::io::retry_on_intr(|| rustix::fs::fsync(&dir)) {
        Err(Errno::INVAL) => Ok(()),
        synced => synced,
    }
}
