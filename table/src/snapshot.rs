//! The immutable, resolved set of links and hidden paths that hold for one process.

use std::ffi::{CStr, CString};

use rustix::fs::CWD;
use rustix::io::Errno;

use crate::choices::Choices;
use crate::name::AbsPath;
use crate::subject::Subject;
use crate::table::Table;
use crate::tree::Tree;
use crate::walk::{End, Last, Scratch, walk};

mod directory;
mod find;
mod live;

pub use directory::Directory;

/// What one process sees that others do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The generation of the table that it was made from.
    pub generation: u64,
    /// Sorted by name, so that one search finds all that have it.
    places: Vec<Place>,
    /// Which of `places` lie in one directory: sorted by directory, then by name.
    by_directory: Vec<u32>,
    /// Device and inode of the root that the paths of places begin at.
    root: Option<(u64, u64)>,
    has_live: bool,
    /// Two bits for each name, at its hash: most names differ from all of them by that alone.
    bits: Box<[u64]>,
}

/// A name in a physical directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The physical path of the directory.
    pub dir: Box<[u8]>,
    /// The name in it.
    pub name: Box<[u8]>,
    /// What is there.
    pub entry: Entry,
}

/// What a process finds at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A private symbolic link.
    Link(Link),
    /// Nothing: the target of links that this process does not have.
    Hidden,
}

/// A private symbolic link, as lstat(2) and readlink(2) show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The physical path of the directory that it is in.
    pub dir: Box<CStr>,
    /// Its text.
    pub to: Box<CStr>,
    /// Its inode number: the same in every process and at every start.
    pub inode: u64,
    /// Whether a running process follows changes of its text.
    pub live: bool,
    /// The path that the table has for it, by which the newest text of a live one is found; empty for all others.
    pub from: Box<[u8]>,
    /// When its generation was committed, in seconds since the epoch: its age.
    pub committed: i64,
}

impl Link {
    /// Makes the link at a place; fails with `EINVAL` where a name has a NUL.
    pub(crate) fn at(dir: &[u8], name: &[u8], row: Row<'_>, committed: i64) -> Result<Self, Errno> {
        let from = if row.live { row.from } else { b"" };
        Ok(Self {
            dir: c_str(dir)?,
            to: c_str(row.to)?,
            inode: inode(dir, name),
            live: row.live,
            from: from.into(),
            committed,
        })
    }
}

/// A link before its place is known.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The absolute path of the link, as the administrator wrote it.
    pub from: &'a [u8],
    /// Its text.
    pub to: &'a [u8],
    /// Whether a running process follows changes of its text.
    pub live: bool,
}

impl Snapshot {
    /// Resolves what holds for `subject`; fails as [`Snapshot::new`].
    pub fn of(table: &Table, subject: &Subject, tree: &impl Tree) -> Result<Self, Errno> {
        let exe = subject.exe.as_deref().unwrap_or_default();
        Choices::of(table, subject).decide(exe, tree)
    }

    /// Takes places as another process resolved them, with the root that they are found from.
    pub(crate) fn inherited(generation: u64, root: Option<(u64, u64)>, places: Vec<Place>) -> Self {
        Self::index(generation, root, places)
    }

    /// Returns device and inode of the root that the paths of places begin at.
    pub(crate) fn root(&self) -> Option<(u64, u64)> {
        self.root
    }

    /// Finds the places of `rows`, the first of two at one place counting, and hides `hidden`.
    ///
    /// A link's place may lie behind another link, so places are looked up again until none moves. Fails with
    /// `ELOOP` when they never settle: the links lead in a circle on this host.
    pub fn new(
        generation: u64,
        committed: i64,
        rows: &[Row<'_>],
        hidden: &[&[u8]],
        tree: &impl Tree,
    ) -> Result<Self, Errno> {
        let mut scratch = Scratch::new();
        let root = tree.identity(CWD, c"/").ok();
        let mut snapshot = Self {
            generation,
            root,
            ..Self::default()
        };
        // Each round settles at least the places behind one more link.
        for _ in 0..=rows.len() + 1 {
            let mut places = Vec::with_capacity(rows.len());
            for row in rows {
                let (dir, name) = snapshot.place(row.from, tree, &mut scratch)?;
                let link = Link::at(&dir, &name, *row, committed)?;
                places.push(Place {
                    dir,
                    name,
                    entry: Entry::Link(link),
                });
            }
            let next = Self::index(generation, root, places);
            let settled = next.places == snapshot.places;
            snapshot = next;
            if settled {
                return snapshot.hide(rows, hidden, tree, &mut scratch);
            }
        }
        Err(Errno::LOOP)
    }

    /// Returns where a link called `path` has its place: the physical directory, and the name in it.
    ///
    /// Fails with the errno of a walk to that directory.
    pub fn place_of(&self, path: &AbsPath, tree: &impl Tree) -> Result<[Box<[u8]>; 2], Errno> {
        let path = path.as_str().as_bytes();
        let (dir, name) = self.place(path, tree, &mut Scratch::new())?;
        Ok([dir, name])
    }

    /// Whether the root is the one that places are found from: behind chroot(2) their paths mean other directories.
    ///
    /// Where the kernel does not tell (a seccomp filter forbids the question), it is.
    pub(crate) fn is_rooted(&self, tree: &impl Tree) -> bool {
        if !tree.root_may_differ() {
            return true;
        }
        match (self.root, tree.identity(CWD, c"/")) {
            (Some(then), Ok(now)) => then == now,
            _ => true,
        }
    }

    /// Whether this process sees what all others see.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether any of its links is live.
    pub fn has_live(&self) -> bool {
        self.has_live
    }

    /// Returns every place, sorted by name.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    fn index(generation: u64, root: Option<(u64, u64)>, mut places: Vec<Place>) -> Self {
        // Stable: of two at one place the first row stays first.
        places.sort_by(|a, b| (&a.name, &a.dir).cmp(&(&b.name, &b.dir)));
        places.dedup_by(|later, first| later.name == first.name && later.dir == first.dir);
        let count = match places.len() {
            0 => 0,
            count => (count * 16).next_power_of_two().max(64),
        };
        let mut bits = vec![0_u64; count / 64].into_boxed_slice();
        for at in places.iter().flat_map(|place| find::bits_of(&place.name)) {
            let at = at & (count - 1);
            bits[at / 64] |= 1 << (at % 64);
        }
        let mut by_directory: Vec<u32> = (0..).take(places.len()).collect();
        let has_live =
            (places.iter()).any(|place| matches!(&place.entry, Entry::Link(link) if link.live));
        // Stable: the names of one directory stay sorted.
        by_directory.sort_by_key(|&index| &places[index as usize].dir);
        Self {
            generation,
            root,
            places,
            by_directory,
            has_live,
            bits,
        }
    }

