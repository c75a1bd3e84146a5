//! Names as the kernel resolves them (path_resolution(7)), with private links among the real ones.
//!
//! The walk reads real symlinks and nothing else. It never decides what the kernel can decide itself: a name
//! that met no private link goes to the kernel as it was given, and one that fails behind a link goes there
//! with the part that failed, so that every errno is the kernel's own.

use std::ffi::CStr;

use rustix::fd::BorrowedFd;
use rustix::io::Errno;

use crate::held::Held;
use crate::position::Position;
use crate::rest::Rest;
use crate::snapshot::{Entry, Link, Snapshot};
use crate::tree::{PATH_MAX, Tree};
use crate::watch::{Step, Unwatched, Watch};

/// How many symlinks, real and private together, one name may lead through.
pub const MAX_LINKS: usize = 40;

/// What happens to a symlink in the last component of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// It is followed, as stat(2) does.
    Followed,
    /// It is kept, as lstat(2) does; a slash behind it makes it followed all the same.
    Kept,
    /// The name is that of a directory's entry, as for mkdir(2) and unlink(2): a slash behind it changes nothing.
    Entry,
}

/// Where a walk ended.
#[derive(Debug)]
pub enum End<'a> {
    /// A name without a private link on the way.
    Name {
        /// The name, resolved as far as it exists, relative to where the walk started unless it is absolute.
        name: &'a CStr,
        /// Whether a private link was followed; if not, the kernel resolves the given name alike.
        through_link: bool,
        /// Whether a magic link of procfs was followed, which may lead elsewhere the next time.
        through_magic: bool,
        /// How many symlinks were followed, real and private together.
        links: usize,
    },
    /// A private link itself, in the last component of a name whose last symlink is not followed.
    Link(&'a Link),
}

/// The memory that one walk needs; it lies outside the stack because a signal handler's stack is small.
///
/// Each page of it that is touched costs a process more than a system call. So what is left, at the end of its room, and
/// the beginning of the name lie side by side.
#[derive(Debug)]
#[repr(C)]
pub struct Scratch {
    rest: [u8; 2 * PATH_MAX],
    held: Held,
    name: [u8; PATH_MAX],
    start: [u8; PATH_MAX],
}

impl Scratch {
    /// Makes the memory for a walk.
    pub const fn new() -> Self {
        Self {
            rest: [0; 2 * PATH_MAX],
            held: Held::new(),
            name: [0; PATH_MAX],
            start: [0; PATH_MAX],
        }
    }

    /// Closes what the name of the walk before started from; the name means nothing from then on.
    pub fn release(&mut self) {
        self.held.release();
    }

    /// Whether the name of the walk before is one that only this process can use, and that means nothing after
    /// [`Scratch::release`].
    pub fn is_held(&self) -> bool {
        self.held.is_held()
    }

    /// Returns room for one path, between walks.
    pub fn buffer(&mut self) -> &mut [u8; PATH_MAX] {
        &mut self.start
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

/// Resolves `path`, relative to `dir`, for a process with this snapshot.
///
/// Fails with the errno that the call has to fail with: `ENOENT` at a hidden path, `ELOOP` behind more than
/// [`MAX_LINKS`] links, `ENAMETOOLONG` where symlinks on the way make a text of more than two [`PATH_MAX`].
// Once in the whole library: every hook would have a copy of it.
#[inline(never)]
pub fn walk<'a>(
    snapshot: &'a Snapshot,
    tree: &impl Tree,
    dir: BorrowedFd<'_>,
    path: &[u8],
    last: Last,
    scratch: &'a mut Scratch,
) -> Result<End<'a>, Errno> {
    watched(snapshot, tree, dir, path, last, scratch, Unwatched)
}

