//! The table: every libc symbol that is hooked, once, as its C prototype, under the shape of its operands.
//!
//! Names between `|` are one function in libc: 64-bit twins, fortified forms and old aliases.

#![allow(clippy::too_many_arguments, reason = "the prototypes are libc's")]

use std::ffi::{c_char, c_int, c_long, c_uint, c_ulong, c_void};

use libc::{
    DIR, FILE, dev_t, dirent64 as Dirent, file_handle, gid_t, mmsghdr, mode_t, msghdr, off64_t,
    posix_spawn_file_actions_t as FileActions, posix_spawnattr_t as Attributes, sem_t, size_t,
    sockaddr, socklen_t, ssize_t, stat64 as Stat, statfs64 as Statfs, statvfs64 as Statvfs,
    statx as Statx, timespec, timeval, uid_t, utimbuf,
};
use psl_table::walk::Last::{Entry, Kept};
use rustix::io::Errno;

use self::confined::OpenHow;
use crate::call::Code;
use crate::expand::{action, around, declared, hook, hooks, operands, row};
use crate::hooks::hierarchy::entry::Entry as HierarchyEntry;
use crate::hooks::hierarchy::stream::Fts;
use crate::hooks::patterns::{Matches, OnError};
use crate::hooks::scan::{Compare, Filter};
use crate::hooks::tree_walk::{FtwFunction, NftwFunction};
use crate::hooks::words::Words;
use crate::link_itself::{self, fopen_flags, kept_by_open, kept_if};

mod address;
mod confined;
pub mod dl;
pub mod exec;
mod execl;
mod file_actions;
mod filter;
mod hierarchy;
mod inner;
mod listing;
mod memory;
mod mounts;
mod patterns;
mod physical;
mod prepared;
pub mod prototypes;
pub mod raw;
mod records;
mod root;
mod scan;
mod semaphore;
mod shell;
mod spawn;
mod stored;
mod stream;
mod temp;
mod tree_walk;
mod watch;
mod words;

/// Flags of mount calls that the libc crate does not know: linux/mount.h.
const MOVE_MOUNT_F_SYMLINKS: c_int = 0x1;
const MOVE_MOUNT_T_SYMLINKS: c_int = 0x10;
const FSPICK_SYMLINK_NOFOLLOW: c_int = 0x2;

