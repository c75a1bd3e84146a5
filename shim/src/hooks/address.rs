//! Addresses of local sockets: names that stand in a structure, in a room of 108 bytes (unix(7)).

use std::ffi::CStr;

use libc::{sockaddr, sockaddr_un, socklen_t};
use psl_table::procfs;
use psl_table::walk::Last;
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::call::{Failure, fail};
use crate::resolve::{Operand, resolve};
use crate::search::with_text;
use crate::unique_name::unique_name;

pub mod given;
mod name;
mod spellings;
pub mod told;

use name::{Name, ROOM};

/// What the kernel is to be given for an address.
#[allow(clippy::large_enum_variant, reason = "nothing may be allocated for it")]
pub enum Met {
    /// The address as the caller gave it.
    Given,
    /// Another one.
    Rewritten(Address),
    /// One that fails: the call has to fail with this, unless it fails earlier.
    Fails(Errno),
}

/// An address without a private link on the way.
pub struct Address {
    name: Name,
    /// What the name goes through where the path has no room; closed after the call.
    through: Option<OwnedFd>,
    /// Where a socket comes to lie in that directory once it is made, where not even its last component has room.
    place: Option<Name>,
}

impl Address {
    /// Calls with it.
    pub fn with<R>(&self, call: impl FnOnce(*const sockaddr, socklen_t) -> R) -> R {
        // SAFETY: all zeroes is a valid address, and the whole of it can be written.
        let address = unsafe {
            let mut address: sockaddr_un = std::mem::zeroed();
            self.name
                .write((&raw mut address).cast(), size_of_val(&address));
            address
        };
        let length = self.name.address_length().min(size_of_val(&address));
        call((&raw const address).cast(), length as socklen_t)
    }

    /// Puts a socket that was made aside to its place.
    ///
    /// If somebody has taken that meanwhile the socket stays bound, to a name that is gone.
    fn settle(&self) -> Result<(), Errno> {
        let (Some(dir), Some(place)) = (&self.through, &self.place) else {
            return Ok(());
        };
        let name = self.name.as_bytes();
        let aside = name.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        let flags = RenameFlags::NOREPLACE;
        let settled = rustix::fs::renameat_with(dir, aside, dir, place.as_bytes(), flags);
        settled.map_err(|errno| {
            // Nobody can be told twice.
            let _ = rustix::fs::unlinkat(dir, aside, AtFlags::empty());
            match errno {
                Errno::EXIST => Errno::ADDRINUSE,
                errno => errno,
            }
        })
    }
}

/// Resolves the name of an address; with [`Last::Entry`] it is one to be made.
pub fn resolve_name(name: &Name, last: Last) -> Met {
    // SAFETY: a name ends with a NUL.
    unsafe {
        resolve(
            libc::AT_FDCWD,
            name.as_ptr(),
            last,
            |operand| match operand {
                Operand::Given => Met::Given,
                Operand::Rewritten(path) => match address_of(path, last) {
                    Ok(address) => Met::Rewritten(address),
                    Err(errno) => Met::Fails(errno),
                },
                Operand::Link(_) => Met::Fails(Errno::ADDRINUSE),
                Operand::Error(errno) => Met::Fails(errno),
            },
        )
    }
}

/// Makes an address of a path, however long it is: a socket that is to be made goes through its directory, one
/// that is there through itself.
fn address_of(path: &CStr, last: Last) -> Result<Address, Errno> {
    let text = path.to_bytes();
    // The NUL has its place, too: not all programs that are told an address know that it may be missing.
    let fitting = |parts: &[&[u8]]| Name::new(parts).filter(|name| name.length < ROOM);
    if let Some(name) = fitting(&[text]) {
        return Ok(Address {
            name,
            through: None,
            place: None,
        });
    }
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let mut room = [0; procfs::ROOM];
    if last != Last::Entry {
        let through = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
        let link = procfs::descriptor(through.as_raw_fd(), &mut room).to_bytes();
        return Ok(Address {
            name: fitting(&[link]).ok_or(Errno::NAMETOOLONG)?,
            through: Some(through),
            place: None,
        });
    }
    let end = text.iter().rposition(|&byte| byte != b'/').unwrap_or(0);
    let slash = text[..end]
        .iter()
        .rposition(|&byte| byte == b'/')
        .unwrap_or(0);
    let (dir, entry) = (&text[..slash.max(1)], &text[slash + 1..]);
    let through = with_text(&[dir], |dir| {
        // SAFETY: `with_text` makes a C string.
        let dir = unsafe { CStr::from_ptr(dir) };
        rustix::fs::openat(CWD, dir, flags | OFlags::DIRECTORY, Mode::empty())
    })?;
    let link = procfs::descriptor(through.as_raw_fd(), &mut room).to_bytes();
    let (name, place) = match fitting(&[link, b"/", entry]) {
        Some(name) => (Some(name), None),
        None => {
            check_free(&through, entry)?;
            let aside = fitting(&[link, b"/", &unique_name()]);
            (aside, Some(Name::new(&[entry]).ok_or(Errno::NAMETOOLONG)?))
        }
    };
    Ok(Address {
        name: name.ok_or(Errno::NAMETOOLONG)?,
        through: Some(through),
        place,
    })
}

/// Fails as bind(2) does with a name that is taken, or that asks for a directory.
fn check_free(dir: &OwnedFd, entry: &[u8]) -> Result<(), Errno> {
    match rustix::fs::statat(dir, entry, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) if entry.ends_with(b"/") => Err(Errno::NOENT),
        Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(errno),
        Ok(_) => Err(Errno::ADDRINUSE),
    }
}

/// Calls with an address that nothing can have, so that what is wrong with the rest is found first.
///
/// # Safety
///
/// `call` leaves errno as libc does.
pub unsafe fn failing<R: Failure + PartialEq>(
    errno: Errno,
    call: impl FnOnce(*const sockaddr, socklen_t) -> R,
    failed: R,
) -> R {
    /// What the kernel says to the root's name: it is there already, may not be written, and is no socket.
    const NO_SOCKET: [i32; 4] = [
        libc::EADDRINUSE,
        libc::EACCES,
        libc::EROFS,
        libc::ECONNREFUSED,
    ];
    let root = Address {
        name: Name::new(&[b"/"]).expect("there is room for one byte"),
        through: None,
        place: None,
    };
    let result = root.with(call);
    // SAFETY: errno of this thread can always be read.
    if result == failed && NO_SOCKET.contains(unsafe { &*libc::__errno_location() }) {
        return fail(errno);
    }
    result
}
