//! What a call sees that ends at a private link and does not follow it.

use std::ffi::{CStr, c_char, c_int, c_uint};

use libc::{stat64 as Stat, statx as Statx};
use psl_table::snapshot::Link;
use psl_table::walk::Last;
use rustix::fs::AtFlags;
use rustix::io::Errno;

use crate::call::{self, fail};
use crate::descriptor::start_of;
use crate::link_descriptor;
use crate::readable::{self, may_be_mapped};
use crate::search::with_text;

/// A symlink's mode: whoever may search its directory may read it.
const MODE: u32 = libc::S_IFLNK | 0o777;

/// Tells what a symlink in the last component means to a call with a `NOFOLLOW` flag.
pub fn kept_if(flag: c_int) -> Last {
    if flag == 0 {
        Last::Followed
    } else {
        Last::Kept
    }
}

/// Tells it for open(2): `O_CREAT` makes an entry if `O_EXCL` or a slash behind it forbids to follow; `O_PATH`
/// silences both.
///
/// # Safety
///
/// `path` is as for [`resolve`](crate::resolve::resolve).
pub unsafe fn kept_by_open(path: *const c_char, flags: c_int) -> Last {
    let creates = flags & libc::O_PATH == 0 && flags & libc::O_CREAT != 0;
    // SAFETY: the caller's promise.
    if creates && (flags & libc::O_EXCL != 0 || unsafe { ends_with_slash(path) }) {
        Last::Entry
    } else {
        kept_if(flags & libc::O_NOFOLLOW)
    }
}

/// Returns the flags of open(2) that `mode` of fopen(3) stands for, as far as they matter to a link.
///
/// # Safety
///
/// `mode` is a C string or null.
pub unsafe fn fopen_flags(mode: *const c_char) -> c_int {
    if mode.is_null() {
        return 0;
    }
    // SAFETY: the caller's promise.
    let mode = unsafe { CStr::from_ptr(mode) }.to_bytes();
    let mut flags = match mode.first() {
        Some(b'w' | b'a') => libc::O_CREAT,
        _ => 0,
    };
    if mode.contains(&b'x') {
        flags |= libc::O_EXCL;
    }
    flags
}

unsafe fn ends_with_slash(path: *const c_char) -> bool {
    // SAFETY: the caller's promise.
    unsafe { readable::name(path) }.is_ok_and(|path| path.to_bytes().ends_with(b"/"))
}

/// Opens the link itself with `O_PATH`, else refuses to.
///
/// # Safety
///
/// `path` is the C string that led to the link.
pub unsafe fn open(link: &Link, path: *const c_char, flags: c_int) -> Result<c_int, Errno> {
    if flags & (libc::O_PATH | libc::O_DIRECTORY) == libc::O_PATH {
        return link_descriptor::open(link, flags);
    }
    // SAFETY: the caller's promise.
    unsafe { refuse(path, flags) }
}

/// Refuses to open a symlink, as open(2) does where it must not follow.
///
/// # Safety
///
/// As for [`open`].
pub unsafe fn refuse<R>(path: *const c_char, flags: c_int) -> Result<R, Errno> {
    let creates = flags & libc::O_PATH == 0 && flags & libc::O_CREAT != 0;
    // SAFETY: the caller's promise.
    Err(if creates && unsafe { ends_with_slash(path) } {
        Errno::ISDIR
    } else if creates && flags & libc::O_EXCL != 0 {
        Errno::EXIST
    } else if flags & libc::O_DIRECTORY != 0 {
        Errno::NOTDIR
    } else {
        Errno::LOOP
    })
}

