//! What lies in a tree, seen by raw system calls: what a call changed shows here.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Timestamps};
use rustix::io::Errno;

use crate::fixture::{self, Node, Occupant};

/// Times before this one, in seconds since the epoch, were set by a test on purpose.
const PAST: i64 = 100_000_000;

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is: type, mode, content, and whatever else a test may have changed.
    pub what: String,
    /// Device and inode.
    pub identity: (u64, u64),
}

/// All entries of a tree, by their paths; the root's own is empty.
pub type Inventory = BTreeMap<String, Found>;

/// Looks at `root` and everything below it; a directory that cannot be read counts as empty.
pub fn take(root: &Path) -> Result<Inventory, Errno> {
    let mut inventory = Inventory::from([(String::new(), look(root)?)]);
    let mut pending = vec![PathBuf::new()];
    while let Some(dir) = pending.pop() {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let Ok(open) = rustix::fs::open(root.join(&dir), flags, Mode::empty()) else {
            continue;
        };
        for entry in rustix::fs::Dir::new(open)? {
            let entry = entry?;
            if [c".", c".."].contains(&entry.file_name()) {
                continue;
            }
            let path = dir.join(text(entry.file_name()));
            let found = look(&root.join(&path))?;
            if found.what.starts_with("directory") {
                pending.push(path.clone());
            }
            inventory.insert(path.display().to_string(), found);
        }
    }
    Ok(inventory)
}

fn text(name: &CStr) -> String {
    name.to_string_lossy().into_owned()
}

/// Looks at one entry.
pub fn look(path: &Path) -> Result<Found, Errno> {
    let stat = rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW)?;
    let mode = stat.st_mode & 0o7777;
    let mut what = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => format!("directory {mode:o}"),
        FileType::Symlink => format!("symlink to {}", text(&rustix::fs::readlink(path, [])?)),
        FileType::RegularFile => {
            let mut content = [0; 64];
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let length = rustix::fs::open(path, flags, Mode::empty())
                .and_then(|file| rustix::io::read(&file, &mut content))
                .unwrap_or_default();
            let content = String::from_utf8_lossy(&content[..length]).into_owned();
            format!(
                "file {mode:o} links {} size {} {content:?}",
                stat.st_nlink, stat.st_size
            )
        }
        other => format!("{other:?} {mode:o} device {}", stat.st_rdev),
    };
    let mut names = [0; 64];
    // Where the file system has no attributes, nobody can have set one.
    let length = rustix::fs::llistxattr(path, &mut names).unwrap_or_default();
    if length > 0 {
        let _ = write!(
            what,
            " attributes {:?}",
            String::from_utf8_lossy(&names[..length])
        );
    }
    for (name, time) in [("read", stat.st_atime), ("written", stat.st_mtime)] {
        if time < PAST {
            let _ = write!(what, " {name} {time}");
        }
    }
    Ok(Found {
        what,
        identity: (stat.st_dev, stat.st_ino),
    })
}

/// Says what differs, `path: before -> after` for each entry, in order.
pub fn difference(before: &Inventory, after: &Inventory) -> Vec<(String, String)> {
    let what = |found: Option<&Found>| found.map_or("nothing".into(), |found| found.what.clone());
    let mut paths: Vec<_> = before.keys().chain(after.keys()).collect();
    paths.sort();
    paths.dedup();
    paths
        .into_iter()
        .map(|path| (path, what(before.get(path)), what(after.get(path))))
        .filter(|(_, before, after)| before != after)
        .map(|(path, before, after)| (path.clone(), format!("{before} -> {after}")))
        .collect()
}

/// Makes the entries at `paths` what the fixture has there.
pub fn mend(root: &Path, occupant: Occupant, paths: &[&str]) -> Result<(), Errno> {
    let nodes = fixture::nodes(root, occupant);
    let wanted = |path: &str| {
        let found = nodes.binary_search_by(|(at, _)| at.as_str().cmp(path));
        found.ok().map(|index| &nodes[index])
    };
    for path in paths.iter().rev() {
        let at = root.join(path);
        let is_dir = look(&at).is_ok_and(|found| found.what.starts_with("directory"));
        match (is_dir, wanted(path)) {
            // What is in it may be as it should be.
            (true, Some((_, Node::Dir(_)))) => {}
            (true, _) => rustix::fs::rmdir(&at)?,
            (false, _) => match rustix::fs::unlink(&at) {
                // Its directory may have become something else, too.
                Ok(()) | Err(Errno::NOENT | Errno::NOTDIR) => {}
                Err(errno) => return Err(errno),
            },
        }
    }
    for path in paths {
        if let Some((path, node)) = wanted(path) {
            match fixture::make(root, path, node) {
                Ok(()) => {}
                Err(Errno::EXIST) => touch(&root.join(path))?,
                Err(errno) => return Err(errno),
            }
        }
    }
    for path in paths {
        if let Some((path, node)) = wanted(path) {
            fixture::finish(root, path, node)?;
        }
    }
    Ok(())
}

/// Sets both times to today's, and takes attributes away.
fn touch(path: &Path) -> Result<(), Errno> {
    for name in ["user.psl", "trusted.psl"] {
        // It is one of them, or neither.
        let _ = rustix::fs::lremovexattr(path, name);
    }
    let today = rustix::fs::Timespec {
        tv_sec: 0,
        tv_nsec: rustix::fs::UTIME_NOW,
    };
    let times = Timestamps {
        last_access: today,
        last_modification: today,
    };
    rustix::fs::utimensat(CWD, path, &times, AtFlags::empty())
}
