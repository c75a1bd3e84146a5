//! What a call's result shows.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::Path;
use std::ptr::with_exposed_provenance_mut;

use rustix::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType};

use crate::call::{Prepared, Returned, symbol};
use crate::listing;
use crate::made_up;
use crate::play::World;
use crate::records::{self, Kind};

/// What a call returned, and what that shows.
pub struct Shown {
    /// The value and errno.
    pub result: String,
    /// What it is.
    pub seen: String,
    /// How often memory was allocated.
    pub allocations: u64,
}

/// Makes a call and says what it returned and what that shows.
pub fn called(world: &World, shows: &str, prepared: &Prepared, function: *mut c_void) -> Shown {
    let (what, argument) = shows.split_once(' ').unwrap_or((shows, ""));
    let argument: usize = argument.parse().unwrap_or_default();
    if let "program" | "root" | "spawned" = what {
        return in_child(|| {
            let returned = prepared.call(function);
            let code = returned.value as c_int;
            let (errno, seen) = match what {
                "root" => (
                    returned.errno_name(),
                    text(&working_directory()) + &opened(world, "/"),
                ),
                // The error is returned; errno may be anything.
                "spawned" => (
                    "".into(),
                    if code == 0 {
                        ended(shows, prepared)
                    } else {
                        "".into()
                    },
                ),
                _ => (returned.errno_name(), String::new()),
            };
            format!("{code} {errno} -> {seen}")
        });
    }
    if let "records" | "old-records" = what {
        let kind = if what == "records" {
            Kind::Typed
        } else {
            Kind::Old
        };
        let (returned, seen) = records::shown(world, kind, argument, prepared, function);
        return Shown {
            result: format!("{} {}", returned.value, returned.errno_name()),
            seen,
            allocations: returned.allocated,
        };
    }
    let next = next_descriptor();
    let returned = prepared.call(function);
    let number = returned.value as c_int;
    let pointer = if returned.value == 0 {
        "null"
    } else {
        "pointer"
    };
    let (value, seen) = match what {
        "number" => (number.to_string(), String::new()),
        "long" => (returned.value.to_string(), String::new()),
        "descriptor" if number >= 0 => ("descriptor".into(), descriptor(world, number)),
        "descriptor" => (number.to_string(), String::new()),
        "directory" => {
            let seen = text(&working_directory());
            (number.to_string(), seen)
        }
        "bytes" => (
            returned.value.to_string(),
            bytes(returned, prepared, argument),
        ),
        "stat" | "statx" | "statfs" | "statvfs" if number != 0 => {
            let untouched = prepared.words[argument] < 4096
                || prepared.bytes(argument).iter().all(|&byte| byte == 0);
            let seen = if untouched { "" } else { "written to" };
            (number.to_string(), seen.into())
        }
        "stat" => (number.to_string(), stat(world, &prepared.filled(argument))),
        "statx" => (number.to_string(), statx(world, &prepared.filled(argument))),
        "statfs" => {
            let it: libc::statfs64 = prepared.filled(argument);
            let seen = format!("type {:x} names {}", it.f_type, it.f_namelen);
            (number.to_string(), seen)
        }
        "statvfs" => {
            let it: libc::statvfs64 = prepared.filled(argument);
            let seen = format!("flags {:x} names {}", it.f_flag, it.f_namemax);
            (number.to_string(), seen)
        }
        "string" => (pointer.into(), string(returned, prepared)),
        "stream" => (pointer.into(), stream(world, returned.value)),
        "listing" => (
            pointer.into(),
            listing::stream(world, returned.value, argument),
        ),
        "positions" => (pointer.into(), listing::positions(returned.value)),
        "entries" if number < 0 => (number.to_string(), String::new()),
        "entries" => (
            number.to_string(),
            listing::entries(number, prepared.filled(argument)),
        ),
        "nothing" => ("nothing".into(), String::new()),
        // The number is made of the file's inode.
        "key" if number == -1 => ("-1".into(), String::new()),
        "key" => ("key".into(), format!("{:x}", number as u32 >> 24)),
        // The loader tells in words of its own what is wrong.
        "library" => (pointer.into(), library(world, returned.value)),
        "made" => made_up::shown(shows, returned.value, prepared),
        "catalog" => {
            let seen = catalog(returned.value);
            let value = if returned.value == -1 {
                "-1"
            } else {
                "catalog"
            };
            (value.into(), seen)
        }
        _ => panic!("nothing is known to show {shows}"),
    };
    let leaked = if next_descriptor() == next {
        ""
    } else {
        " and leaves a descriptor open"
    };
    let result = match shows {
        // Nobody is told whether it failed, or it tried several names until one did not.
        "nothing" | "made up string" | "library" => value,
        _ => format!("{value} {}", returned.errno_name()),
    };
    Shown {
        result,
        seen: seen + leaked,
        allocations: match shows {
            // These are there to allocate.
            "library" | "made up string" => 0,
            _ => returned.allocated,
        },
    }
}

/// The number that the next descriptor will have.
fn next_descriptor() -> c_int {
    let lowest = rustix::io::dup(rustix::stdio::stdin()).expect("descriptors are left");
    lowest.as_raw_fd()
}

/// Bytes as text, whatever they are.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The working directory's physical path.
fn working_directory() -> Vec<u8> {
    let path = rustix::process::getcwd([]);
    path.map_or_else(|errno| errno.to_string().into(), |path| path.into_bytes())
}

