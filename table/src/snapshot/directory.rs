//! The places of one directory, as its listing needs them.

use std::ffi::CStr;

use rustix::fd::BorrowedFd;

use super::{Entry, Link, Place, Snapshot};
use crate::tree::Tree;
use crate::walk::Scratch;

/// The places of one directory, sorted by name.
#[derive(Clone, Copy, Debug)]
pub struct Directory<'a> {
    places: &'a [Place],
    /// Which of `places` they are.
    order: &'a [u32],
}

impl Snapshot {
    /// Returns the places in the directory with this physical path.
    pub fn directory(&self, path: &[u8]) -> Directory<'_> {
        let dir_of = |&index: &u32| &*self.places[index as usize].dir;
        let first = self
            .by_directory
            .partition_point(|index| dir_of(index) < path);
        let rest = &self.by_directory[first..];
        let count = rest.partition_point(|index| dir_of(index) == path);
        Directory {
            places: &self.places,
            order: &rest[..count],
        }
    }

    /// Returns the places in an open directory: one question to the kernel, whatever the number of places.
    ///
    /// Without a procfs that tells its path it takes one for each directory that has places.
    pub fn open_directory(
        &self,
        tree: &impl Tree,
        dir: BorrowedFd<'_>,
        scratch: &mut Scratch,
    ) -> Directory<'_> {
        let buffer = scratch.buffer();
        let found = match tree.path_of(dir, buffer) {
            Ok(length) => self.directory(&buffer[..length]),
            Err(_) => self.same_directory(tree, dir, buffer),
        };
        if found.is_empty() || self.is_rooted(tree) {
            found
        } else {
            Directory {
                order: &[],
                ..found
            }
        }
    }

    fn same_directory(
        &self,
        tree: &impl Tree,
        dir: BorrowedFd<'_>,
        buffer: &mut [u8],
    ) -> Directory<'_> {
        let none = Directory {
            places: &self.places,
            order: &[],
        };
        let Ok(wanted) = tree.identity(dir, c".") else {
            return none;
        };
        let mut rest = &*self.by_directory;
        while let Some(&index) = rest.first() {
            let path = &*self.places[index as usize].dir;
            let found = self.directory(path);
            if let Some(room) = buffer.get_mut(..=path.len()) {
                room[..path.len()].copy_from_slice(path);
                room[path.len()] = 0;
                let name = CStr::from_bytes_with_nul(room);
                if name.is_ok_and(|name| tree.identity(dir, name) == Ok(wanted)) {
                    return found;
                }
            }
            rest = &rest[found.order.len()..];
        }
        none
    }
}

impl<'a> Directory<'a> {
    /// Whether the directory is listed as it is.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Returns how many places there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is a place of this name: what really lies there is not listed.
    pub fn has(&self, name: &[u8]) -> bool {
        self.order
            .binary_search_by(|&index| (*self.places[index as usize].name).cmp(name))
            .is_ok()
    }

    /// Returns the first link at or after the place `from`: its number, its name and itself.
    pub fn link_from(&self, from: usize) -> Option<(usize, &'a [u8], &'a Link)> {
        let rest = self.order.get(from..)?.iter().zip(from..);
        rest.map(|(&index, number)| (number, &self.places[index as usize]))
            .find_map(|(number, place)| match &place.entry {
                Entry::Link(link) => Some((number, &*place.name, link)),
                Entry::Hidden => None,
            })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::os::fd::{AsFd, OwnedFd};
    use std::os::unix::ffi::OsStrExt;

    use rustix::io::Errno;

    use super::*;
    use crate::snapshot::Row;
    use crate::tree::Host;

    /// The host's file system, without a procfs.
    struct NoProc;

    impl Tree for NoProc {
        fn readlink(
            &self,
            dir: BorrowedFd<'_>,
            name: &CStr,
            into: &mut [u8],
        ) -> Result<usize, Errno> {
            Host.readlink(dir, name, into)
        }

        fn path_of(&self, _: BorrowedFd<'_>, _: &mut [u8]) -> Result<usize, Errno> {
            Err(Errno::NOENT)
        }

        fn open(&self, dir: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
            Host.open(dir, name)
        }

        fn identity(&self, dir: BorrowedFd<'_>, name: &CStr) -> Result<(u64, u64), Errno> {
            Host.identity(dir, name)
        }
    }

    fn names<'a>(directory: &Directory<'a>) -> Vec<(&'a str, bool)> {
        let shown: BTreeMap<_, _> = std::iter::successors(directory.link_from(0), |(at, ..)| {
            directory.link_from(at + 1)
        })
        .map(|(at, name, _)| (at, name))
        .collect();
        directory
            .order
            .iter()
            .enumerate()
            .map(|(at, &index)| {
                let name = &*directory.places[index as usize].name;
                assert!(directory.has(name), "every place is found");
                assert!(
                    shown.get(&at).is_none_or(|link| *link == name),
                    "a link has its number"
                );
                (
                    std::str::from_utf8(name).expect("the names are ASCII"),
                    shown.contains_key(&at),
                )
            })
            .collect()
    }

    #[test]
    fn the_places_of_a_directory_are_found_by_path_and_by_identity() {
        let root = tempfile::tempdir().expect("a temporary directory can be made");
        let physical = root.path().canonicalize().expect("it is there");
        let at = |name: &str| physical.join(name);
        for dir in ["a", "ab", "b", "b/d", "c"] {
            fs::create_dir(at(dir)).expect("its parent was just made");
        }
        let path = |name: &str| at(name).as_os_str().as_bytes().to_vec();
        let links: Vec<_> = ["b/v", "a/z", "b/d/x", "b/u", "a/m", "c/k"]
            .iter()
            .map(|name| path(name))
            .collect();
        let rows: Vec<_> = links
            .iter()
            .map(|from| Row {
                from,
                to: b"/elsewhere",
                live: false,
            })
            .collect();
        let hidden = path("b/secret");
        let snapshot =
            Snapshot::new(1, 0, &rows, &[&hidden], &Host).expect("no link leads in a circle");

        for (dir, expected) in [
            ("a", &[("m", true), ("z", true)][..]),
            ("ab", &[]),
            ("b", &[("secret", false), ("u", true), ("v", true)]),
            ("b/d", &[("x", true)]),
            ("c", &[("k", true)]),
            ("", &[]),
        ] {
            assert_eq!(names(&snapshot.directory(&path(dir))), expected, "{dir}");
            let open = fs::File::open(at(dir)).expect("it was just made");
            let mut scratch = Scratch::new();
            let found = snapshot.open_directory(&Host, open.as_fd(), &mut scratch);
            assert_eq!(names(&found), expected, "{dir} through /proc");
            let found = snapshot.open_directory(&NoProc, open.as_fd(), &mut scratch);
            assert_eq!(names(&found), expected, "{dir} by identity");
            assert_eq!(found.is_empty(), expected.is_empty());
            assert_eq!(found.len(), expected.len());
            assert!(!found.has(b"other"));
        }
    }
}
