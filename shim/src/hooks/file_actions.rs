//! The file actions of posix_spawn(3): what libc keeps of them, and where they lead.

use std::ffi::{CStr, c_char, c_int};
use std::ptr::null_mut;

use libc::{mode_t, posix_spawn_file_actions_t as FileActions};
use psl_table::tree::PATH_MAX;
use psl_table::walk::Last;
use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::call::Code;
use crate::link_itself::kept_by_open;
use crate::resolve::{Operand, resolve};

/// ABI: what `posix_spawn_file_actions_t` is in glibc's spawn.h.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Object {
    allocated: c_int,
    /// How many actions there are.
    pub used: c_int,
    /// The first of them.
    pub actions: *mut Action,
    reserved: [c_int; 16],
}

/// ABI: `struct __spawn_action` in glibc: since 2.3 tags were added at the end, and nothing else changed.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Action {
    tag: c_int,
    body: Body,
}

#[derive(Clone, Copy)]
#[repr(C)]
union Body {
    /// All that a close, fchdir or closefrom has.
    fd: c_int,
    dup2: [c_int; 2],
    open: Open,
    chdir: *const c_char,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Open {
    fd: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
}

const _: () = assert!(size_of::<Object>() == size_of::<FileActions>());

impl Object {
    /// An object without actions.
    pub const EMPTY: Self = Self {
        allocated: 0,
        used: 0,
        actions: null_mut(),
        reserved: [0; 16],
    };

    /// Returns the actions in order.
    ///
    /// # Safety
    ///
    /// libc made the object, and it stays as it is for `'a`.
    pub unsafe fn actions<'a>(&self) -> &'a [Action] {
        match usize::try_from(self.used) {
            // SAFETY: the caller's promise.
            Ok(used @ 1..) => unsafe { std::slice::from_raw_parts(self.actions, used) },
            _ => &[],
        }
    }
}

const CLOSE: c_int = 0;
const DUP2: c_int = 1;
const OPEN: c_int = 2;
const CHDIR: c_int = 3;
const FCHDIR: c_int = 4;
const CLOSEFROM: c_int = 5;

impl Action {
    /// Makes an action that the child fails at: see [`Unreachable`].
    pub const fn failing() -> Self {
        Self {
            tag: OPEN,
            body: Body {
                open: Open {
                    fd: -1,
                    path: Unreachable::NAME,
                    flags: 0,
                    mode: 0,
                },
            },
        }
    }

    /// Returns the name in an action, what a last symlink means to it, and the flags that it is opened with.
    ///
    /// # Safety
    ///
    /// libc made the action.
    pub unsafe fn name(&self) -> Option<(*const c_char, Last, c_int)> {
        // SAFETY: the caller promises that libc made it; the tag tells which member of the union counts.
        unsafe {
            match self.tag {
                OPEN => {
                    let Open { path, flags, .. } = self.body.open;
                    Some((path, kept_by_open(path, flags), flags))
                }
                CHDIR => Some((self.body.chdir, Last::Followed, 0)),
                _ => None,
            }
        }
    }

    /// Changes the name in an action that has one.
    pub fn rename(&mut self, to: *const c_char) {
        match self.tag {
            OPEN => self.body.open.path = to,
            _ => self.body.chdir = to,
        }
    }
}

/// A name that no file has, for a child that is to fail; its errno is one that hardly anything else fails with.
pub struct Unreachable;

impl Unreachable {
    /// Longer than any name that the kernel reads.
    pub const NAME: *const c_char = {
        static SLASHES: [u8; PATH_MAX + 1] = {
            let mut name = [b'/'; PATH_MAX + 1];
            name[PATH_MAX] = 0;
            name
        };
        (&raw const SLASHES).cast()
    };

    /// What the kernel says to it.
    pub const ERRNO: Errno = Errno::NAMETOOLONG;

    /// Returns what the caller has to be told of a child that was to fail with `errno`.
    pub fn outcome(spawned: Code, errno: Errno) -> Code {
        if spawned == Code(Self::ERRNO.raw_os_error()) {
            Code(errno.raw_os_error())
        } else {
            spawned
        }
    }
}

/// A directory as the child sees it.
pub enum Directory {
    /// Of a descriptor that the child inherits; `AT_FDCWD` if it is the working directory.
    Inherited(c_int),
    /// That only its actions lead to.
    Opened(OwnedFd),
}

impl Directory {
    /// Returns the descriptor, for calls that take one beside a name.
    pub fn as_raw(&self) -> c_int {
        match self {
            Self::Inherited(fd) => *fd,
            Self::Opened(fd) => fd.as_raw_fd(),
        }
    }
}

/// Opens the working directory after these actions; fails where the child fails to go there.
///
/// It goes as deep as there are relative names of directories one after another.
///
/// # Safety
///
/// libc made the actions.
pub unsafe fn working_directory(actions: &[Action]) -> Result<Directory, Errno> {
    // SAFETY: the caller's promise; the tag tells which member of the union counts.
    unsafe {
        for (index, action) in actions.iter().enumerate().rev() {
            match action.tag {
                CHDIR => return open(action.body.chdir, &actions[..index]),
                FCHDIR => return descriptor(action.body.fd, &actions[..index]),
                _ => {}
            }
        }
    }
    Ok(Directory::Inherited(libc::AT_FDCWD))
}

/// Opens the directory that a name is relative to after these actions.
///
/// # Safety
///
/// libc made the actions, and `path` is a C string.
pub unsafe fn start_of(path: *const c_char, actions: &[Action]) -> Result<Directory, Errno> {
    // SAFETY: the caller's promise.
    unsafe {
        match *path.cast::<u8>() {
            b'/' => Ok(Directory::Inherited(libc::AT_FDCWD)),
            _ => working_directory(actions),
        }
    }
}

/// Opens what a descriptor is after these actions.
unsafe fn descriptor(mut fd: c_int, actions: &[Action]) -> Result<Directory, Errno> {
    // SAFETY: the caller's promise; the tag tells which member of the union counts.
    unsafe {
        for (index, action) in actions.iter().enumerate().rev() {
            match action.tag {
                OPEN if action.body.open.fd == fd => {
                    return open(action.body.open.path, &actions[..index]);
                }
                DUP2 if action.body.dup2[1] == fd => fd = action.body.dup2[0],
                CLOSE if action.body.fd == fd => return Err(Errno::BADF),
                CLOSEFROM if action.body.fd <= fd => return Err(Errno::BADF),
                _ => {}
            }
        }
    }
    Ok(Directory::Inherited(fd))
}

/// Opens a directory by its name after these actions.
unsafe fn open(path: *const c_char, actions: &[Action]) -> Result<Directory, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    // SAFETY: the caller's promise; descriptors are only given to the kernel.
    unsafe {
        let start = start_of(path, actions)?;
        let from = BorrowedFd::borrow_raw(start.as_raw());
        let opened = resolve(
            start.as_raw(),
            path,
            Last::Followed,
            |operand| match operand {
                Operand::Given => {
                    rustix::fs::openat(from, CStr::from_ptr(path), flags, Mode::empty())
                }
                Operand::Rewritten(name) => rustix::fs::openat(CWD, name, flags, Mode::empty()),
                Operand::Link(_) => Err(Errno::LOOP),
                Operand::Error(errno) => Err(errno),
            },
        );
        opened.map(Directory::Opened)
    }
}
