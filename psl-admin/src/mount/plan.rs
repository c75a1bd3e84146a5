//! What is to be mounted where, and in which order.
use super::refused;
use crate::failure::Failure;
use crate::view;
use psl_table::snapshot::{Entry, Link, Place, Snapshot};
use rustix::fs::{AtFlags, FileType, Stat, statat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

mod order;

/// What to do at one place.
#[derive(Debug)]
pub struct Step {
    /// The physical path of the place.
    pub place: PathBuf,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// What processes find there.
    pub put: Put,
}

/// What processes find at a place.
#[derive(Debug, PartialEq, Eq)]
pub enum Put {
    /// The target of a link, by its physical path.
    Target(PathBuf),
    /// Nothing: a hidden path.
    Nothing,
}

/// Mounts in an order in which each finds below its target what was mounted there.
///
/// No place and no target lies at or below another step's place: that was followed. So the paths mean the same before
/// and after every step.
#[derive(Debug)]
pub struct Plan {
    /// The first comes first.
    pub steps: Vec<Step>,
}

impl Plan {
    /// Makes the plan of a snapshot, or says what a mount cannot do of it.
    pub fn of(view: &Snapshot) -> Result<Self, Failure> {
        let mut steps = Vec::with_capacity(view.places().len());
        for place in view.places() {
            match &place.entry {
                Entry::Link(link) => steps.push(link_step(view, place, link)?),
                Entry::Hidden => steps.extend(hidden_step(place)?),
            }
        }
        Ok(Self {
            steps: order::sort(steps)?,
        })
    }

    /// Whether a physical path is that of a place, or lies below one.
    pub fn covers(&self, path: &Path) -> bool {
        self.steps.iter().any(|step| path.starts_with(&step.place))
    }
}

fn link_step(view: &Snapshot, place: &Place, link: &Link) -> Result<Step, Failure> {
    let (path, to) = (path_of(place), OsStr::from_bytes(link.to.to_bytes()));
    let target = view::physical(view, to).and_then(|target| {
        let stat = statat(rustix::fs::CWD, &target, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok((target, stat))
    });
    let (target, target_stat) = target.map_err(|error| {
        refused(format!(
            "the link {path:?} leads to {to:?}, which cannot be mounted: {error}"
        ))
        .with_help(
            "make the target, or start with `--engine preload`, where a link may lead nowhere",
        )
    })?;
    let is_directory = is_directory(&target_stat);
    let kind = if is_directory { "directory" } else { "file" };
    let found = look(&path).map_err(|errno| {
        let instead = match errno {
            Errno::NOENT => format!("make an empty {kind} there, or "),
            _ => String::new(),
        };
        refused(format!(
            "nothing can be mounted at the place {path:?}: {errno}"
        ))
        .with_help(format!("{instead}start with `--engine preload`"))
    })?;
    if is_symlink(&found) {
        return Err(refused(format!(
            "the place {path:?} is a real symbolic link, on which nothing can be mounted"
        ))
        .with_help(format!(
            "put a {kind} in its place, or start with `--engine preload`"
        )));
    }
    if self::is_directory(&found) != is_directory {
        let (here, there) = if is_directory {
            ("no directory", "one")
        } else {
            ("a directory", "none")
        };
        return Err(refused(format!(
            "the place {path:?} is {here} and its target {target:?} is {there}: only a directory can be mounted on a directory"
        ))
        .with_help(format!(
            "put an empty {kind} in the place, or start with `--engine preload`"
        )));
    }
    Ok(Step {
        place: path,
        is_directory,
        put: Put::Target(target),
    })
}

/// What does not exist needs no hiding, nor what this user cannot reach; a symlink is no mount's place, and where it leads
/// is hidden by itself.
fn hidden_step(place: &Place) -> Result<Option<Step>, Failure> {
    let path = path_of(place);
    match look(&path) {
        Ok(found) if is_symlink(&found) => Ok(None),
        Ok(found) => Ok(Some(Step {
            is_directory: is_directory(&found),
            place: path,
            put: Put::Nothing,
        })),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS) => Ok(None),
        Err(errno) => Err(refused(format!("cannot hide {path:?}: {errno}"))),
    }
}

fn path_of(place: &Place) -> PathBuf {
    Path::new(OsStr::from_bytes(&place.dir)).join(OsStr::from_bytes(&place.name))
}

fn look(path: &Path) -> Result<Stat, Errno> {
    statat(rustix::fs::CWD, path, AtFlags::SYMLINK_NOFOLLOW)
}

fn is_directory(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Directory
}

fn is_symlink(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Symlink
}
