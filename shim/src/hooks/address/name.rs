//! The name in an address of a local socket: a path in a fixed room, which need not end with a NUL.

use std::ffi::c_char;
use std::mem::offset_of;

use libc::{sa_family_t, sockaddr, sockaddr_un, socklen_t};

use crate::readable::is_readable;
use crate::resolve::snapshot;

/// Where the name begins.
pub const START: usize = offset_of!(sockaddr_un, sun_path);

/// How long a name can be; one of this length has no NUL behind it.
pub const ROOM: usize = size_of::<sockaddr_un>() - START;

/// A name as it stands in an address: without NUL, not empty, the rest of the room zeroes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name {
    pub bytes: [u8; ROOM + 1],
    pub length: usize,
}

impl Name {
    /// Makes a name of a text; none if there is no room for it.
    pub fn new(parts: &[&[u8]]) -> Option<Self> {
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
        if given == 0 || snapshot().is_none() || !is_readable(address) {
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

    /// Returns it as a C string.
    pub fn as_ptr(&self) -> *const c_char {
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
