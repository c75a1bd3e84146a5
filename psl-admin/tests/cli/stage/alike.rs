//! The comparison of two trees: by lstat, links, attributes, bytes and holes.
use rustix::fs::{SeekFrom, seek};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// What can be seen of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    mode: u32,
    owner: (u32, u32),
    modified: (i64, i64),
    device: u64,
    links: u64,
    size: u64,
    target: Option<PathBuf>,
    attributes: BTreeMap<OsString, Vec<u8>>,
    data: Vec<(u64, Vec<u8>)>,
    /// The first name in the tree of the same file.
    first: PathBuf,
}

/// Looks at all of a tree but its sockets.
pub fn seen(tree: &Path) -> BTreeMap<PathBuf, Seen> {
    let mut found = BTreeMap::new();
    gather(tree, Path::new(""), &mut found, &mut BTreeMap::new());
    found
}

fn gather(
    tree: &Path,
    name: &Path,
    found: &mut BTreeMap<PathBuf, Seen>,
    first: &mut BTreeMap<u64, PathBuf>,
) {
    let path = tree.join(name);
    let metadata = path.symlink_metadata().unwrap();
    let kind = metadata.file_type();
    if kind.is_socket() {
        return;
    }
    let attributes = xattr::list(&path).unwrap().map(|attribute| {
        let value = xattr::get(&path, &attribute).unwrap().unwrap();
        (attribute, value)
    });
    let is_first = first
        .entry(metadata.ino())
        .or_insert_with(|| name.to_owned());
    let seen = Seen {
        mode: metadata.mode(),
        owner: (metadata.uid(), metadata.gid()),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        device: metadata.rdev(),
        // A directory's are those of the directories in it, on some file systems only.
        links: if kind.is_dir() { 0 } else { metadata.nlink() },
        size: if kind.is_dir() { 0 } else { metadata.size() },
        target: kind.is_symlink().then(|| fs::read_link(&path).unwrap()),
        attributes: attributes.collect(),
        data: if kind.is_file() {
            data(&path)
        } else {
            Vec::new()
        },
        first: is_first.clone(),
    };
    if kind.is_dir() {
        let mut names: Vec<_> = fs::read_dir(&path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        for below in names {
            gather(tree, &name.join(below), found, first);
        }
    }
    found.insert(name.to_owned(), seen);
}

/// Reads each run of data with its offset.
fn data(path: &Path) -> Vec<(u64, Vec<u8>)> {
    let file = File::open(path).unwrap();
    let (mut runs, mut at) = (Vec::new(), 0);
    while let Ok(start) = seek(&file, SeekFrom::Data(at)) {
        at = seek(&file, SeekFrom::Hole(start)).unwrap();
        let mut bytes = vec![0; usize::try_from(at - start).unwrap()];
        file.read_exact_at(&mut bytes, start).unwrap();
        runs.push((start, bytes));
    }
    runs
}
