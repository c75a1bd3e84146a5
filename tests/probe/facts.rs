//! What a file is, without what differs from tree to tree.

use std::ffi::c_int;
use std::path::Path;

use rustix::fd::{BorrowedFd, FromRawFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType};

use crate::play::World;
use crate::seen::text;

/// What an open descriptor is, which is closed then.
pub fn descriptor(world: &World, number: c_int) -> String {
    // SAFETY: the call gave it to us.
    let fd = unsafe { OwnedFd::from_raw_fd(number) };
    let path = rustix::fs::readlink(format!("/proc/self/fd/{number}"), []).expect("procfs tells");
    // A file without a name has its inode's number there.
    let path = text(path.to_bytes());
    let path = path.split_once("/#").map_or(&*path, |(dir, _)| dir);
    let flags = rustix::fs::fcntl_getfl(&fd).expect("it is open");
    let closes = rustix::io::fcntl_getfd(&fd).expect("it is open");
    let mut seen = format!(
        "{path} flags {:x} {closes:?} {}",
        flags.bits(),
        stat(world, &of(&fd)),
    );
    let mut content = [0; 64];
    if let Ok(length) = rustix::io::pread(&fd, &mut content, 0) {
        seen += &format!(" {:?}", text(&content[..length]));
    }
    seen
}

/// What an open descriptor is; of one on a symlink, which may be another's with the same text, that and no more.
pub fn itself(world: &World, number: c_int) -> String {
    // SAFETY: the call gave it to us, and `descriptor` closes it, or this does.
    let fd = unsafe { BorrowedFd::borrow_raw(number) };
    let stat = rustix::fs::fstat(fd).expect("it is open");
    if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
        return descriptor(world, number);
    }
    let said = rustix::fs::readlinkat(fd, "", []).expect("a symlink has a text");
    let flags = rustix::fs::fcntl_getfl(fd).expect("it is open");
    let closes = rustix::io::fcntl_getfd(fd).expect("it is open");
    // SAFETY: the call gave it to us.
    drop(unsafe { OwnedFd::from_raw_fd(number) });
    let (mode, size) = (stat.st_mode, stat.st_size);
    format!(
        "{} {mode:o} size {size} flags {:x} {closes:?}",
        text(said.to_bytes()),
        flags.bits()
    )
}

fn of(fd: &OwnedFd) -> libc::stat64 {
    // SAFETY: all zeroes is a valid stat.
    let mut it: libc::stat64 = unsafe { std::mem::zeroed() };
    let stat = rustix::fs::fstat(fd).expect("it is open");
    it.st_dev = stat.st_dev;
    it.st_ino = stat.st_ino;
    it.st_mode = stat.st_mode;
    it.st_nlink = stat.st_nlink;
    it.st_size = stat.st_size;
    it.st_uid = stat.st_uid;
    it.st_gid = stat.st_gid;
    it.st_rdev = stat.st_rdev;
    it.st_blksize = stat.st_blksize;
    it
}

/// What stat(2) says.
pub fn stat(world: &World, it: &libc::stat64) -> String {
    let own = rustix::fs::stat(&world.root).expect("the root is there");
    fact(
        world,
        it.st_mode,
        (it.st_dev, it.st_ino),
        [it.st_nlink, it.st_size as u64, it.st_blksize as u64],
        [it.st_uid, it.st_gid],
        (it.st_dev == own.st_dev, it.st_rdev),
    )
}

/// What statx(2) says.
pub fn statx(world: &World, it: &libc::statx) -> String {
    let own = rustix::fs::stat(&world.root).expect("the root is there");
    let device = rustix::fs::makedev(it.stx_dev_major, it.stx_dev_minor);
    let facts = fact(
        world,
        u32::from(it.stx_mode),
        (device, it.stx_ino),
        [
            u64::from(it.stx_nlink),
            it.stx_size,
            u64::from(it.stx_blksize),
        ],
        [it.stx_uid, it.stx_gid],
        (
            device == own.st_dev,
            rustix::fs::makedev(it.stx_rdev_major, it.stx_rdev_minor),
        ),
    );
    format!("{facts} mask {:x}", it.stx_mask & libc::STATX_BASIC_STATS)
}

fn fact(
    world: &World,
    mode: u32,
    identity: (u64, u64),
    [links, size, block]: [u64; 3],
    [user, group]: [u32; 2],
    (is_here, device): (bool, u64),
) -> String {
    let kind = FileType::from_raw_mode(mode);
    let name = world.name_of(identity, kind == FileType::Symlink);
    let here = if is_here { "" } else { " on another device" };
    let mut seen = format!("{name} {mode:o}{here} of {user}:{group} block {block}");
    if kind != FileType::Directory {
        seen += &format!(" links {links} size {size} device {device}");
    }
    seen
}

/// What is at a path, by raw system calls.
pub fn opened(world: &World, path: &str) -> String {
    match rustix::fs::statat(CWD, Path::new(path), AtFlags::empty()) {
        Ok(it) => format!(" {}", world.name_of((it.st_dev, it.st_ino), false)),
        Err(errno) => format!(" {errno}"),
    }
}
