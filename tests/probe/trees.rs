//! What walks and patterns meet.

use std::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::fmt::Write as _;
use std::ptr::with_exposed_provenance_mut;
use std::sync::Mutex;

use libc::stat64 as Stat;

use crate::call::{Prepared, symbol};
use crate::play::World;
use crate::seen::text;

/// What a walk has called a function for: the path, what it is, where its name begins and how deep it is.
struct Met {
    path: String,
    kind: c_int,
    depth: [c_int; 2],
    stat: Option<Stat>,
}

static MET: Mutex<Vec<Met>> = Mutex::new(Vec::new());

/// The kind of what has no status: ftw.h's `FTW_NS`.
const FTW_NS: c_int = 3;

/// What nftw(3) calls.
pub extern "C" fn walked(
    path: *const c_char,
    stat: *const Stat,
    kind: c_int,
    depth: *const [c_int; 2],
) -> c_int {
    // SAFETY: nftw(3) gives a C string, a status where there is one, and a depth of two numbers.
    let met = unsafe {
        Met {
            path: text(CStr::from_ptr(path).to_bytes()),
            kind,
            depth: *depth,
            stat: (kind != FTW_NS).then(|| *stat),
        }
    };
    MET.lock().expect("one thread").push(met);
    0
}

/// What ftw(3) calls.
pub extern "C" fn met(path: *const c_char, stat: *const Stat, kind: c_int) -> c_int {
    walked(path, stat, kind, &[0, 0])
}

/// Says what a walk has met, sorted, each by its path where that is the same in every walk.
///
/// A walk that failed did so wherever it was in a directory's order.
pub fn walk(world: &World, failed: bool, by_path: bool) -> String {
    let all = std::mem::take(&mut *MET.lock().expect("one thread"));
    let mut seen: Vec<_> = all
        .iter()
        .map(|met| {
            let mut seen = met.kind.to_string();
            if by_path {
                let _ = write!(seen, " {} {:?}", met.path, met.depth);
            }
            if let Some(stat) = &met.stat {
                seen += &file(world, stat);
            }
            seen
        })
        .collect();
    seen.sort();
    if failed && !by_path {
        return String::new();
    }
    seen.join(", ")
}

fn file(world: &World, stat: &Stat) -> String {
    let is_symlink = stat.st_mode & libc::S_IFMT == libc::S_IFLNK;
    let name = world.name_of((stat.st_dev, stat.st_ino), is_symlink);
    format!(" {:o} {name}", stat.st_mode)
}

/// A file in a hierarchy: fts.h's `FTSENT`.
#[repr(C)]
pub struct Entry {
    cycle: *mut Entry,
    parent: *mut Entry,
    link: *mut Entry,
    number: c_long,
    pointer: *mut c_void,
    access_path: *mut c_char,
    path: *mut c_char,
    errno: c_int,
    symlink_fd: c_int,
    path_length: u16,
    name_length: u16,
    inode: u64,
    device: u64,
    links: libc::nlink_t,
    level: i16,
    info: u16,
    flags: u16,
    instruction: u16,
    stat: *mut Stat,
    name: [c_char; 1],
}

impl Entry {
    unsafe fn name(this: *const Self) -> String {
        // SAFETY: the name goes on behind the structure, up to a NUL.
        unsafe { text(CStr::from_ptr((&raw const (*this).name).cast()).to_bytes()) }
    }
}

/// Orders two entries by name.
pub extern "C" fn by_name(a: *const *const Entry, b: *const *const Entry) -> c_int {
    // SAFETY: fts_open(3) gives pointers to entries.
    unsafe { Entry::name(*a).cmp(&Entry::name(*b)) as c_int }
}

/// `fts_info` of a directory before what is in it, of one that leads back, of what has no status, and of symlinks.
const FTS_D: u16 = 1;
const FTS_DC: u16 = 2;
const FTS_NS: u16 = 10;
const FTS_NSOK: u16 = 11;
const FTS_SL: u16 = 12;
/// What fts_set(3) can be told.
const FTS_FOLLOW: c_int = 2;

