//! ftw(3) and nftw(3), rebuilt on the calls of `inner`: libc's own walk does not see links.
//!
//! What is reported, with which flag and in which order, and where errno ends a walk, follows glibc.

use std::collections::BTreeSet;
use std::ffi::{CStr, c_char, c_int};

use libc::stat64 as Stat;
use psl_table::walk::Last;
use rustix::io::Errno;

use self::levels::Levels;
use self::way_back::WayBack;
use crate::call::fail;
use crate::hooks::inner;
use crate::resolve::snapshot;

mod levels;
mod way_back;

/// Where in the tree an object is: ftw.h's `struct FTW`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Depth {
    /// Where its name begins in its path.
    base: c_int,
    /// How far it is below the start.
    level: c_int,
}

/// What ftw(3) calls for each object.
pub type FtwFunction = Option<unsafe extern "C" fn(*const c_char, *const Stat, c_int) -> c_int>;

/// What nftw(3) calls for each object.
pub type NftwFunction =
    Option<unsafe extern "C" fn(*const c_char, *const Stat, c_int, *mut Depth) -> c_int>;

/// What an object is: ftw.h's numbers.
const FTW_F: c_int = 0;
const FTW_D: c_int = 1;
const FTW_DNR: c_int = 2;
const FTW_NS: c_int = 3;
const FTW_SL: c_int = 4;
const FTW_DP: c_int = 5;
const FTW_SLN: c_int = 6;

/// How to walk.
const FTW_PHYS: c_int = 1;
const FTW_MOUNT: c_int = 2;
const FTW_CHDIR: c_int = 4;
const FTW_DEPTH: c_int = 8;
const FTW_ACTIONRETVAL: c_int = 16;
const KNOWN_FLAGS: c_int = FTW_PHYS | FTW_MOUNT | FTW_CHDIR | FTW_DEPTH | FTW_ACTIONRETVAL;

/// What a function returns under `FTW_ACTIONRETVAL`; 0 goes on, -1 is a failure.
const FTW_STOP: c_int = 1;
const FTW_SKIP_SUBTREE: c_int = 2;
const FTW_SKIP_SIBLINGS: c_int = 3;

/// See ftw(3).
pub unsafe fn ftw(
    real: unsafe extern "C" fn(*const c_char, FtwFunction, c_int) -> c_int,
    path: *const c_char,
    function: FtwFunction,
    descriptors: c_int,
) -> c_int {
    // SAFETY: the arguments are the caller's, who called ftw(3) with them.
    unsafe {
        match function.filter(|_| !path.is_null() && snapshot().is_some()) {
            None => real(path, function, descriptors),
            Some(function) => {
                // It has no word for a symlink that leads nowhere.
                let report = |path: *const c_char, stat: &Stat, kind, _: Depth| {
                    let kind = if kind == FTW_SLN { FTW_NS } else { kind };
                    function(path, stat, kind)
                };
                Walk::new(&report, descriptors, 0).start(CStr::from_ptr(path))
            }
        }
    }
}

/// See nftw(3).
pub unsafe fn nftw(
    real: unsafe extern "C" fn(*const c_char, NftwFunction, c_int, c_int) -> c_int,
    path: *const c_char,
    function: NftwFunction,
    descriptors: c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: the arguments are the caller's, who called nftw(3) with them.
    unsafe {
        match function.filter(|_| !path.is_null() && snapshot().is_some()) {
            None => real(path, function, descriptors, flags),
            Some(_) if flags & !KNOWN_FLAGS != 0 => fail(Errno::INVAL),
            Some(function) => {
                let report = |path: *const c_char, stat: &Stat, kind, mut depth: Depth| {
                    function(path, stat, kind, &raw mut depth)
                };
                Walk::new(&report, descriptors, flags).start(CStr::from_ptr(path))
            }
        }
    }
}

/// Calls the caller's function: path, status, what it is, and where.
type Report<'a> = &'a dyn Fn(*const c_char, &Stat, c_int, Depth) -> c_int;

/// A walk under way. Results are those of the caller's function: anything but 0 ends it.
struct Walk<'a> {
    report: Report<'a>,
    flags: c_int,
    /// The path of the object at hand, as a C string.
    path: Vec<u8>,
    depth: Depth,
    /// The directories that lead to it.
    levels: Levels,
    /// The device of the start.
    device: u64,
    /// Device and inode of the directories met, where a symlink may lead back to one.
    known: BTreeSet<(u64, u64)>,
}

