//! What a listing by descriptor shows.

use std::ffi::{CStr, c_void};
use std::mem::offset_of;

use libc::dirent64 as Dirent;
use rustix::fd::BorrowedFd;
use rustix::fs::{AtFlags, SeekFrom};

use crate::call::{Prepared, Returned};
use crate::play::World;
use crate::seen::text;

/// Where the records of a system call have their names and types.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Those of getdents64(2).
    Typed,
    /// Those of the call before it: the type is the last byte.
    Old,
}

/// Reads a descriptor to its end, twice, and says what the records are, sorted; the last call is what is returned.
///
/// `first` is the argument that is the descriptor, which is closed; the buffer comes behind it.
pub fn shown(
    world: &World,
    kind: Kind,
    first: usize,
    prepared: &Prepared,
    function: *mut c_void,
) -> (Returned, String) {
    let number = prepared.words[first] as i32;
    // SAFETY: the script opened it for this call.
    let dir = unsafe { BorrowedFd::borrow_raw(number) };
    let (mut returned, once) = to_the_end(world, kind, first, prepared, function, dir);
    let mut seen = once.join(", ");
    if returned.value == 0 {
        let again = prepared.call(function);
        if again.value != 0 {
            seen += " and more behind the end";
        }
        rustix::fs::seek(dir, SeekFrom::Start(0)).expect("a directory can be rewound");
        let (last, twice) = to_the_end(world, kind, first, prepared, function, dir);
        if once != twice {
            seen += &format!(" and then {}", twice.join(", "));
        }
        returned = last;
    }
    // SAFETY: nobody uses it any more.
    unsafe { rustix::io::close(number) };
    (returned, seen)
}

fn to_the_end(
    world: &World,
    kind: Kind,
    first: usize,
    prepared: &Prepared,
    function: *mut c_void,
    dir: BorrowedFd<'_>,
) -> (Returned, Vec<String>) {
    let mut records = Vec::new();
    loop {
        let returned = prepared.call(function);
        let Some(length) = usize::try_from(returned.value).ok().filter(|&it| it > 0) else {
            records.sort();
            return (returned, records);
        };
        let mut batch = &prepared.bytes(first + 1)[..length];
        while !batch.is_empty() {
            let at = offset_of!(Dirent, d_reclen);
            let length = u16::from_ne_bytes([batch[at], batch[at + 1]]).into();
            let (record, rest) = batch.split_at(length);
            records.push(described(world, kind, record, dir));
            batch = rest;
        }
    }
}

/// A record: its name, its type, what it is, and whether lstat(2) says the same.
fn described(world: &World, kind: Kind, record: &[u8], dir: BorrowedFd<'_>) -> String {
    let (name, what) = match kind {
        Kind::Typed => (
            offset_of!(Dirent, d_name),
            record[offset_of!(Dirent, d_type)],
        ),
        Kind::Old => (offset_of!(Dirent, d_type), record[record.len() - 1]),
    };
    let name = CStr::from_bytes_until_nul(&record[name..]).expect("a name ends with a NUL");
    let inode = record.first_chunk().map(|it| u64::from_ne_bytes(*it));
    // SAFETY: the type is that of fstatat(2), which is called by its symbol, as a program would.
    let (known, it) = unsafe {
        let mut it: libc::stat64 = std::mem::zeroed();
        let number = rustix::fd::AsRawFd::as_raw_fd(&dir);
        let flags = AtFlags::SYMLINK_NOFOLLOW.bits() as i32;
        let known = libc::fstatat64(number, name.as_ptr(), &raw mut it, flags) == 0;
        (known, it)
    };
    let agrees = known && Some(it.st_ino) == inode && it.st_mode >> 12 == u32::from(what);
    let whose = world.name_of((it.st_dev, it.st_ino), it.st_mode >> 12 == 0o12);
    let odd = if agrees || name == c".." {
        ""
    } else {
        " (lstat says otherwise)"
    };
    format!("{} {what} {whose}{odd}", text(name.to_bytes()))
}