/// Reads all of a hierarchy. By its `way`: 0 reads, 1 asks for children before, 2 likewise by the 64-bit names and only
/// for names, 3 follows every symlink, 4 reads where there is no status.
pub fn hierarchy(world: &World, stream: isize, way: usize) -> String {
    if stream == 0 {
        return String::new();
    }
    let stream: *mut c_void = with_exposed_provenance_mut(stream as usize);
    let bits = if way == 2 { "64" } else { "" };
    let function = |name: &str| symbol(&format!("fts{bits}_{name}"));
    let mut seen = Vec::new();
    // SAFETY: the prototypes are those of fts(3), and the stream is open.
    unsafe {
        let read: unsafe extern "C" fn(*mut c_void) -> *mut Entry =
            std::mem::transmute(function("read"));
        let children: unsafe extern "C" fn(*mut c_void, c_int) -> *mut Entry =
            std::mem::transmute(function("children"));
        let set: unsafe extern "C" fn(*mut c_void, *mut Entry, c_int) -> c_int =
            std::mem::transmute(function("set"));
        let close: unsafe extern "C" fn(*mut c_void) -> c_int =
            std::mem::transmute(function("close"));
        loop {
            *libc::__errno_location() = 0;
            let entry = read(stream);
            let Some(found) = entry.as_ref() else {
                seen.push(format!("end {}", *libc::__errno_location()));
                break;
            };
            seen.push(described(world, found, way != 4));
            if matches!(way, 1 | 2) && found.info == FTS_D {
                let mut child = children(stream, if way == 2 { 0x100 } else { 0 });
                while let Some(found) = child.as_ref() {
                    seen.push(format!("with {} {}", Entry::name(child), found.info));
                    child = found.link;
                }
            }
            if way == 3 && found.info == FTS_SL {
                let failed = set(stream, entry, FTS_FOLLOW);
                assert_eq!(failed, 0, "a symlink can be followed");
            }
        }
        let here = rustix::process::getcwd([]).map(|path| text(path.to_bytes()));
        seen.push(format!("closed {} from {here:?}", close(stream)));
    }
    seen.join(", ")
}

unsafe fn described(world: &World, entry: &Entry, has_status: bool) -> String {
    // SAFETY: fts_read(3) gives an entry with all its fields.
    unsafe {
        let [path, access] =
            [entry.path, entry.access_path].map(|it| text(CStr::from_ptr(it).to_bytes()));
        let Entry {
            info, level, errno, ..
        } = entry;
        let mut seen = format!("{info} {path} as {access} {level} {errno}");
        if !matches!(*info, FTS_NS | FTS_NSOK) && has_status {
            seen += &file(world, &*entry.stat);
        }
        if *info == FTS_DC {
            let _ = write!(seen, " again {}", (*entry.cycle).level);
        }
        seen
    }
}

/// A list of C strings that the caller has to give back: its length, the array, and how many null pointers precede.
#[derive(Clone, Copy)]
#[repr(C)]
struct Strings {
    count: usize,
    array: *mut *mut c_char,
    before: usize,
}

/// Says what glob(3) or wordexp(3) found, and gives it back by this function.
pub fn strings(code: c_int, prepared: &Prepared, argument: usize, free: &str) -> String {
    if code != 0 {
        return String::new();
    }
    let found: Strings = prepared.filled(argument);
    // SAFETY: on success there are so many strings; the function takes the structure that was filled in.
    unsafe {
        let strings = (0..found.count).map(|index| *found.array.add(found.before + index));
        let seen: Vec<_> = strings
            .map(|it| text(CStr::from_ptr(it).to_bytes()))
            .collect();
        let free: unsafe extern "C" fn(*mut c_void) = std::mem::transmute(symbol(free));
        free(with_exposed_provenance_mut(prepared.words[argument]));
        seen.join(", ")
    }
}