/// What an open descriptor is, which is closed then.
fn descriptor(world: &World, number: c_int) -> String {
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

fn stat(world: &World, it: &libc::stat64) -> String {
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

fn statx(world: &World, it: &libc::statx) -> String {
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

/// What stat(2) says, without what differs from tree to tree.
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

fn bytes(returned: Returned, prepared: &Prepared, argument: usize) -> String {
    let Ok(length) = usize::try_from(returned.value) else {
        return String::new();
    };
    let (filled, rest) = prepared.bytes(argument).split_at(length);
    let beyond = if rest.iter().all(|&byte| byte == 0) {
        ""
    } else {
        " and more behind it"
    };
    text(filled) + beyond
}

/// A string that the caller has to free, or one in a buffer of its own.
fn string(returned: Returned, prepared: &Prepared) -> String {
    if returned.value == 0 {
        return String::new();
    }
    let pointer: *mut c_char = with_exposed_provenance_mut(returned.value as usize);
    // SAFETY: the call returned a C string.
    let seen = text(unsafe { CStr::from_ptr(pointer) }.to_bytes());
    if prepared.words.contains(&pointer.addr()) {
        return seen + " in the given buffer";
    }
    // SAFETY: a string that is not in the caller's memory was allocated for the caller.
    unsafe { libc::free(pointer.cast()) };
    seen
}

fn stream(world: &World, value: isize) -> String {
    if value == 0 {
        return String::new();
    }
    let stream: *mut libc::FILE = with_exposed_provenance_mut(value as usize);
    // SAFETY: the call returned an open stream.
    let fd = unsafe { BorrowedFd::borrow_raw(libc::fileno(stream)) };
    let copy = rustix::io::fcntl_dupfd_cloexec(fd, 100).expect("descriptors are left");
    let seen = descriptor(world, std::os::fd::IntoRawFd::into_raw_fd(copy));
    // SAFETY: it is open, and not used any more.
    unsafe { libc::fclose(stream) };
    seen.replace("/proc/self/fd/100", "")
}

fn catalog(value: isize) -> String {
    type Get = unsafe extern "C" fn(isize, c_int, c_int, *const c_char) -> *const c_char;
    type Close = unsafe extern "C" fn(isize) -> c_int;
    if value == -1 {
        return String::new();
    }
    // SAFETY: the prototypes are catgets(3)'s and catclose(3)'s, and the catalog is open.
    unsafe {
        let get: Get = std::mem::transmute(symbol("catgets"));
        let close: Close = std::mem::transmute(symbol("catclose"));
        let message = text(CStr::from_ptr(get(value, 1, 1, c"none".as_ptr())).to_bytes());
        close(value);
        message
    }
}

/// Which file was loaded.
fn library(world: &World, value: isize) -> String {
    /// The beginning of `struct link_map`, see dlinfo(3).
    #[repr(C)]
    struct LinkMap {
        address: usize,
        name: *const c_char,
    }
    if value == 0 {
        return String::new();
    }
    let handle: *mut c_void = with_exposed_provenance_mut(value as usize);
    let mut map: *const LinkMap = std::ptr::null();
    // SAFETY: the call returned a handle, which is closed here; its name is a C string.
    unsafe {
        let told = libc::dlinfo(handle, libc::RTLD_DI_LINKMAP, (&raw mut map).cast());
        assert_eq!(told, 0, "a library has a map");
        let name = text(CStr::from_ptr((*map).name).to_bytes());
        let seen = match name.as_str() {
            "" => "the program".into(),
            name => opened(world, name),
        };
        libc::dlclose(handle);
        seen
    }
}

/// What is at a path, by raw system calls.
fn opened(world: &World, path: &str) -> String {
    match rustix::fs::statat(CWD, Path::new(path), AtFlags::empty()) {
        Ok(it) => format!(" {}", world.name_of((it.st_dev, it.st_ino), false)),
        Err(errno) => format!(" {errno}"),
    }
}

/// Waits for the program that was spawned.
fn ended(shows: &str, prepared: &Prepared) -> String {
    let id: c_int = prepared.filled(0);
    let kind = if shows.contains("descriptor") {
        libc::P_PIDFD
    } else {
        libc::P_PID
    };
    // SAFETY: all zeroes are valid, and the child is ours.
    let status = unsafe {
        let mut it: libc::siginfo_t = std::mem::zeroed();
        let waited = libc::waitid(kind, id as u32, &raw mut it, libc::WEXITED);
        if waited == 0 { it.si_status() } else { -1 }
    };
    format!("ended with {status}")
}

/// Has a child process make a call that does not come back, or leaves the process not as it was.
fn in_child(act: impl FnOnce() -> String) -> Shown {
    let (read, write) = rustix::pipe::pipe().expect("a pipe can be made");
    // SAFETY: this process has one thread.
    let child = unsafe { libc::fork() };
    if child == 0 {
        rustix::stdio::dup2_stdout(&write).expect("standard output can be replaced");
        rustix::stdio::dup2_stderr(&write).expect("standard error can be replaced");
        drop((read, write));
        let said = act();
        let _ = rustix::io::write(rustix::stdio::stdout(), said.as_bytes());
        // SAFETY: nothing of the parent's is flushed or undone.
        unsafe { libc::_exit(0) };
    }
    drop(write);
    let mut said = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(length @ 1..) = rustix::io::read(&read, &mut chunk) {
        said.extend_from_slice(&chunk[..length]);
    }
    let mut status = 0;
    // SAFETY: the child is ours.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    let said = text(&said);
    let (result, seen) = said.split_once(" -> ").unwrap_or((&said, ""));
    let ended = if status == 0 {
        String::new()
    } else {
        format!(" status {status:x}")
    };
    Shown {
        result: result.to_owned() + &ended,
        seen: seen.into(),
        allocations: 0,
    }
}
