//! Addresses of local sockets: names that stand in a structure, in a room of 108 bytes (unix(7)).

use std::ffi::{CStr, c_char};
use std::mem::offset_of;

use libc::{sa_family_t, sockaddr, sockaddr_un, socklen_t};
use psl_table::procfs;
use psl_table::walk::Last;
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::call::{Failure, fail};
use crate::resolve::{Operand, may_be_mapped, resolve, snapshot};

pub mod given;
pub mod spellings;
pub mod told;

/// Where the name begins.
const START: usize = offset_of!(sockaddr_un, sun_path);

/// How long a name can be; one of this length has no NUL behind it.
const ROOM: usize = size_of::<sockaddr_un>() - START;

/// A name as it stands in an address: without NUL, not empty, the rest of the room zeroes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; ROOM + 1],
    length: usize,
}

impl Name {
    /// Makes a name of a text; none if there is no room for it.
    fn new(parts: &[&[u8]]) -> Option<Self> {
        let mut name = Self {
            bytes: [0; ROOM + 1],
            length: 0,
        };
        for part in parts {
            let end = name.length + part.len();
            name.bytes[..ROOM]
                .get_mut(name.length..end)?
                .copy_from_slice(part);
            name.length = end;
        }
        Some(name)
    }

    /// Reads the name that an address gives; none if it gives no path: another family, an abstract name, no
    /// name, or a length that the kernel refuses.
    ///
    /// # Safety
    ///
    /// `address` is what the caller of a libc function gave with that length.
    pub unsafe fn of(address: *const sockaddr, length: socklen_t) -> Option<Self> {
        let given = (length as usize).checked_sub(START)?;
        if given == 0 || snapshot().is_none() || !may_be_mapped(address) {
            return None;
        }
        // SAFETY: the caller's promise; nothing says that it is aligned.
        let family = unsafe { address.cast::<sa_family_t>().read_unaligned() };
        if family != libc::AF_UNIX as sa_family_t || given > ROOM {
            return None;
        }
        // SAFETY: the caller's promise: so many bytes are there.
        let room = unsafe { std::slice::from_raw_parts(address.cast::<u8>().add(START), given) };
        let name = room.split(|&byte| byte == 0).next().unwrap_or_default();
        Self::new(&[name]).filter(|name| name.length > 0)
    }

    /// Returns its text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn as_ptr(&self) -> *const c_char {
        self.bytes.as_ptr().cast()
    }

    /// Returns the length of an address with this name, as getsockname(2) tells it.
    pub fn address_length(&self) -> usize {
        START + self.length + 1
    }

    /// Writes an address with this name, cut at `room` bytes.
    ///
    /// # Safety
    ///
    /// `address` can be written so far.
    pub unsafe fn write(&self, address: *mut sockaddr, room: usize) {
        let family = (libc::AF_UNIX as sa_family_t).to_ne_bytes();
        let bytes = family.iter().chain(&self.bytes[..=self.length]);
        for (index, &byte) in bytes.take(room).enumerate() {
            // SAFETY: the caller's promise.
            unsafe { address.cast::<u8>().add(index).write(byte) };
        }
    }
}

/// What the kernel is to be given for an address.
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
    _through: Option<OwnedFd>,
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

/// Makes an address of a path, however long it is.
///
/// A name to be made goes through its directory, and has no room where it is itself longer than some 90 bytes; one that is there
/// goes through itself.
fn address_of(path: &CStr, last: Last) -> Result<Address, Errno> {
    let text = path.to_bytes();
    // The NUL has its place, too: not all programs that are told an address know that it may be missing.
    if text.len() < ROOM {
        return Ok(Address {
            name: Name::new(&[text]).ok_or(Errno::NAMETOOLONG)?,
            _through: None,
        });
    }
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let mut room = [0; procfs::ROOM];
    let (through, name) = if last == Last::Entry {
        let end = text.iter().rposition(|&byte| byte != b'/').unwrap_or(0);
        let slash = text[..end]
            .iter()
            .rposition(|&byte| byte == b'/')
            .unwrap_or(0);
        let dir = &text[..slash.max(1)];
        let through = rustix::fs::openat(CWD, dir, flags | OFlags::DIRECTORY, Mode::empty())?;
        let link = procfs::descriptor(through.as_raw_fd(), &mut room);
        let name = Name::new(&[link.to_bytes(), b"/", &text[slash + 1..]]);
        (through, name)
    } else {
        let through = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
        let link = procfs::descriptor(through.as_raw_fd(), &mut room);
        let name = Name::new(&[link.to_bytes()]);
        (through, name)
    };
    let name = name.filter(|name| name.length < ROOM);
    Ok(Address {
        name: name.ok_or(Errno::NAMETOOLONG)?,
        _through: Some(through),
    })
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
        _through: None,
    };
    let result = root.with(call);
    // SAFETY: errno of this thread can always be read.
    if result == failed && NO_SOCKET.contains(unsafe { &*libc::__errno_location() }) {
        return fail(errno);
    }
    result
}
