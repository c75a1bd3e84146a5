//! What a tree holds, and whether it can be copied, before anything is.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::identity::Identity;
use crate::signals::Signals;
use crate::stage::rights::Rights;
use crate::stage::route::{Route, cannot};
use crate::tour::{Event, Step, Tour, below};
use rustix::fs::{Access, AtFlags, FileType, accessat, fstat, readlinkat};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// How many bytes a block is that stat(2) counts in.
const BLOCK: u64 = 512;

/// What a tree holds.
#[derive(Debug, Default)]
pub struct Survey {
    /// How many files there are by name: regular ones, FIFOs and devices.
    pub files: u64,
    /// How many directories, the root among them.
    pub directories: u64,
    /// How many symlinks.
    pub symlinks: u64,
    /// The size of all regular files in bytes, each counted once.
    pub bytes: u64,
    /// How many bytes they take without their holes.
    pub stored: u64,
    /// How many files and directories there are, each counted once.
    pub inodes: u64,
    /// The sockets, which cannot be copied.
    pub sockets: Vec<PathBuf>,
    /// The symlinks that lead into the tree by its own physical path.
    pub inward: Vec<PathBuf>,
    /// A regular file with something in it.
    pub sample: Option<File>,
}

impl Survey {
    /// Looks at all of the tree; refuses what cannot be read, or cannot be made again by this user.
    pub fn of(route: &Route, signals: &Signals) -> Result<Self, Failure> {
        let mut survey = Self::default();
        let mut seen = BTreeSet::new();
        let rights = Rights::own();
        let above = fstat(&route.parent).map_err(cannot("examine", &route.dst))?;
        let above = Identity::from(&above);
        let mut tour = Tour::of(&route.src)?;
        while let Some(step) = tour.next()? {
            signals.check()?;
            let path = || below(&route.src, step.path);
            if step.event == Event::Leave {
                continue;
            }
            // A bind mount can lead there without a common path.
            if step.kind() == FileType::Directory && Identity::from(&step.stat) == above {
                let message = format!("{:?} lies inside {:?}", route.dst, route.src);
                return Err(Failure::new(Exit::Usage, message));
            }
            rights.check(&step, path)?;
            let first = step.stat.st_nlink <= 1 || seen.insert(Identity::from(&step.stat));
            survey.count(&step, route, first)?;
        }
        Ok(survey)
    }

    fn count(&mut self, step: &Step<'_>, route: &Route, first: bool) -> Result<(), Failure> {
        let path = below(&route.src, step.path);
        let failed = cannot("read", &path);
        match step.kind() {
            FileType::Directory => self.directories += 1,
            FileType::Symlink => {
                self.symlinks += 1;
                let target = readlinkat(step.dir, &step.name, Vec::new()).map_err(&failed)?;
                let target = std::path::Path::new(OsStr::from_bytes(target.as_bytes()));
                if target.starts_with(&route.src) {
                    self.inward.push(step.path.to_owned());
                }
            }
            FileType::Socket => {
                self.sockets.push(step.path.to_owned());
                return Ok(());
            }
            FileType::RegularFile => {
                let flags = AtFlags::EACCESS;
                accessat(step.dir, &step.name, Access::READ_OK, flags).map_err(&failed)?;
                self.files += 1;
                if first {
                    self.bytes += step.stat.st_size.unsigned_abs();
                }
                if self.sample.is_none() && step.stat.st_size > 0 {
                    self.sample = Some(step.open().map_err(&failed)?);
                }
            }
            _ => self.files += 1,
        }
        if first {
            self.inodes += 1;
            self.stored += step.stat.st_blocks.unsigned_abs() * BLOCK;
        }
        Ok(())
    }
}
