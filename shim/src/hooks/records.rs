//! Listings by descriptor (getdents(2)): the records of a batch, with the links of its directory and nothing hidden.
//!
//! A descriptor leaves nowhere to keep how far it has been read: it is copied, inherited, read by several processes
//! and from any position. So the records of a batch decide alone what becomes of them. Those with the name of a place
//! are left out wherever they are, and the links come behind `.`, which the kernel lists once, whatever else is
//! there. Each link is listed as often as that: once.
//!
//! What a reader can tell from a kernel with symlinks:
//!
//! * A buffer needs room for all links of the directory beside the longest record; a smaller one is too small
//!   (`EINVAL`).
//! * All links have the position of the record behind them: going on from one of them (lseek(2)) leaves the others
//!   out.
//! * A file system in user space that does not list `.` lists no links either. readdir(3) knows the end of such a
//!   listing, and has them.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::offset_of;

use libc::{DT_LNK, dirent64 as Dirent, off64_t, size_t, ssize_t};
use psl_table::snapshot::{Directory, Link};
use psl_table::tree::Host;
use rustix::fd::BorrowedFd;
use rustix::io::Errno;

use crate::call::fail;
use crate::hooks::stream::record_length;
use crate::resolve::snapshot;
use crate::scratch::Lease;

type Getdents = unsafe extern "C" fn(c_int, *mut c_void, size_t) -> ssize_t;
type Getdirentries = unsafe extern "C" fn(c_int, *mut c_char, size_t, *mut off64_t) -> ssize_t;

/// See getdents(2).
pub unsafe fn getdents64(real: Getdents, fd: c_int, batch: *mut c_void, size: size_t) -> ssize_t {
    // SAFETY: the arguments are the caller's, who called getdents64(3) with them.
    unsafe {
        list(fd, batch.cast(), size, &DIRENT64, |size| {
            real(fd, batch, size)
        })
    }
}

/// See getdirentries(3).
pub unsafe fn getdirentries(
    real: Getdirentries,
    fd: c_int,
    batch: *mut c_char,
    size: size_t,
    base: *mut off64_t,
) -> ssize_t {
    // SAFETY: the arguments are the caller's, who called getdirentries(3) with them.
    unsafe {
        list(fd, batch.cast(), size, &DIRENT64, |size| {
            real(fd, batch, size, base)
        })
    }
}

/// See getdents(2): the system call without a function in libc.
#[cfg(target_arch = "x86_64")]
pub unsafe fn getdents(real: Getdents, fd: c_int, batch: *mut c_void, size: size_t) -> ssize_t {
    // SAFETY: the arguments are the caller's, who made this system call with them.
    unsafe {
        list(fd, batch.cast(), size, &DIRENT, |size| {
            real(fd, batch, size)
        })
    }
}

/// Where a record has what. Both kinds begin with inode, position and length, and are equally long.
struct Layout {
    name: usize,
    kind: fn(length: usize) -> usize,
}

const DIRENT64: Layout = Layout {
    name: offset_of!(Dirent, d_name),
    kind: |_| offset_of!(Dirent, d_type),
};

/// The type is the last byte of the record.
#[cfg(target_arch = "x86_64")]
const DIRENT: Layout = Layout {
    name: offset_of!(Dirent, d_type),
    kind: |length| length - 1,
};

const POSITION: usize = offset_of!(Dirent, d_off);
const LENGTH: usize = offset_of!(Dirent, d_reclen);

/// Reads batches until one has something that is listed.
///
/// # Safety
///
/// `batch` has room for `size` bytes, unless the kernel says otherwise, and `read` fills it.
unsafe fn list(
    fd: c_int,
    batch: *mut u8,
    size: usize,
    layout: &Layout,
    read: impl Fn(usize) -> ssize_t,
) -> ssize_t {
    let directory = match directory(fd) {
        Ok(Some(directory)) => directory,
        Ok(None) => return read(size),
        Err(errno) => return fail(errno),
    };
    let room = links(&directory).map(|(.., length)| length).sum();
    loop {
        let length = read(size.saturating_sub(room));
        let Some(length) = usize::try_from(length).ok().filter(|&length| length > 0) else {
            return length;
        };
        // SAFETY: the kernel wrote `length` bytes there, and was told of `room` less than there are.
        let batch = unsafe { std::slice::from_raw_parts_mut(batch, length + room) };
        let length = mend(batch, room, &directory, layout);
        if length > 0 {
            return length as ssize_t;
        }
    }
}

/// Returns the places in an open directory, if there are any.
fn directory(fd: c_int) -> Result<Option<Directory<'static>>, Errno> {
    let Some(snapshot) = snapshot().filter(|_| fd >= 0) else {
        return Ok(None);
    };
    let mut scratch = Lease::take().ok_or(Errno::NOMEM)?;
    // SAFETY: the descriptor is the caller's, and is only given to the kernel.
    let dir = unsafe { BorrowedFd::borrow_raw(fd) };
    let directory = snapshot.open_directory(&Host, dir, &mut scratch);
    Ok(Some(directory).filter(|directory| !directory.is_empty()))
}

/// Returns the links of a directory, each with the length of its record.
fn links<'a>(directory: &Directory<'a>) -> impl Iterator<Item = (&'a [u8], &'a Link, usize)> {
    let first = directory.link_from(0);
    std::iter::successors(first, |(number, ..)| directory.link_from(number + 1))
        .filter_map(|(_, name, link)| Some((name, link, record_length(name)?.into())))
}

/// Leaves the records of places out, puts the links behind `.`, and returns where the records end.
///
/// The last `room` bytes are free at first, and enough for the links.
fn mend(batch: &mut [u8], room: usize, directory: &Directory<'_>, layout: &Layout) -> usize {
    // Read from here on, the records stay ahead of what is written.
    batch.copy_within(..batch.len() - room, room);
    let (mut from, mut to) = (room, 0);
    let mut links = links(directory);
    while let Some(length) = length_at(batch, from) {
        let record = from..from + length;
        from = record.end;
        let name = CStr::from_bytes_until_nul(&batch[record.start + layout.name..record.end]);
        let name = name.unwrap_or_default().to_bytes();
        if directory.has(name) {
            continue;
        }
        let is_dot = name == b".";
        let mut position = [0; LENGTH - POSITION];
        position.copy_from_slice(&batch[record.start..][POSITION..LENGTH]);
        batch.copy_within(record, to);
        to += length;
        if is_dot {
            for (name, link, length) in links.by_ref() {
                let record = &mut batch[to..to + length];
                write(record, name, link, position, layout);
                to += length;
            }
        }
    }
    to
}

/// Returns the length of a record; none at the end.
fn length_at(batch: &[u8], at: usize) -> Option<usize> {
    let length = batch.get(at + LENGTH..)?.first_chunk()?;
    let length = usize::from(u16::from_ne_bytes(*length));
    (length > offset_of!(Dirent, d_name) && length <= batch.len() - at).then_some(length)
}

/// Writes a link as a record of its name's length.
fn write(
    record: &mut [u8],
    name: &[u8],
    link: &Link,
    position: [u8; LENGTH - POSITION],
    layout: &Layout,
) {
    let length = record.len();
    record.fill(0);
    record[..POSITION].copy_from_slice(&link.inode.to_ne_bytes());
    record[POSITION..LENGTH].copy_from_slice(&position);
    record[LENGTH..LENGTH + 2].copy_from_slice(&(length as u16).to_ne_bytes());
    record[layout.name..][..name.len()].copy_from_slice(name);
    record[(layout.kind)(length)] = DT_LNK;
}