    /// Resolves all of `path` but its last component, which stays as it is.
    #[allow(clippy::type_complexity, reason = "the two halves of a name")]
    fn place(
        &self,
        path: &[u8],
        tree: &impl Tree,
        scratch: &mut Scratch,
    ) -> Result<(Box<[u8]>, Box<[u8]>), Errno> {
        let slash = path
            .iter()
            .rposition(|&byte| byte == b'/')
            .ok_or(Errno::INVAL)?;
        let dir = self.physical(&path[..slash.max(1)], tree, scratch)?;
        Ok((dir, path[slash + 1..].into()))
    }

    fn physical(
        &self,
        path: &[u8],
        tree: &impl Tree,
        scratch: &mut Scratch,
    ) -> Result<Box<[u8]>, Errno> {
        let reached = self.reached(path, tree, scratch)?;
        // A walk leaves the dots at the end of a symlink's text to the kernel. A directory is found by its own name.
        if !reached.ends_with(b"/.") && !reached.ends_with(b"/..") {
            return Ok(reached);
        }
        let here = b"/.";
        let reached = self.reached(&[&*reached, here].concat(), tree, scratch)?;
        Ok(match reached.strip_suffix(here) {
            Some([]) => b"/".as_slice().into(),
            Some(dir) => dir.into(),
            None => reached,
        })
    }

    fn reached(
        &self,
        path: &[u8],
        tree: &impl Tree,
        scratch: &mut Scratch,
    ) -> Result<Box<[u8]>, Errno> {
        let path = match walk(self, tree, CWD, path, Last::Followed, scratch)? {
            End::Name { name, .. } => name.to_bytes().into(),
            End::Link(link) => link.to.to_bytes().into(),
        };
        if scratch.is_held() {
            Err(Errno::NAMETOOLONG)
        } else {
            Ok(path)
        }
    }

    fn hide(
        self,
        rows: &[Row<'_>],
        hidden: &[&[u8]],
        tree: &impl Tree,
        scratch: &mut Scratch,
    ) -> Result<Self, Errno> {
        if hidden.is_empty() {
            return Ok(self);
        }
        let mut own = Vec::with_capacity(rows.len());
        for row in rows {
            own.extend(self.physical(row.to, tree, scratch));
        }
        let mut places = self.places.clone();
        for path in hidden {
            let place = self.place(path, tree, scratch);
            let reached = self.physical(path, tree, scratch);
            let reached = reached.and_then(|path| self.place(&path, tree, scratch));
            for found in [place, reached] {
                let (dir, name) = match found {
                    // What leads in a circle leads nobody there.
                    Err(Errno::LOOP) => continue,
                    found => found?,
                };
                let leads_there = own.iter().any(|to| is_or_is_below(to, &dir, &name));
                let is_there = self.named(&name).iter().any(|place| place.dir == dir);
                if !leads_there && !is_there {
                    places.push(Place {
                        dir,
                        name,
                        entry: Entry::Hidden,
                    });
                }
            }
        }
        Ok(Self::index(self.generation, self.root, places))
    }
}

fn c_str(text: &[u8]) -> Result<Box<CStr>, Errno> {
    Ok(CString::new(text).map_err(|_| Errno::INVAL)?.into())
}

fn is_or_is_below(path: &[u8], dir: &[u8], name: &[u8]) -> bool {
    let dir = dir.strip_suffix(b"/").unwrap_or(dir);
    let below = path
        .strip_prefix(dir)
        .and_then(|tail| tail.strip_prefix(b"/"))
        .and_then(|tail| tail.strip_prefix(name));
    matches!(below, Some([] | [b'/', ..]))
}

/// Makes an inode number of a place by FNV-1a, clear of the small numbers that file systems reserve.
fn inode(dir: &[u8], name: &[u8]) -> u64 {
    let hash = dir
        .iter()
        .chain(b"/")
        .chain(name)
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    (hash >> 1) | 1 << 40
}
