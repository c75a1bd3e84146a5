//! What can be told of a walk while it goes on, for whoever explains it.

use rustix::io::Errno;

use crate::snapshot::Link;

/// Is told each step of a walk, in order.
///
/// A walk that nobody watches is compiled without any of it.
pub trait Watch {
    /// Takes one step; `at` is the name of where the walk stands then, relative to where it started unless it is absolute.
    fn step(&mut self, at: &[u8], step: Step<'_>);
}

/// What a walk found at one component of a name; where nothing else is said, the walk stands at that component.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// Something that is no symlink, or a symlink that is not followed.
    Plain,
    /// The directory above, by `..`.
    Up,
    /// A real symlink with this text, which is followed.
    Symlink(&'a [u8]),
    /// A magic link of procfs, whose text says where it leads.
    Magic(&'a [u8]),
    /// A private link in this directory: followed, or the end of a name whose last symlink is not followed.
    Link {
        /// Its name in the directory.
        name: &'a [u8],
        /// The link.
        link: &'a Link,
    },
    /// A hidden name in this directory: the walk ends with `ENOENT`.
    Hidden {
        /// The name in the directory.
        name: &'a [u8],
    },
    /// A name that the kernel refuses with this errno: the walk ends.
    Refused(Errno),
    /// The link before was one more than [`MAX_LINKS`](crate::walk::MAX_LINKS): the walk ends with `ELOOP`.
    OneTooMany,
}

impl<W: Watch> Watch for &mut W {
    fn step(&mut self, at: &[u8], step: Step<'_>) {
        (**self).step(at, step);
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

impl Watch for Unwatched {
    #[inline(always)]
    fn step(&mut self, _: &[u8], _: Step<'_>) {}
}
