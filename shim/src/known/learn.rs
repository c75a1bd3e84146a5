//! What the kernel says of a name, directory by directory: what is known of one is not asked for again.

use std::ffi::{CStr, c_int};

use psl_table::snapshot::{Entry, Link, Snapshot};
use psl_table::tree::Host;
use psl_table::walk::{self, End, Last, MAX_LINKS};
use rustix::fs::CWD;
use rustix::io::Errno;

use super::parts::{Name, start_of_last, trimmed};
use super::remembered::{Remembered, TEXT};
use super::{CLOSED, DIRECTORIES, Detour, FILES, Known, Moment, now};
use crate::descriptor::start_of;
use crate::scratch::Lease;

/// Finds out about a name that nothing is known of, and remembers it.
#[cold]
#[inline(never)]
pub fn learn(snapshot: &Snapshot, dir: c_int, path: &CStr, last: Last) -> Known {
    let text = path.to_bytes();
    let is_absolute = text.first() == Some(&b'/');
    if dir != libc::AT_FDCWD && !is_absolute {
        return in_directory(snapshot, dir, path, last);
    }
    let (Some(moment), Some(name)) = (now(is_absolute), Name::of(text, last)) else {
        return Known::NOTHING;
    };
    let closed = CLOSED.number();
    let mut asking = Asking {
        snapshot,
        lease: None,
    };
    let found = match asking.way(moment, &name) {
        Way::Clear { stays, .. } => Some((Known::QUIET, stays)),
        Way::Link {
            link,
            replaced,
            links,
        } => (asking.detour(link, replaced, links, text, last))
            .and_then(|(detour, stays)| Some((detour.known(closed)?, stays))),
        Way::Unclear => None,
    };
    let Some((known, stays)) = found else {
        return Known::NOTHING;
    };
    if stays {
        FILES.add(moment.of(last as u8).hash(text), known.0);
    }
    known
}

/// Does the same for a name that begins at a descriptor, beyond what is known at a glance.
fn in_directory(snapshot: &Snapshot, dir: c_int, path: &CStr, last: Last) -> Known {
    let name = path.to_bytes();
    let is_quiet = last == Last::Followed
        && !name.is_empty()
        && !name.contains(&b'/')
        && !snapshot.has_name(name)
        && is_no_symlink(dir, path);
    if is_quiet {
        Known::QUIET
    } else {
        Known::NOTHING
    }
}

/// Whether a name in a directory is there and no symlink.
fn is_no_symlink(dir: c_int, path: &CStr) -> bool {
    // SAFETY: it is only given to the kernel.
    let Ok(dir) = (unsafe { start_of(dir, path) }) else {
        return false;
    };
    let read = rustix::fs::readlinkat_raw(dir, path, &mut [0; 1]);
    read.is_err_and(walk::is_no_symlink)
}

/// Counts the components that have the name of a place, in whatever directory.
fn places_named(snapshot: &Snapshot, name: &[u8]) -> usize {
    let components = name.split(|&byte| byte == b'/');
    components
        .filter(|component| snapshot.has_name(component))
        .count()
}

/// Whether a directory without symlinks on its way has this physical path: there is nothing to leave out of it.
fn is_physical(dir: &[u8]) -> bool {
    let mut components = dir.split(|&byte| byte == b'/').skip(1);
    components.all(|component| !matches!(component, b"" | b"." | b".."))
}

/// Where a name leads, as far as was asked.
enum Way<'s> {
    /// Past no link, through so many symlinks.
    Clear {
        links: usize,
        /// Whether that is so until something is changed: it is there, or it is missing.
        stays: bool,
    },
    /// To a link at the end of its first bytes, itself counted among the symlinks.
    Link {
        link: &'s Link,
        replaced: usize,
        links: usize,
    },
    /// A walk has to tell.
    Unclear,
}

impl<'s> Way<'s> {
    /// Returns the one to a link at so many bytes, behind so many symlinks.
    fn through(link: &'s Link, replaced: usize, links: usize) -> Self {
        Self::Link {
            link,
            replaced,
            links: links + 1,
        }
    }
}

/// What the kernel says of a name that meets no link.
enum Answer {
    /// It is there, through so many symlinks.
    There {
        links: usize,
    },
    Fails(Errno),
}

struct Asking<'s> {
    snapshot: &'s Snapshot,
    lease: Option<Lease>,
}