impl<'a> Walk<'a> {
    fn new(report: Report<'a>, descriptors: c_int, flags: c_int) -> Self {
        Self {
            report,
            flags,
            path: Vec::new(),
            depth: Depth { base: 0, level: 0 },
            levels: Levels::new(usize::try_from(descriptors).unwrap_or_default()),
            device: 0,
            known: BTreeSet::new(),
        }
    }

    fn start(&mut self, path: &CStr) -> c_int {
        let path = path.to_bytes();
        if path.is_empty() {
            return fail(Errno::NOENT);
        }
        let slashes = path.iter().rev().take_while(|&&byte| byte == b'/').count();
        let path = &path[..(path.len() - slashes).max(1)];
        let slash = path.iter().rposition(|&byte| byte == b'/');
        self.depth.base = slash.map_or(0, |slash| slash + 1) as c_int;
        self.path = [path, b"\0"].concat();
        if !self.has(FTW_CHDIR) {
            return self.walk();
        }
        let Some(back) = WayBack::remember() else {
            return -1;
        };
        if back.is_open() {
            self.levels.spare_one();
        }
        let result = match self.change_to_parent() {
            Ok(()) => self.walk(),
            Err(_) => -1,
        };
        back.go();
        result
    }

    /// Goes to the directory that the start is in.
    fn change_to_parent(&self) -> Result<(), Errno> {
        let parent = match self.depth.base as usize {
            0 => return Ok(()),
            1 => &b"/"[..],
            base => &self.path[..base - 1],
        };
        let parent = [parent, b"\0"].concat();
        // SAFETY: it ends with a NUL.
        unsafe { inner::change_directory(parent.as_ptr().cast()) }
    }

    /// Reports the start, and all below it.
    fn walk(&mut self) -> c_int {
        let (dir, name) = (libc::AT_FDCWD, self.name());
        let result = match self.stat(dir, name) {
            Err(Errno::NOENT) => match self.dangling(dir, name) {
                Some(stat) => self.tell(&stat, FTW_SLN),
                None => -1,
            },
            Err(_) => -1,
            Ok(stat) => match kind(&stat) {
                FTW_D => {
                    self.device = stat.st_dev;
                    self.is_new(&stat);
                    self.directory(&stat)
                }
                kind => self.tell(&stat, kind),
            },
        };
        match result {
            FTW_SKIP_SUBTREE | FTW_SKIP_SIBLINGS if self.has(FTW_ACTIONRETVAL) => 0,
            result => result,
        }
    }

    /// Reports a directory, and all below it.
    fn directory(&mut self, stat: &Stat) -> c_int {
        // SAFETY: both names are C strings.
        match unsafe { self.levels.enter(self.last(), self.name()) } {
            Err(Errno::ACCESS) => return self.tell(stat, FTW_DNR),
            Err(_) => return -1,
            Ok(()) => {}
        }
        if !self.has(FTW_DEPTH) {
            let result = self.tell(stat, FTW_D);
            if result != 0 {
                self.levels.leave();
                return result;
            }
        }
        if self.has(FTW_CHDIR) && self.levels.change_to_deepest().is_err() {
            self.levels.leave();
            return -1;
        }
        let mut result = self.entries();
        self.levels.leave();
        if self.has(FTW_ACTIONRETVAL) && result == FTW_SKIP_SIBLINGS {
            result = 0;
        }
        if result == 0 && self.has(FTW_DEPTH) {
            result = self.tell(stat, FTW_DP);
        }
        let goes_on =
            result == 0 || (self.has(FTW_ACTIONRETVAL) && result != -1 && result != FTW_STOP);
        if goes_on && self.has(FTW_CHDIR) && self.levels.depth() > 0 && self.change_up().is_err() {
            return -1;
        }
        result
    }

