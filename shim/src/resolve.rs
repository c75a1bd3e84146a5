//! Operand to kernel name: left as it is, rewritten, a link itself, or an errno.

use std::ffi::{CStr, c_char, c_int};

use once_cell::race::OnceRef;
use psl_table::snapshot::{Link, Snapshot};
use psl_table::tree::Host;
use psl_table::walk::{self, End, Last};
use rustix::io::Errno;

use crate::descriptor::start_of;
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
    Link(&'static Link),
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
    match walk::walk(snapshot, &Host, dir, path, last, &mut lease) {
        Ok(End::Name {
            through_link: false,
            ..
        }) => {
            // The call may take long, and needs no memory of ours.
            drop(lease);
            then(Operand::Given)
        }
        Ok(End::Name { name, .. }) => then(Operand::Rewritten(name)),
        // SAFETY: links live as long as the snapshot, which is for ever.
        Ok(End::Link(link)) => then(Operand::Link(unsafe { &*std::ptr::from_ref(link) })),
        Err(errno) => then(Operand::Error(errno)),
    }
}
