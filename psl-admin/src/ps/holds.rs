//! The files that a process really uses, by the links of proc(5).
use crate::identity::Identity;
use crate::instance::Traces;
use crate::ps::space::Space;
use crate::uses::How;
use rustix::fs::{AtFlags, CWD, statat};
use std::ffi::OsStr;
use std::fs::{read_dir, read_link};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What the kernel appends to the name of a file that has none any more.
const DELETED: &[u8] = b" (deleted)";

/// A file that a process uses.
#[derive(Debug)]
pub struct Held {
    /// How it uses the file.
    pub how: How,
    /// The file, by the name that the kernel tells.
    pub path: PathBuf,
    /// The link to the file itself.
    link: PathBuf,
}

/// Lists what a process uses. What vanishes meanwhile, or may not be read, is left out.
pub fn of(traces: &Traces) -> Vec<Held> {
    let dir = PathBuf::from(format!("/proc/{}", traces.pid));
    let single = [
        ("exe", How::Executes),
        ("cwd", How::WorksIn),
        ("root", How::Root),
    ];
    let single = single.map(|(name, how)| (dir.join(name), how));
    let descriptors = read_dir(dir.join("fd")).into_iter().flatten().flatten();
    let descriptors = descriptors.map(|entry| (entry.path(), How::Opens));
    let linked = single
        .into_iter()
        .chain(descriptors)
        .filter_map(|(link, how)| {
            let path = read_link(&link).ok()?;
            Some(Held { how, path, link })
        });
    let mapped = traces.files.iter().map(|file| Held {
        how: How::Maps,
        path: PathBuf::from(&file.path),
        link: dir.join("map_files").join(&file.range),
    });
    let mut all: Vec<_> = linked
        .chain(mapped)
        .filter(|held| held.path.parent().is_some())
        .collect();
    // What a program is made of says more than what it reads.
    all.sort_by_key(|held| held.how);
    all
}

impl Held {
    /// Identifies the file and the directories above it, the nearest first.
    ///
    /// The name is looked up in each of these trees, and counts where it leads to the very file: a mount may cover it,
    /// and the process have it all the same. Of a file that has no name any more, the directories count that it was in.
    pub fn chain(&self, spaces: &mut [&mut Space]) -> Vec<Identity> {
        let link = statat(CWD, &self.link, AtFlags::empty());
        let file = link.ok().as_ref().map(Identity::from);
        for space in spaces.iter_mut() {
            let found = space.identity(&self.path);
            // What a process maps may be examined only by those who may examine every process.
            let is_it = found.is_some() && file.is_none_or(|_| found == file);
            if is_it {
                let mut chain: Vec<_> = found.into_iter().collect();
                chain.extend(space.above(&self.path));
                return chain;
            }
        }
        let bytes = self.path.as_os_str().as_bytes();
        match (bytes.strip_suffix(DELETED), spaces.first_mut()) {
            (Some(name), Some(space)) => space.above(Path::new(OsStr::from_bytes(name))),
            _ => Vec::new(),
        }
    }
}
