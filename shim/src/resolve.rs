//! Operand to kernel name: left as it is, rewritten, a link itself, or an errno.

use std::ffi::{CStr, c_char, c_int};
use std::mem::MaybeUninit;

use once_cell::race::OnceRef;
use psl_table::snapshot::{Link, Snapshot};
use psl_table::tree::{Host, Tree};
use psl_table::walk::{self, End, Last};
use rustix::fd::BorrowedFd;
use rustix::io::Errno;

use crate::descriptor::start_of;
use crate::known::{self, Detour, Known};
use crate::live::{self, Passed, Seen};
use crate::readable;
use crate::scratch::Lease;

/// The snapshot of this process: unset until before main, and for ever where the shim is inert.
pub static SNAPSHOT: OnceRef<'static, Snapshot> = OnceRef::new();

/// Returns the snapshot, if there is anything in it.
pub fn snapshot() -> Option<&'static Snapshot> {
    SNAPSHOT.get().filter(|snapshot| !snapshot.is_empty())
}

/// What the kernel is to be given for a name.
pub enum Operand<'a> {
    /// The name as the caller spelt it.
    Given,
    /// A name without a private link on the way, absolute.
    Rewritten(&'a CStr),
    /// Nothing: the name ends at a private link that the call does not follow.
    Link(&'a Link),
    /// Nothing: the call fails.
    Error(Errno),
}

/// Resolves the name of a call and hands it on, in memory that lives as long as `then` runs.
///
/// # Safety
///
/// `path` is what the caller of a libc function gave as a path: if anything is there, it stays while this runs.
pub unsafe fn resolve<R>(
    dir: c_int,
    path: *const c_char,
    last: Last,
    then: impl FnOnce(Operand<'_>) -> R,
) -> R {
    // SAFETY: the caller's promise.
    match unsafe { known::glance(dir, path, last) } {
        Known::QUIET => then(Operand::Given),
        // SAFETY: the caller's promise.
        known => unsafe { further(known, dir, path, last, then) },
    }
}

/// Does the same for a name that is not quiet at a glance.
///
/// # Safety
///
/// As for [`resolve`].
pub unsafe fn further<R>(
    known: Known,
    dir: c_int,
    path: *const c_char,
    last: Last,
    then: impl FnOnce(Operand<'_>) -> R,
) -> R {
    let Some(snapshot) = snapshot() else {
        return then(Operand::Given);
    };
    // SAFETY: the caller's promise.
    let path = match unsafe { readable::name(path) } {
        // The kernel cannot read it either.
        Err(Errno::FAULT) => return then(Operand::Given),
        // realpath(3) would take it, and go past the links.
        Err(errno) => return then(Operand::Error(errno)),
        Ok(path) => path,
    };
    found(known, snapshot, dir, path, last, then)
}

/// Resolves a name of this library's own that is followed: it can be read.
pub fn resolve_own<R>(path: &CStr, then: impl FnOnce(Operand<'_>) -> R) -> R {
    let (dir, last) = (libc::AT_FDCWD, Last::Followed);
    match snapshot() {
        Some(snapshot) => {
            let known = known::of(snapshot, dir, path.to_bytes(), last);
            found(known, snapshot, dir, path, last, then)
        }
        None => then(Operand::Given),
    }
}

/// Hands on what a name comes to, of which so much is known; what is not is learnt.
#[inline(always)]
fn found<R>(
    known: Known,
    snapshot: &'static Snapshot,
    dir: c_int,
    path: &CStr,
    last: Last,
    then: impl FnOnce(Operand<'_>) -> R,
) -> R {
    let known = match (known, known.detour()) {
        (Known::QUIET, _) | (_, Some(_)) => known,
        _ => known::learn(snapshot, dir, path, last),
    };
    if known == Known::QUIET {
        return then(Operand::Given);
    }
    match known.detour() {
        Some(detour) => match by_detour(snapshot, detour, path, then) {
            Ok(result) => result,
            Err(then) => walked(snapshot, &Host, dir, path, last, then),
        },
        None => walked(snapshot, &Host, dir, path, last, then),
    }
}

/// Resolves a name of this library's own that is followed, asking `tree` alone: nothing is known of it, nor will be.
pub fn resolve_in<R>(tree: &impl Tree, path: &CStr, then: impl FnOnce(Operand<'_>) -> R) -> R {
    match snapshot() {
        Some(snapshot) => walked(snapshot, tree, libc::AT_FDCWD, path, Last::Followed, then),
        None => then(Operand::Given),
    }
}

/// Hands on the name that leads past a link; gives `then` back where that is too long.
#[inline(never)]
fn by_detour<R, F: FnOnce(Operand<'_>) -> R>(
    snapshot: &Snapshot,
    detour: Detour,
    path: &CStr,
    then: F,
) -> Result<R, F> {
    detour.name(snapshot, path.to_bytes(), |name| match name {
        Some(name) => Ok(then(Operand::Rewritten(name))),
        None => Err(then),
    })
}

fn walked<R>(
    snapshot: &'static Snapshot,
    tree: &impl Tree,
    dir: c_int,
    path: &CStr,
    last: Last,
    then: impl FnOnce(Operand<'_>) -> R,
) -> R {
    // SAFETY: it is only given to the kernel.
    let start = unsafe { start_of(dir, path) };
    let path = path.to_bytes();
    // The kernel refuses these, and has the errno for it.
    let Some(dir) = start.ok().filter(|_| !path.is_empty()) else {
        return then(Operand::Given);
    };
    let Some(mut lease) = Lease::take() else {
        return then(Operand::Error(Errno::NOMEM));
    };
    let (reached, seen) = match snapshot.has_live() {
        false => {
            let end = walk::walk(snapshot, tree, dir, path, last, &mut lease);
            (Reached::of(end), None)
        }
        true => past_live_links(snapshot, tree, dir, path, last, &mut lease),
    };
    match reached {
        Reached::Given => {
            // The call may take long, and needs no memory of ours.
            drop((lease, seen));
            then(Operand::Given)
        }
        Reached::Name(name) => {
            drop(seen);
            hand_on(lease, name, then)
        }
        // SAFETY: links live as long as the snapshot: `seen`, or for ever.
        Reached::Link(link) => then(Operand::Link(unsafe { &*link })),
        Reached::Error(errno) => then(Operand::Error(errno)),
    }
}

/// Where a walk ended, apart from the memory and the snapshot that it was made with.
enum Reached {
    Given,
    /// A name in the memory of the walk, with its NUL.
    Name(*const [u8]),
    /// A link of the snapshot.
    Link(*const Link),
    Error(Errno),
}

impl Reached {
    fn of(end: Result<End<'_>, Errno>) -> Self {
        match end {
            Ok(End::Name {
                through_link: false,
                ..
            }) => Self::Given,
            Ok(End::Name { name, .. }) => Self::Name(name.to_bytes_with_nul()),
            Ok(End::Link(link)) => Self::Link(link),
            Err(errno) => Self::Error(errno),
        }
    }
}

/// Walks with what live links lead to at present, and returns the snapshot that says so.
#[inline(never)]
fn past_live_links(
    snapshot: &'static Snapshot,
    tree: &impl Tree,
    dir: BorrowedFd<'_>,
    path: &[u8],
    last: Last,
    lease: &mut Lease,
) -> (Reached, Option<Seen>) {
    let seen = live::seen(snapshot);
    let mut passed = Passed::default();
    let end = walk::watched(&seen, tree, dir, path, last, lease, &mut passed);
    let reached = Reached::of(end);
    if !passed.0 || !live::look() {
        return (reached, Some(seen));
    }
    drop(seen);
    let seen = live::seen(snapshot);
    let end = walk::walk(&seen, tree, dir, path, last, lease);
    (Reached::of(end), Some(seen))
}

/// Hands a rewritten name on, which lies in the memory of its walk; on the stack if it is not too long for that.
///
/// The call may take long, and a thread that is cancelled in it does not come back: it must not have the memory then.
#[inline(never)]
fn hand_on<R>(lease: Lease, name: *const [u8], then: impl FnOnce(Operand<'_>) -> R) -> R {
    const ROOM: usize = 512;
    let mut copy = [MaybeUninit::<u8>::uninit(); ROOM];
    let is_kept = name.len() > ROOM || lease.is_held();
    let mut lease = Some(lease);
    let name = if is_kept {
        name
    } else {
        let at: *mut u8 = copy.as_mut_ptr().cast();
        // SAFETY: the lease is there, and the copy has room.
        unsafe { at.copy_from_nonoverlapping(name.cast(), name.len()) };
        lease = None;
        std::ptr::slice_from_raw_parts(at, name.len())
    };
    // SAFETY: it is the walk's name, which ends with its only NUL, in memory that is there until the end of this.
    let result = then(Operand::Rewritten(unsafe {
        CStr::from_bytes_with_nul_unchecked(&*name)
    }));
    drop(lease);
    result
}