    /// Reports all below the directory that was entered last.
    fn entries(&mut self) -> c_int {
        let outside = self.depth;
        self.path.pop();
        if self.path.last() != Some(&b'/') {
            self.path.push(b'/');
        }
        let base = self.path.len();
        self.depth = Depth {
            base: base as c_int,
            level: outside.level + 1,
        };
        let mut result = 0;
        while result == 0 {
            self.path.truncate(base);
            if !self.levels.next_name(&mut self.path) {
                break;
            }
            self.path.push(0);
            result = self.object();
        }
        // The slash goes, too, even the root's.
        self.path.truncate(base - 1);
        self.path.push(0);
        self.depth = outside;
        result
    }

    /// Reports an entry of a directory, and all below it.
    fn object(&mut self) -> c_int {
        // SAFETY: all zeroes is a valid stat, and it says nothing.
        let mut stat: Stat = unsafe { std::mem::zeroed() };
        let Ok(kind) = self.look(&mut stat) else {
            return -1;
        };
        if kind != FTW_NS && self.has(FTW_MOUNT) && stat.st_dev != self.device {
            return 0;
        }
        let result = match kind {
            FTW_D if !self.is_new(&stat) => 0,
            FTW_D => self.directory(&stat),
            kind => self.tell(&stat, kind),
        };
        match result {
            FTW_SKIP_SUBTREE if self.has(FTW_ACTIONRETVAL) => 0,
            result => result,
        }
    }

    /// Tells what an entry of a directory is.
    ///
    /// A function of its own: what it takes of the stack is given back before the walk goes deeper.
    #[inline(never)]
    fn look(&self, into: &mut Stat) -> Result<c_int, Errno> {
        let (dir, name) = match self.levels.descriptor() {
            Some(dir) => (dir, self.last()),
            None => (libc::AT_FDCWD, self.name()),
        };
        match self.stat(dir, name) {
            Ok(stat) => {
                *into = stat;
                Ok(kind(into))
            }
            Err(Errno::ACCESS | Errno::NOENT) => Ok(match self.dangling(dir, name) {
                Some(stat) => {
                    *into = stat;
                    FTW_SLN
                }
                None => FTW_NS,
            }),
            Err(errno) => Err(errno),
        }
    }

    /// Goes back to the directory that is the deepest, from one in it.
    fn change_up(&self) -> Result<(), Errno> {
        self.levels.change_to_deepest().or_else(|_| {
            let above = if self.depth.base == 1 { c"/" } else { c".." };
            // SAFETY: a C string.
            unsafe { inner::change_directory(above.as_ptr()) }
        })
    }

    fn has(&self, flag: c_int) -> bool {
        self.flags & flag != 0
    }

    /// Calls the caller's function for the object at hand.
    fn tell(&self, stat: &Stat, kind: c_int) -> c_int {
        (self.report)(self.path.as_ptr().cast(), stat, kind, self.depth)
    }

    /// The last component of the object's path.
    fn last(&self) -> *const c_char {
        self.path[self.depth.base as usize..].as_ptr().cast()
    }

    /// A name of the object relative to the working directory.
    fn name(&self) -> *const c_char {
        if !self.has(FTW_CHDIR) {
            return self.path.as_ptr().cast();
        }
        match self.path[self.depth.base as usize] {
            0 => c".".as_ptr(),
            _ => self.last(),
        }
    }

    fn stat(&self, dir: c_int, name: *const c_char) -> Result<Stat, Errno> {
        let last = if self.has(FTW_PHYS) {
            Last::Kept
        } else {
            Last::Followed
        };
        // SAFETY: all names of an object are C strings.
        unsafe { inner::stat(dir, name, last) }
    }

    /// Tells what a name is itself that leads nowhere, if it is a symlink to follow.
    fn dangling(&self, dir: c_int, name: *const c_char) -> Option<Stat> {
        if self.has(FTW_PHYS) {
            return None;
        }
        // SAFETY: all names of an object are C strings.
        let stat = unsafe { inner::stat(dir, name, Last::Kept) };
        stat.ok().filter(|stat| kind(stat) == FTW_SL)
    }

    /// Whether a directory is met for the first time, where that has to be known.
    fn is_new(&mut self, stat: &Stat) -> bool {
        self.has(FTW_PHYS) || self.known.insert((stat.st_dev, stat.st_ino))
    }
}

fn kind(stat: &Stat) -> c_int {
    match stat.st_mode & libc::S_IFMT {
        libc::S_IFDIR => FTW_D,
        libc::S_IFLNK => FTW_SL,
        _ => FTW_F,
    }
}