/// Fills in what lstat(2) says of the link: it is of its directory's device and owner.
///
/// # Safety
///
/// `buf` can be written, or is an address that nothing can have.
pub unsafe fn stat(link: &Link, buf: *mut Stat) -> Result<c_int, Errno> {
    if !may_be_mapped(buf) {
        return Err(Errno::FAULT);
    }
    let dir = rustix::fs::stat(&*link.dir)?;
    // SAFETY: all zeroes is a valid stat, and the caller promises the room.
    unsafe {
        let mut own: Stat = std::mem::zeroed();
        own.st_dev = dir.st_dev;
        own.st_ino = link.inode;
        own.st_mode = MODE;
        own.st_nlink = 1;
        own.st_uid = dir.st_uid;
        own.st_gid = dir.st_gid;
        own.st_size = length(link) as i64;
        own.st_blksize = dir.st_blksize as _;
        own.st_atime = link.committed;
        own.st_mtime = link.committed;
        own.st_ctime = link.committed;
        buf.write(own);
    }
    Ok(0)
}

/// Fills in what statx(2) says of the link: the basic fields and the time it was committed.
///
/// # Safety
///
/// As for [`stat`].
pub unsafe fn statx(
    link: &Link,
    flags: c_int,
    mask: c_uint,
    buf: *mut Statx,
) -> Result<c_int, Errno> {
    if !may_be_mapped(buf) {
        return Err(Errno::FAULT);
    }
    // The flags that ask for a fresh answer count for the directory; the kernel refuses those it does not know.
    let flags = AtFlags::from_bits_retain((flags & !libc::AT_SYMLINK_NOFOLLOW) as u32);
    let mask = rustix::fs::StatxFlags::from_bits_retain(mask);
    let dir = rustix::fs::statx(rustix::fs::CWD, &*link.dir, flags, mask)?;
    // SAFETY: all zeroes is a valid statx, and the caller promises the room.
    unsafe {
        let mut own: Statx = std::mem::zeroed();
        own.stx_mask =
            libc::STATX_BASIC_STATS | libc::STATX_BTIME | (dir.stx_mask & libc::STATX_MNT_ID);
        own.stx_mnt_id = dir.stx_mnt_id;
        own.stx_blksize = dir.stx_blksize;
        own.stx_nlink = 1;
        own.stx_uid = dir.stx_uid;
        own.stx_gid = dir.stx_gid;
        own.stx_mode = MODE as u16;
        own.stx_ino = link.inode;
        own.stx_size = length(link) as u64;
        own.stx_dev_major = dir.stx_dev_major;
        own.stx_dev_minor = dir.stx_dev_minor;
        for time in [
            &mut own.stx_atime,
            &mut own.stx_btime,
            &mut own.stx_ctime,
            &mut own.stx_mtime,
        ] {
            time.tv_sec = link.committed;
        }
        buf.write(own);
    }
    Ok(0)
}

/// Copies the link's text as readlink(2) does: cut at `size`, without a NUL.
///
/// # Safety
///
/// `buf` has room for `size` bytes.
pub unsafe fn readlink(link: &Link, buf: *mut c_char, size: usize) -> Result<isize, Errno> {
    if size as isize <= 0 {
        return Err(Errno::INVAL);
    }
    if !may_be_mapped(buf) {
        return Err(Errno::FAULT);
    }
    let length = length(link).min(size);
    // SAFETY: the text has that length, and the caller promises the room.
    unsafe { buf.copy_from_nonoverlapping(link.to.as_ptr(), length) };
    Ok(length as isize)
}

/// Copies the link's text for a fortified caller, and ends the process where libc would.
///
/// # Safety
///
/// `buf` has room for `room` bytes.
pub unsafe fn readlink_chk(
    link: &Link,
    buf: *mut c_char,
    size: usize,
    room: usize,
) -> Result<isize, Errno> {
    unsafe extern "C" {
        /// ABI: what fortified functions call in glibc when a buffer would overflow.
        fn __chk_fail() -> !;
    }
    if size > room {
        // SAFETY: it takes nothing and does not return.
        unsafe { __chk_fail() }
    }
    // SAFETY: the caller's promise.
    unsafe { readlink(link, buf, size) }
}