hooks! {
    // A descriptor or a stream: followed unless the flags say otherwise.

    fn open | open64 | __open | __open64 (path: *const c_char, flags: c_int, mode: mode_t) -> c_int,
        { path: kept_by_open(path, flags), |it| link_itself::open(it, path, flags) };
    fn __open_2 | __open64_2 (path: *const c_char, flags: c_int) -> c_int,
        { path: kept_by_open(path, flags), |it| link_itself::open(it, path, flags) };
    fn openat | openat64 (dir: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int,
        { dir/path: kept_by_open(path, flags), |it| link_itself::open(it, path, flags) };
    fn __openat_2 | __openat64_2 (dir: c_int, path: *const c_char, flags: c_int) -> c_int,
        { dir/path: kept_by_open(path, flags), |it| link_itself::open(it, path, flags) };
    fn openat2(dir: c_int, path: *const c_char, how: *const OpenHow, size: size_t) -> c_int, { => confined::openat2 };
    fn creat | creat64 (path: *const c_char, mode: mode_t) -> c_int,
        { path: kept_by_open(path, libc::O_CREAT), |_| link_itself::refuse(path, libc::O_CREAT) };
    fn fopen | fopen64 | _IO_fopen (path: *const c_char, mode: *const c_char) -> *mut FILE,
        { path: kept_by_open(path, fopen_flags(mode)), |_| link_itself::refuse(path, fopen_flags(mode)) };
    fn freopen | freopen64 (path: *const c_char, mode: *const c_char, stream: *mut FILE) -> *mut FILE,
        { => physical::freopen };
    fn setmntent | __setmntent (path: *const c_char, mode: *const c_char) -> *mut FILE, { path };
    fn catopen(name: *const c_char, flag: c_int) -> *mut c_void, { => physical::catopen };
    fn name_to_handle_at(dir: c_int, path: *const c_char, handle: *mut file_handle, mount: *mut c_int, flags: c_int) -> c_int,
        { dir/path: kept_if(!flags & libc::AT_SYMLINK_FOLLOW), |_| Err(Errno::OPNOTSUPP) };

    // The entries of a directory, links among them.

    fn opendir(path: *const c_char) -> *mut DIR, { => listing::opendir };
    fn fdopendir(fd: c_int) -> *mut DIR, { => listing::fdopendir };
    fn closedir(stream: *mut DIR) -> c_int, { => listing::closedir };
    fn readdir | readdir64 (stream: *mut DIR) -> *mut Dirent, { => listing::readdir };
    fn readdir_r | readdir64_r (stream: *mut DIR, entry: *mut Dirent, result: *mut *mut Dirent) -> Code,
        { => listing::readdir_r };
    fn rewinddir(stream: *mut DIR) -> (), { => listing::rewinddir };
    fn seekdir(stream: *mut DIR, to: c_long) -> (), { => listing::seekdir };
    fn telldir(stream: *mut DIR) -> c_long, { => listing::telldir };
    fn scandir | scandir64 (path: *const c_char, result: *mut *mut *mut Dirent, filter: Filter, compare: Compare) -> c_int,
        { => scan::scandir };
    fn scandirat | scandirat64 (dir: c_int, path: *const c_char, result: *mut *mut *mut Dirent, filter: Filter, compare: Compare) -> c_int,
        { => scan::scandirat };
    fn getdents64(fd: c_int, batch: *mut c_void, size: size_t) -> ssize_t, { => records::getdents64 };
    fn getdirentries | getdirentries64 (fd: c_int, batch: *mut c_char, size: size_t, base: *mut off64_t) -> ssize_t,
        { => records::getdirentries };

    // Trees, and the names that match a pattern.

    fn ftw | ftw64 (path: *const c_char, function: FtwFunction, descriptors: c_int) -> c_int, { => tree_walk::ftw };
    fn nftw | nftw64 (path: *const c_char, function: NftwFunction, descriptors: c_int, flags: c_int) -> c_int,
        { => tree_walk::nftw };
    fn fts_open | fts64_open (paths: *const *const c_char, options: c_int, compare: Compare) -> *mut Fts,
        { => hierarchy::open };
    fn fts_read | fts64_read (stream: *mut Fts) -> *mut HierarchyEntry, { => hierarchy::read };
    fn fts_children | fts64_children (stream: *mut Fts, option: c_int) -> *mut HierarchyEntry, { => hierarchy::children };
    fn fts_close | fts64_close (stream: *mut Fts) -> c_int, { => hierarchy::close };
    fn glob | glob64 (pattern: *const c_char, flags: c_int, on_error: OnError, matches: *mut Matches) -> c_int,
        { => patterns::glob };
    fn wordexp(text: *const c_char, words: *mut Words, flags: c_int) -> c_int, { => words::wordexp };

    // What a file is: the target's, or the link's own.

    fn stat | stat64 (path: *const c_char, buf: *mut Stat) -> c_int, { path };
    fn __xstat | __xstat64 (version: c_int, path: *const c_char, buf: *mut Stat) -> c_int, { path };
    fn lstat | lstat64 (path: *const c_char, buf: *mut Stat) -> c_int,
        { path: Kept, |it| link_itself::stat(it, buf) };
    fn __lxstat | __lxstat64 (version: c_int, path: *const c_char, buf: *mut Stat) -> c_int,
        { path: Kept, |it| link_itself::stat(it, buf) };
    fn fstatat | fstatat64 (dir: c_int, path: *const c_char, buf: *mut Stat, flags: c_int) -> c_int,
        { dir/path: kept_if(flags & libc::AT_SYMLINK_NOFOLLOW), |it| link_itself::stat(it, buf) };
    fn __fxstatat | __fxstatat64 (version: c_int, dir: c_int, path: *const c_char, buf: *mut Stat, flags: c_int) -> c_int,
        { dir/path: kept_if(flags & libc::AT_SYMLINK_NOFOLLOW), |it| link_itself::stat(it, buf) };
    fn statx(dir: c_int, path: *const c_char, flags: c_int, mask: c_uint, buf: *mut Statx) -> c_int,
        { dir/path: kept_if(flags & libc::AT_SYMLINK_NOFOLLOW), |it| link_itself::statx(it, flags, mask, buf) };
    fn access(path: *const c_char, mode: c_int) -> c_int, { path };
    fn eaccess | euidaccess (path: *const c_char, mode: c_int) -> c_int, { path };
    fn faccessat(dir: c_int, path: *const c_char, mode: c_int, flags: c_int) -> c_int,
        { dir/path: kept_if(flags & libc::AT_SYMLINK_NOFOLLOW), |_| link_itself::access(mode) };
    fn statfs | statfs64 | __statfs (path: *const c_char, buf: *mut Statfs) -> c_int, { path };
    fn statvfs | statvfs64 (path: *const c_char, buf: *mut Statvfs) -> c_int, { path };
    fn pathconf(path: *const c_char, name: c_int) -> c_long, { path };

    // Changing what a file is. The link itself is changed through the table only.

    fn chmod(path: *const c_char, mode: mode_t) -> c_int, { closes; path };
    fn lchmod(path: *const c_char, mode: mode_t) -> c_int, { path: Kept, |_| Err(Errno::OPNOTSUPP) };
    fn fchmodat(dir: c_int, path: *const c_char, mode: mode_t, flags: c_int) -> c_int,
        { closes; dir/path: kept_if(flags & libc::AT_SYMLINK_NOFOLLOW), |_| Err(Errno::OPNOTSUPP) };
    fn chown(path: *const c_char, owner: uid_t, group: gid_t) -> c_int, { path };
    fn lchown(path: *const c_char, owner: uid_t, group: gid_t) -> c_int, { path: Kept, |_| Err(Errno::PERM) };
    fn fchownat(dir: c_int, path: *const c_char, owner: uid_t, group: gid_t, flags: c_int) -> c_int,
        { dir/path: kept_if(flags & libc::AT_SYMLINK_NOFOLLOW), |_| Err(Errno::PERM) };
    fn truncate | truncate64 (path: *const c_char, length: off64_t) -> c_int, { path };
    fn utime(path: *const c_char, times: *const utimbuf) -> c_int, { path };
    fn utimes(path: *const c_char, times: *const timeval) -> c_int, { path };
    fn lutimes(path: *const c_char, times: *const timeval) -> c_int, { path: Kept, |_| Err(Errno::PERM) };
    fn futimesat(dir: c_int, path: *const c_char, times: *const timeval) -> c_int, { dir/path };
    fn utimensat(dir: c_int, path: *const c_char, times: *const timespec, flags: c_int) -> c_int,
        { dir/path: kept_if(flags & libc::AT_SYMLINK_NOFOLLOW), |_| Err(Errno::PERM) };

    // Extended attributes: a symlink has none for users.

    fn setxattr(path: *const c_char, name: *const c_char, value: *const c_void, size: size_t, flags: c_int) -> c_int, { path };
    fn getxattr(path: *const c_char, name: *const c_char, value: *mut c_void, size: size_t) -> ssize_t, { path };
    fn listxattr(path: *const c_char, list: *mut c_char, size: size_t) -> ssize_t, { path };
    fn removexattr(path: *const c_char, name: *const c_char) -> c_int, { path };
    fn lsetxattr(path: *const c_char, name: *const c_char, value: *const c_void, size: size_t, flags: c_int) -> c_int,
        { path: Kept, |_| Err(Errno::PERM) };
    fn lgetxattr(path: *const c_char, name: *const c_char, value: *mut c_void, size: size_t) -> ssize_t,
        { path: Kept, |_| Err(Errno::NODATA) };
    fn llistxattr(path: *const c_char, list: *mut c_char, size: size_t) -> ssize_t, { path: Kept, |_| Ok(0) };
    fn lremovexattr(path: *const c_char, name: *const c_char) -> c_int, { path: Kept, |_| Err(Errno::PERM) };

    // Symlinks.

    fn readlink(path: *const c_char, buf: *mut c_char, size: size_t) -> ssize_t,
        { path: Kept, |it| link_itself::readlink(it, buf, size) };
    fn readlinkat(dir: c_int, path: *const c_char, buf: *mut c_char, size: size_t) -> ssize_t,
        { dir/path: Kept, |it| link_itself::readlink(it, buf, size) };
    fn __readlink_chk(path: *const c_char, buf: *mut c_char, size: size_t, room: size_t) -> ssize_t,
        { path: Kept, |it| link_itself::readlink_chk(it, buf, size, room) };
    fn __readlinkat_chk(dir: c_int, path: *const c_char, buf: *mut c_char, size: size_t, room: size_t) -> ssize_t,
        { dir/path: Kept, |it| link_itself::readlink_chk(it, buf, size, room) };
    fn realpath(path: *const c_char, resolved: *mut c_char) -> *mut c_char, { path };
    fn __realpath_chk(path: *const c_char, resolved: *mut c_char, room: size_t) -> *mut c_char, { path };
    fn canonicalize_file_name(path: *const c_char) -> *mut c_char, { path };

    // Entries of a directory: a symlink in the last component is never followed. One that is there is in the
    // way of a new one, and goes through the table only, like a mount point.

    fn link(old: *const c_char, new: *const c_char) -> c_int,
        { changes; old: Kept, |it| link_itself::hard_link(it, libc::AT_FDCWD, new);
          new: Entry, |_| link_itself::link_onto(libc::AT_FDCWD, old, 0) };
    fn linkat(olddir: c_int, old: *const c_char, newdir: c_int, new: *const c_char, flags: c_int) -> c_int,
        { changes; olddir/old: kept_if(!flags & libc::AT_SYMLINK_FOLLOW), |it| link_itself::hard_link(it, newdir, new);
          newdir/new: Entry, |_| link_itself::link_onto(olddir, old, flags) };
    fn symlink(text: *const c_char, path: *const c_char) -> c_int, { changes; path: Entry, |_| link_itself::symlink_onto(text) };
    fn symlinkat(text: *const c_char, dir: c_int, path: *const c_char) -> c_int,
        { changes; dir/path: Entry, |_| link_itself::symlink_onto(text) };
    fn mkdir(path: *const c_char, mode: mode_t) -> c_int, { path: Entry, |_| Err(Errno::EXIST) };
    fn mkdirat(dir: c_int, path: *const c_char, mode: mode_t) -> c_int, { dir/path: Entry, |_| Err(Errno::EXIST) };
    fn mknod(path: *const c_char, mode: mode_t, device: dev_t) -> c_int, { path: Entry, |_| Err(Errno::EXIST) };
    fn mknodat(dir: c_int, path: *const c_char, mode: mode_t, device: dev_t) -> c_int,
        { dir/path: Entry, |_| Err(Errno::EXIST) };
    fn __xmknod(version: c_int, path: *const c_char, mode: mode_t, device: *mut dev_t) -> c_int,
        { path: Entry, |_| Err(Errno::EXIST) };
    fn __xmknodat(version: c_int, dir: c_int, path: *const c_char, mode: mode_t, device: *mut dev_t) -> c_int,
        { dir/path: Entry, |_| Err(Errno::EXIST) };
    fn mkfifo(path: *const c_char, mode: mode_t) -> c_int, { path: Entry, |_| Err(Errno::EXIST) };
    fn mkfifoat(dir: c_int, path: *const c_char, mode: mode_t) -> c_int, { dir/path: Entry, |_| Err(Errno::EXIST) };
    fn unlink(path: *const c_char) -> c_int, { path: Entry, |_| Err(Errno::BUSY) };
    fn unlinkat(dir: c_int, path: *const c_char, flags: c_int) -> c_int,
        { closes; dir/path: Entry, |_| Err(Errno::BUSY) };
    fn remove(path: *const c_char) -> c_int, { closes; path: Entry, |_| Err(Errno::BUSY) };
    fn rmdir(path: *const c_char) -> c_int, { closes; path: Entry, |_| Err(Errno::BUSY) };
    fn rename(old: *const c_char, new: *const c_char) -> c_int,
        { changes; old: Entry, |_| Err(Errno::BUSY); new: Entry, |_| link_itself::rename_onto(libc::AT_FDCWD, old, 0) };
    fn renameat(olddir: c_int, old: *const c_char, newdir: c_int, new: *const c_char) -> c_int,
        { changes; olddir/old: Entry, |_| Err(Errno::BUSY); newdir/new: Entry, |_| link_itself::rename_onto(olddir, old, 0) };
    fn renameat2(olddir: c_int, old: *const c_char, newdir: c_int, new: *const c_char, flags: c_uint) -> c_int,
        { changes; olddir/old: Entry, |_| Err(Errno::BUSY); newdir/new: Entry, |_| link_itself::rename_onto(olddir, old, flags) };

    // The working directory, the root, and filters of system calls.

    fn chdir(path: *const c_char) -> c_int, { => root::chdir };
    fn fchdir(fd: c_int) -> c_int, { => root::fchdir };
    fn chroot(path: *const c_char) -> c_int, { => root::chroot };
    fn setns(fd: c_int, kinds: c_int) -> c_int, { => root::setns };
    fn prctl(option: c_int, a: c_ulong, b: c_ulong, c: c_ulong, d: c_ulong) -> c_int, { => filter::prctl };
    fn unshare(kinds: c_int) -> c_int, { => root::unshare };
    fn get_current_dir_name() -> *mut c_char, { => physical::get_current_dir_name };

    // Programs. `execl`, `execle` and `execlp` take any number of arguments and stand in `execl`; `dlopen` and
    // `dlmopen` look at who calls them and stand in `dl`.

    fn execve(path: *const c_char, argv: *const *const c_char, envp: *const *const c_char) -> c_int, { => exec::execve };
    fn execv(path: *const c_char, argv: *const *const c_char) -> c_int, { => exec::execv };
    fn execvp(file: *const c_char, argv: *const *const c_char) -> c_int, { => exec::execvp };
    fn execvpe(file: *const c_char, argv: *const *const c_char, envp: *const *const c_char) -> c_int,
        { => exec::execvpe };
    fn execveat(dir: c_int, path: *const c_char, argv: *const *const c_char, envp: *const *const c_char, flags: c_int) -> c_int,
        { => exec::execveat };
    fn fexecve(fd: c_int, argv: *const *const c_char, envp: *const *const c_char) -> c_int, { => exec::fexecve };
    fn posix_spawn(pid: *mut c_int, path: *const c_char, actions: *const FileActions, attributes: *const Attributes, argv: *const *const c_char, envp: *const *const c_char) -> Code,
        { => spawn::by_path };
    fn posix_spawnp(pid: *mut c_int, file: *const c_char, actions: *const FileActions, attributes: *const Attributes, argv: *const *const c_char, envp: *const *const c_char) -> Code,
        { => spawn::posix_spawnp };
    fn pidfd_spawn(pidfd: *mut c_int, path: *const c_char, actions: *const FileActions, attributes: *const Attributes, argv: *const *const c_char, envp: *const *const c_char) -> Code,
        { => spawn::by_path };
    fn pidfd_spawnp(pidfd: *mut c_int, file: *const c_char, actions: *const FileActions, attributes: *const Attributes, argv: *const *const c_char, envp: *const *const c_char) -> Code,
        { => spawn::pidfd_spawnp };

    // Shells.

    fn system(command: *const c_char) -> c_int, { => shell::system };
    fn popen | _IO_popen (command: *const c_char, mode: *const c_char) -> *mut FILE, { => shell::popen };
    fn _IO_proc_open(stream: *mut FILE, command: *const c_char, mode: *const c_char) -> *mut FILE,
        { => shell::proc_open };

    // Names that libc makes up.

    fn mkstemp | mkstemp64 (template: *mut c_char) -> c_int, { => temp::mkstemp };
    fn mkostemp | mkostemp64 (template: *mut c_char, flags: c_int) -> c_int, { => temp::mkostemp };
    fn mkstemps | mkstemps64 (template: *mut c_char, suffix: c_int) -> c_int, { => temp::mkstemps };
    fn mkostemps | mkostemps64 (template: *mut c_char, suffix: c_int, flags: c_int) -> c_int, { => temp::mkostemps };
    fn mkdtemp(template: *mut c_char) -> *mut c_char, { => temp::mkdtemp };
    fn mktemp(template: *mut c_char) -> *mut c_char, { => temp::mktemp };
    fn tempnam(dir: *const c_char, prefix: *const c_char) -> *mut c_char, { => temp::tempnam };

    // Names that are watched, or that something is made of.

    fn inotify_add_watch(fd: c_int, path: *const c_char, mask: u32) -> c_int,
        { => watch::inotify_add_watch };
    fn fanotify_mark(fd: c_int, flags: c_uint, mask: u64, dir: c_int, path: *const c_char) -> c_int,
        { dir/path: kept_if((flags & libc::FAN_MARK_DONT_FOLLOW) as c_int), |_| Err(Errno::NOENT) };
    fn ftok(path: *const c_char, project: c_int) -> c_int, { path };
    fn bindtextdomain(domain: *const c_char, dir: *const c_char) -> *mut c_char, { => stored::bindtextdomain };
    fn utmpname | utmpxname (path: *const c_char) -> c_int, { => stored::utmpname };
    fn updwtmp(path: *const c_char, entry: *const c_void) -> (), { path };
    fn updwtmpx(path: *const c_char, entry: *const c_void) -> (), { path };

    // Files below /dev/shm that libc names itself. What comes after the flags counts with `O_CREAT`.

    fn shm_open(name: *const c_char, flags: c_int, mode: mode_t) -> c_int, { => memory::shm_open };
    fn shm_unlink(name: *const c_char) -> c_int, { => memory::shm_unlink };
    fn sem_open(name: *const c_char, flags: c_int, mode: mode_t, value: c_uint) -> *mut sem_t, { => memory::sem_open };
    fn sem_unlink(name: *const c_char) -> c_int, { => memory::sem_unlink };
    fn sem_close(semaphore: *mut sem_t) -> c_int, { => memory::sem_close };

    // Addresses of local sockets: those that are given, then those that are told.

    fn bind(fd: c_int, address: *const sockaddr, length: socklen_t) -> c_int, { => address::given::bind };
    fn connect | __connect (fd: c_int, address: *const sockaddr, length: socklen_t) -> c_int,
        { => address::given::connect };
    fn sendto(fd: c_int, data: *const c_void, size: size_t, flags: c_int, address: *const sockaddr, length: socklen_t) -> ssize_t,
        { => address::given::sendto };
    fn sendmsg(fd: c_int, message: *const msghdr, flags: c_int) -> ssize_t, { => address::given::sendmsg };
    fn sendmmsg | __sendmmsg (fd: c_int, messages: *mut mmsghdr, count: c_uint, flags: c_int) -> c_int,
        { => address::given::sendmmsg };
    fn getsockname(fd: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int, { => address::told::name };
    fn getpeername(fd: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int, { => address::told::name };
    fn accept(fd: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int, { => address::told::accept };
    fn accept4(fd: c_int, address: *mut sockaddr, length: *mut socklen_t, flags: c_int) -> c_int,
        { => address::told::accept4 };
    fn recvfrom(fd: c_int, data: *mut c_void, size: size_t, flags: c_int, address: *mut sockaddr, length: *mut socklen_t) -> ssize_t,
        { => address::told::recvfrom };
    fn __recvfrom_chk(fd: c_int, data: *mut c_void, size: size_t, room: size_t, flags: c_int, address: *mut sockaddr, length: *mut socklen_t) -> ssize_t,
        { => address::told::recvfrom_chk };
    fn recvmsg(fd: c_int, message: *mut msghdr, flags: c_int) -> ssize_t, { => address::told::recvmsg };
    fn recvmmsg(fd: c_int, messages: *mut mmsghdr, count: c_uint, flags: c_int, timeout: *mut timespec) -> c_int,
        { => address::told::recvmmsg };

    // Mounts. What is mounted may be a name or a word of the file system's.

    fn mount(source: *const c_char, target: *const c_char, kind: *const c_char, flags: c_ulong, data: *const c_void) -> c_int,
        { => mounts::mount };
    fn umount(path: *const c_char) -> c_int, { changes; path };
    fn umount2(path: *const c_char, flags: c_int) -> c_int,
        { changes; path: kept_if(flags & libc::UMOUNT_NOFOLLOW), |_| Err(Errno::INVAL) };
    fn pivot_root(root: *const c_char, old: *const c_char) -> c_int, { => root::pivot_root };
    fn swapon(path: *const c_char, flags: c_int) -> c_int, { path };
    fn swapoff(path: *const c_char) -> c_int, { path };
    fn acct(path: *const c_char) -> c_int, { path };
    fn quotactl(command: c_int, special: *const c_char, id: c_int, address: *mut c_char) -> c_int,
        { => mounts::quotactl };
    fn open_tree(dir: c_int, path: *const c_char, flags: c_uint) -> c_int,
        { dir/path: kept_if(flags as c_int & libc::AT_SYMLINK_NOFOLLOW), |_| Err(Errno::LOOP) };
    fn move_mount(from: c_int, source: *const c_char, to: c_int, target: *const c_char, flags: c_uint) -> c_int,
        { changes; from/source: kept_if(!flags as c_int & MOVE_MOUNT_F_SYMLINKS), |_| Err(Errno::INVAL);
          to/target: kept_if(!flags as c_int & MOVE_MOUNT_T_SYMLINKS), |_| Err(Errno::INVAL) };
    fn fspick(dir: c_int, path: *const c_char, flags: c_uint) -> c_int,
        { dir/path: kept_if(flags as c_int & FSPICK_SYMLINK_NOFOLLOW), |_| Err(Errno::INVAL) };
    fn fsconfig(fd: c_int, command: c_uint, key: *const c_char, value: *const c_void, dir: c_int) -> c_int,
        { => mounts::fsconfig };
    fn mount_setattr(dir: c_int, path: *const c_char, flags: c_uint, attributes: *mut c_void, size: size_t) -> c_int,
        { changes; dir/path: kept_if(flags as c_int & libc::AT_SYMLINK_NOFOLLOW), |_| Err(Errno::INVAL) };
}
