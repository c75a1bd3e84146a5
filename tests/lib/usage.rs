//! Which files of a tree a process really uses: as its program, mapped, or open.
//!
//! By device and inode: a path alone can lie.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::ptr;

use procfs::process::{MemoryMap, Process};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// Returns the files below a directory that a process uses, by their paths from there.
pub fn files_of(tree: &Path, process: &Process) -> BTreeSet<PathBuf> {
    let maps = process.maps().expect("a process can be looked at");
    let mapped: BTreeSet<_> = maps.iter().map(identity_in_maps).collect();
    let dir = PathBuf::from(format!("/proc/{}", process.pid()));
    let open = fs::read_dir(dir.join("fd")).expect("a process can be looked at");
    let open = open.map(|entry| entry.expect("a process can be looked at").path());
    let open: BTreeSet<_> = open
        .chain([dir.join("exe")])
        // A descriptor may have been closed meanwhile.
        .filter_map(|link| fs::metadata(link).ok())
        .map(|metadata| (metadata.dev(), metadata.ino()))
        .collect();
    let mut used = BTreeSet::new();
    let mut pending = vec![tree.to_owned()];
    while let Some(path) = pending.pop() {
        let metadata = fs::symlink_metadata(&path).expect("the tree is left alone");
        if metadata.is_dir() {
            let entries = fs::read_dir(&path).expect("the tree can be read");
            pending.extend(entries.map(|entry| entry.expect("the tree can be read").path()));
        } else if metadata.is_file()
            && (open.contains(&(metadata.dev(), metadata.ino()))
                || mapped.contains(&mapped_identity(&path)))
        {
            let name = path.strip_prefix(tree).expect("it was found there");
            used.insert(name.to_owned());
        }
    }
    used
}

/// Device and inode of a file as maps show them; some filesystems tell stat(2) another device.
fn mapped_identity(path: &Path) -> (i32, i32, u64) {
    let file = File::open(path).expect("the tree can be read");
    // SAFETY: the kernel chooses where, and nobody reads what is mapped.
    let at = unsafe {
        mmap(
            ptr::null_mut(),
            1,
            ProtFlags::READ,
            MapFlags::PRIVATE,
            &file,
            0,
        )
    };
    let at = at.expect("a file can be mapped");
    let myself = Process::myself().and_then(|process| process.maps());
    let maps = myself.expect("/proc is mounted");
    let start = at.addr() as u64;
    let own = maps
        .iter()
        .find(|map| (map.address.0..map.address.1).contains(&start));
    let identity = identity_in_maps(own.expect("it is mapped"));
    // SAFETY: it was mapped above, for this alone.
    unsafe { munmap(at, 1) }.expect("it is mapped");
    identity
}

fn identity_in_maps(map: &MemoryMap) -> (i32, i32, u64) {
    (map.dev.0, map.dev.1, map.inode)
}