/// Does the same, and tells `watch` each step; a name that was too long for this has no last step.
// So that nothing of the steps is left in a walk that nobody watches.
#[inline(always)]
pub fn watched<'a>(
    snapshot: &'a Snapshot,
    tree: &impl Tree,
    dir: BorrowedFd<'_>,
    path: &[u8],
    last: Last,
    scratch: &'a mut Scratch,
    mut watch: impl Watch,
) -> Result<End<'a>, Errno> {
    let mut rest = Rest::new(&mut scratch.rest, path)?;
    let mut at = Position::new(
        dir,
        &mut scratch.name,
        &mut scratch.start,
        &mut scratch.held,
        rest.is_absolute(),
    );
    let mut links = 0;
    let mut through_link = false;
    let mut through_magic = false;

    while let Some(component) = rest.next() {
        let (is_last, follows) = (component.is_last, last.follows(component.slash));
        let name = rest.name(&component);
        if name == b"." || name == b".." {
            // The last one stays as it is spelt: rmdir(2) tells `x/.` from `x`, and the kernel checks that
            // it stands in a directory.
            if is_last {
                at.push(tree, name)?;
                watch.step(at.text(), Step::Plain);
                break;
            }
            if name == b".." {
                if let Err(errno) = at.check_directory(tree) {
                    at.push(tree, name)?;
                    watch.step(at.text(), Step::Refused(errno));
                    return failed(at, &rest, (through_link, links), errno);
                }
                at.up(tree)?;
                watch.step(at.text(), Step::Up);
            }
            continue;
        }

        if let Some(entry) = at.entry(tree, snapshot, name) {
            if let Err(errno) = at.check_directory(tree) {
                at.push(tree, name)?;
                watch.step(at.text(), Step::Refused(errno));
                return failed(at, &rest, (through_link, links), errno);
            }
            let Entry::Link(link) = entry else {
                watch.step(at.text(), Step::Hidden { name });
                return Err(Errno::NOENT);
            };
            watch.step(at.text(), Step::Link { name, link });
            if is_last && !follows {
                return Ok(End::Link(link));
            }
            links += 1;
            if links > MAX_LINKS {
                watch.step(at.text(), Step::OneTooMany);
                return Err(Errno::LOOP);
            }
            through_link = true;
            rest.prepend(link.to.to_bytes())?;
            at.restart();
            continue;
        }

        at.push(tree, name)?;
        // The text of a symlink is read straight to where it is walked next.
        match tree.readlink(at.dir(), at.as_c_str(), rest.gap()) {
            Err(errno) if is_no_symlink(errno) => watch.step(at.text(), Step::Plain),
            Err(errno) => {
                watch.step(at.text(), Step::Refused(errno));
                return failed(at, &rest, (through_link, links), errno);
            }
            Ok(_) if is_last && !follows => watch.step(at.text(), Step::Plain),
            Ok(length) => {
                links += 1;
                if links > MAX_LINKS {
                    watch.step(at.text(), Step::Symlink(rest.in_gap(length)));
                    watch.step(at.text(), Step::OneTooMany);
                    return Err(Errno::LOOP);
                }
                if at.is_magic(tree) {
                    watch.step(at.text(), Step::Magic(rest.in_gap(length)));
                    at.anchor();
                    through_magic = true;
                    continue;
                }
                watch.step(at.text(), Step::Symlink(rest.in_gap(length)));
                rest.keep_gap(length)?;
                if rest.is_absolute() {
                    at.restart();
                } else {
                    at.pop();
                }
            }
        }
    }
    // A slash behind the last component says that it is to be a directory; the root needs none.
    if !at.is_root() {
        at.append(rest.remaining())?;
    }
    Ok(End::Name {
        name: at.into_c_str(),
        through_link,
        through_magic,
        links,
    })
}

/// Ends at a component that the kernel answered with an errno: with the whole name it will again.
fn failed<'a>(
    mut at: Position<'a, '_>,
    rest: &Rest<'_>,
    (through_link, links): (bool, usize),
    errno: Errno,
) -> Result<End<'a>, Errno> {
    // What does not fit comes after what is wrong.
    at.append(rest.remaining()).map_err(|_| errno)?;
    Ok(End::Name {
        name: at.into_c_str(),
        through_link,
        through_magic: false,
        links,
    })
}

/// Whether readlink(2) says that there is something, and no symlink.
///
/// A seccomp filter that forbids the question says `EPERM` or `ENOSYS`, which no file system does: then real symlinks
/// are not seen, but links hold by the names that the table has for them.
pub fn is_no_symlink(errno: Errno) -> bool {
    matches!(errno, Errno::INVAL | Errno::PERM | Errno::NOSYS)
}

impl Last {
    fn follows(self, slash: bool) -> bool {
        match self {
            Self::Followed => true,
            Self::Kept => slash,
            Self::Entry => false,
        }
    }
}