impl<'s> Asking<'s> {
    /// Follows a name, from the last of its directories that is known.
    fn way(&mut self, moment: Moment, name: &Name<'_>) -> Way<'s> {
        let mut known = name.parent;
        let mut links = 0;
        while !known.is_empty() {
            if let Some(count) = DIRECTORIES.get(moment.hash(known)) {
                links = count as usize;
                break;
            }
            known = trimmed(&known[..start_of_last(known)]);
        }
        let may_be_place = self.snapshot.has_name(name.last);
        if known.len() < name.parent.len() || may_be_place {
            // With more than one it may well lead through more than one, and past no working directory that may have
            // been changed by a system call past libc.
            let is_absolute = name.whole.first() == Some(&b'/');
            if places_named(self.snapshot, name.whole) > usize::from(is_absolute) {
                return Way::Unclear;
            }
        }
        if !name.follows && known.len() < name.parent.len() && may_be_place {
            // It may well be a link itself: a walk tells at once.
            return Way::Unclear;
        }
        let mut length = known.len();
        while length < name.parent.len() {
            let rest = &name.parent[length..];
            let slashes = rest.iter().take_while(|&&byte| byte == b'/').count();
            let component = rest[slashes..].split(|&byte| byte == b'/').next();
            let component = component.unwrap_or_default();
            let dir = &name.parent[..length];
            length += slashes + component.len();
            let so_far = &name.parent[..length];
            if self.snapshot.has_name(component) {
                match self.at_place(dir, component, links, so_far) {
                    Some(None) => {}
                    Some(Some(link)) => return Way::through(link, length, links),
                    None => return Way::Unclear,
                }
            }
            match self.ask(moment, so_far, links) {
                Some(Answer::There { links: count }) => links = count,
                // Rights this process may get; what is missing may be made, with a link's place in it.
                Some(Answer::Fails(_)) => {
                    return Way::Clear {
                        links,
                        stays: false,
                    };
                }
                None => return Way::Unclear,
            }
            DIRECTORIES.add(moment.hash(so_far), links as u64);
        }
        if may_be_place {
            match self.at_place(name.parent, name.last, links, name.whole) {
                Some(None) => {}
                Some(Some(link)) if name.follows => {
                    return Way::through(link, name.whole.len(), links);
                }
                _ => return Way::Unclear,
            }
        }
        if !name.follows {
            return Way::Clear { links, stays: true };
        }
        match self.ask(moment, name.whole, links) {
            Some(Answer::There { links }) => Way::Clear { links, stays: true },
            Some(Answer::Fails(errno)) => {
                let stays = errno == Errno::NOENT;
                Way::Clear { links, stays }
            }
            None => Way::Unclear,
        }
    }

    /// Returns the link that a name is, some nothing if it is something else, and none where only a walk can tell.
    fn at_place(
        &mut self,
        dir: &[u8],
        component: &[u8],
        links: usize,
        name: &[u8],
    ) -> Option<Option<&'s Link>> {
        let snapshot = self.snapshot;
        if links > 0 || !is_physical(dir) {
            return None;
        }
        let dir = if dir.is_empty() { b"/" } else { dir };
        match snapshot.at(&Host, dir, component) {
            None => Some(None),
            Some(Entry::Hidden) => None,
            // Whoever may not search the directory does not get past its links.
            Some(Entry::Link(link)) => match self.read_link(name, &mut [0; 1])? {
                Err(errno) if !walk::is_no_symlink(errno) && errno != Errno::NOENT => None,
                _ => Some(Some(link)),
            },
        }
    }

    /// Asks the kernel for the last component of a name whose directory is reached through so many symlinks; none where
    /// only a walk can tell.
    fn ask(&mut self, moment: Moment, name: &[u8], links: usize) -> Option<Answer> {
        let mut text = [0; TEXT];
        let length = match self.read_link(name, &mut text)? {
            Err(errno) if walk::is_no_symlink(errno) => return Some(Answer::There { links }),
            Err(errno) => return Some(Answer::Fails(errno)),
            Ok(length) => length,
        };
        let tree = Remembered::with(moment, name, &text[..length]);
        let snapshot = self.snapshot;
        match walk::walk(snapshot, &tree, CWD, name, Last::Followed, self.lease()?) {
            Ok(End::Name {
                through_link: false,
                through_magic: false,
                links,
                ..
            }) => Some(Answer::There { links }),
            _ => None,
        }
    }

    /// Has the kernel read a name as a symlink, as far as there is room for its text; none where the name is too long.
    fn read_link(&mut self, name: &[u8], text: &mut [u8]) -> Option<Result<usize, Errno>> {
        let lease = self.lease()?;
        let copy = lease.buffer().get_mut(..=name.len())?;
        copy[..name.len()].copy_from_slice(name);
        copy[name.len()] = 0;
        let path = CStr::from_bytes_with_nul(copy).ok()?;
        Some(rustix::fs::readlinkat_raw(CWD, path, text))
    }

    /// Returns the way past a link, if that is clear, and whether it stays so.
    fn detour(
        &mut self,
        link: &Link,
        replaced: usize,
        links: usize,
        text: &[u8],
        last: Last,
    ) -> Option<(Detour, bool)> {
        let snapshot = self.snapshot;
        let to = link.to.to_bytes();
        if snapshot.has_live() || !to.starts_with(b"/") || places_named(snapshot, to) > 0 {
            return None;
        }
        let detour = Detour::past(snapshot, link, replaced)?;
        let stays = detour.name(snapshot, text, |name| {
            let (moment, name) = (now(true)?, Name::of(name?.to_bytes(), last)?);
            match self.way(moment, &name) {
                Way::Clear { links: more, stays } if links + more <= MAX_LINKS => Some(stays),
                _ => None,
            }
        })?;
        Some((detour, stays))
    }

    fn lease(&mut self) -> Option<&mut Lease> {
        if self.lease.is_none() {
            self.lease = Lease::take();
        }
        self.lease.as_mut()
    }
}