/// Answers access(2) with `AT_SYMLINK_NOFOLLOW`: a symlink's mode allows everything.
pub fn access(mode: c_int) -> Result<c_int, Errno> {
    let all = libc::R_OK | libc::W_OK | libc::X_OK;
    if mode & !all == 0 {
        Ok(0)
    } else {
        Err(Errno::INVAL)
    }
}

/// Makes a hard link of the link: a symlink with its text, which is all that a private link can share.
///
/// # Safety
///
/// `new` is a path as for [`crate::resolve::resolve`].
pub unsafe fn hard_link(link: &Link, dir: c_int, new: *const c_char) -> Result<c_int, Errno> {
    // SAFETY: the caller's promise for `new`; both names are C strings then.
    Ok(unsafe {
        call::operand(
            dir,
            new,
            Last::Entry,
            |_| Err(Errno::EXIST),
            |dir, new| {
                let made = readable::name(new)
                    .and_then(|new| rustix::fs::symlinkat(&*link.to, start_of(dir, new)?, new));
                match made {
                    Ok(()) => 0,
                    Err(errno) => fail(errno),
                }
            },
        )
    })
}

/// Refuses to rename something onto the link, unless it does not even exist.
///
/// # Safety
///
/// `old` is a path as for [`crate::resolve::resolve`].
pub unsafe fn rename_onto(dir: c_int, old: *const c_char, flags: c_uint) -> Result<c_int, Errno> {
    // SAFETY: the caller's promise.
    let entry = entry(unsafe { readable::name(old) }?);
    with_text(&[entry], |entry| {
        // SAFETY: a C string.
        unsafe { check_exists(dir, entry, AtFlags::SYMLINK_NOFOLLOW) }
    })?;
    let name = entry.rsplit(|&byte| byte == b'/').next();
    // Dots, and the root, are no entry of a directory that could be renamed.
    let is_no_entry = matches!(name, None | Some(b"" | b"." | b".."));
    Err(if flags & libc::RENAME_NOREPLACE == 0 || is_no_entry {
        Errno::BUSY
    } else {
        Errno::EXIST
    })
}

/// Returns a name as that of an entry: a slash behind it does not follow a symlink.
fn entry(path: &CStr) -> &[u8] {
    let path = path.to_bytes();
    match path.iter().rposition(|&byte| byte != b'/') {
        Some(last) => &path[..=last],
        None => &path[..path.len().min(1)],
    }
}

/// Refuses to make a hard link where the link is, unless what is to be linked does not even exist.
///
/// # Safety
///
/// `old` is null or a C string.
pub unsafe fn link_onto(dir: c_int, old: *const c_char, flags: c_int) -> Result<c_int, Errno> {
    let kept = if flags & libc::AT_SYMLINK_FOLLOW == 0 {
        AtFlags::SYMLINK_NOFOLLOW
    } else {
        AtFlags::empty()
    };
    let flags = AtFlags::from_bits_retain((flags & !libc::AT_SYMLINK_FOLLOW) as c_uint);
    // SAFETY: the caller's promise.
    unsafe { check_exists(dir, old, flags | kept) }?;
    Err(Errno::EXIST)
}

/// Refuses to make a symlink where the link is, unless its text is none.
///
/// # Safety
///
/// `text` is a path as for [`crate::resolve::resolve`].
pub unsafe fn symlink_onto(text: *const c_char) -> Result<c_int, Errno> {
    // SAFETY: the caller's promise.
    let text = unsafe { readable::name(text) }?;
    Err(if text.is_empty() {
        Errno::NOENT
    } else {
        Errno::EXIST
    })
}

unsafe fn check_exists(dir: c_int, path: *const c_char, flags: AtFlags) -> Result<(), Errno> {
    // SAFETY: the caller's promise.
    unsafe {
        let path = readable::name(path)?;
        rustix::fs::statat(start_of(dir, path)?, path, flags)?;
    }
    Ok(())
}

fn length(link: &Link) -> usize {
    link.to.count_bytes()
}
