//! What belongs to a tree: its files by their identity, whatever they are called where they are used.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::identity::Identity;
use crate::tour::{Event, Tour};
use rustix::fs::{AtFlags, CWD, FileType, Stat, statat};
use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The files of a tree.
#[derive(Debug)]
pub struct Belongings {
    /// The tree's physical path.
    pub tree: PathBuf,
    /// The directory that the tree lies in, and its name there.
    place: (Identity, OsString),
    /// Directories, and files that have no other name.
    own: HashSet<Identity>,
    /// Files with several names, of which some may lie elsewhere.
    linked: HashSet<Identity>,
}

impl Belongings {
    /// Looks at all of a tree.
    pub fn of(tree: &Path) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| {
            Failure::new(Exit::Storage, format!("cannot read {tree:?}: {error}"))
        };
        let physical = tree.canonicalize().map_err(failed)?;
        let above = physical.parent().unwrap_or(Path::new("/"));
        let above = statat(CWD, above, AtFlags::empty()).map_err(|errno| failed(errno.into()))?;
        let name = physical.file_name().map(OsStr::to_owned);
        let (mut own, mut linked) = (HashSet::new(), HashSet::new());
        let mut tour = Tour::of(&physical)?;
        while let Some(step) = tour.next()? {
            let identity = Identity::from(&step.stat);
            match step.event {
                Event::Leave => {}
                Event::File if step.stat.st_nlink > 1 => _ = linked.insert(identity),
                Event::Enter | Event::File => _ = own.insert(identity),
            }
        }
        Ok(Self {
            tree: physical,
            place: (Identity::from(&above), name.unwrap_or_default()),
            own,
            linked,
        })
    }

    /// Tells whether a file belongs to the tree. `shown` is the path by which it is used, as this process can reach it:
    /// of a file with several names, the one counts that is used.
    pub fn hold(&self, stat: &Stat, shown: &Path) -> bool {
        let identity = Identity::from(stat);
        if self.linked.contains(&identity) {
            let above = shown.parent().map(status);
            return above.is_none_or(|above| above.is_none_or(|above| self.hold_directory(&above)));
        }
        self.own.contains(&identity)
    }

    /// Tells whether a file that is gone, or may not be examined, would belong to the tree: whether the nearest
    /// directory above it that is there does.
    pub fn would_hold(&self, shown: &Path) -> bool {
        let nearest = shown.ancestors().find_map(|path| {
            let stat = status(path)?;
            let is_directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
            is_directory.then_some(stat)
        });
        nearest.is_some_and(|stat| self.hold_directory(&stat))
    }

    /// Tells whether a mount at this path would hide something of the tree, or the tree itself.
    pub fn hold_place(&self, path: &Path) -> bool {
        let Some(above) = path.parent().and_then(status) else {
            return false;
        };
        let is_tree = || {
            let (dir, name) = &self.place;
            path.file_name() == Some(name) && Identity::from(&above) == *dir
        };
        self.hold_directory(&above) || is_tree()
    }

    fn hold_directory(&self, stat: &Stat) -> bool {
        self.own.contains(&Identity::from(stat))
    }
}

/// Reads the status of a path, following its last component; none when it cannot be reached.
pub fn status(path: &Path) -> Option<Stat> {
    statat(CWD, path, AtFlags::empty()).ok()
}
