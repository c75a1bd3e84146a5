//! What the kernel has to execute so that a program starts as if links were symlinks, and with which environment.

use std::ffi::{CStr, c_char, c_int};
use std::ptr::null;

use psl_table::executable::Uncovered;
use psl_table::executable::script::{Header, MAX_DEPTH};
use psl_table::procfs;
use psl_table::walk::Last;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use self::arguments::with_interpreter;
use self::carriage::Carriage;
use self::name::with_name;
use crate::descriptor::start_of;
use crate::environment::{self, Block, Preloads};
use crate::readable::{self, is_readable};
use crate::resolve;

pub mod arguments;
pub mod carriage;
mod name;
pub mod uncovered;

pub use arguments::{Arguments, count};

/// A program as a caller names it.
#[derive(Clone, Copy)]
pub struct Program {
    /// What a relative interpreter is relative to: the working directory.
    pub cwd: c_int,
    /// What its own path is relative to.
    pub dir: c_int,
    /// Its path; empty for the file that `dir` is.
    pub path: *const c_char,
    pub last: Last,
    /// What an interpreter is told, if it is a script.
    pub given: *const c_char,
}

impl Program {
    /// A program by its path alone.
    pub fn of(path: *const c_char) -> Self {
        Self::started_in(libc::AT_FDCWD, path)
    }

    /// A program that is started in another directory.
    pub fn started_in(cwd: c_int, path: *const c_char) -> Self {
        Self {
            cwd,
            dir: cwd,
            path,
            last: Last::Followed,
            given: path,
        }
    }
}

/// What the kernel executes in the end: never a script whose interpreter lies behind a link.
#[derive(Clone, Copy)]
pub struct Leaf {
    pub dir: c_int,
    pub path: *const c_char,
    pub argv: Arguments,
    /// Whether a link has a part in it.
    pub is_rewritten: bool,
    /// Whether a script names it.
    pub is_interpreter: bool,
    pub carriage: Carriage,
}

/// Executes or spawns a file: directory and name, arguments, environment.
pub type Start<'a, R> =
    &'a mut dyn FnMut(c_int, *const c_char, Arguments, Block) -> Result<R, Errno>;

/// Hands on the file to execute, the argument vector and the environment to give it.
///
/// A program that the preload engine cannot carry is exchanged, refused or warned of, as the host is configured.
///
/// # Safety
///
/// `argv` is null or ends with a null pointer, `envp` likewise; the program's paths are as for [`resolve()`].
///
/// [`resolve()`]: crate::resolve::resolve
pub unsafe fn launch<R>(
    program: Program,
    argv: Arguments,
    envp: Block,
    start: Start<'_, R>,
) -> Result<R, Errno> {
    // SAFETY: the caller's promise.
    unsafe {
        leaf(program, argv, envp, &mut |leaf| match leaf.carriage {
            Carriage::Uncovered(reason) => {
                uncovered::launch(program, argv, envp, &leaf, reason, start)
            }
            carriage => started(&leaf, envp, carriage, start),
        })
    }
}

/// Executes or spawns what was found, preloading what carries it.
unsafe fn started<R>(
    leaf: &Leaf,
    envp: Block,
    carriage: Carriage,
    start: Start<'_, R>,
) -> Result<R, Errno> {
    let preloads = match carriage {
        Carriage::PreloadAndAudit(_) => Preloads::ShimAndAudit,
        Carriage::Preload | Carriage::Uncovered(_) => Preloads::Shim,
    };
    let start = |envp| start(leaf.dir, leaf.path, leaf.argv, envp);
    // SAFETY: the caller's promise.
    unsafe { with_environment(envp, preloads, start) }
}

/// Hands on the environment as this instance's programs have to get it.
///
/// # Safety
///
/// `envp` is null or an environment block.
pub unsafe fn completed<R>(
    envp: Block,
    then: impl FnOnce(Block) -> Result<R, Errno>,
) -> Result<R, Errno> {
    // SAFETY: the caller's promise.
    unsafe { with_environment(envp, Preloads::Shim, then) }
}

unsafe fn with_environment<R>(
    envp: Block,
    preloads: Preloads,
    then: impl FnOnce(Block) -> Result<R, Errno>,
) -> Result<R, Errno> {
    // A block that cannot be read is the kernel's to refuse; none at all is an empty one to it.
    if !envp.is_null() && !is_readable(envp) {
        return then(envp);
    }
    // SAFETY: the caller's promise.
    unsafe { environment::complete(envp, preloads, then) }.unwrap_or(Err(Errno::TOOBIG))
}

/// Hands on what the kernel executes in the end.
///
/// The kernel resolves the interpreter of a script without links, and would tell it the script's resolved path.
/// So where a link has a part in it, the interpreter is executed as the kernel would: with its path as the line
/// spells it, its argument, and the script's path as the caller gave it.
///
/// # Safety
///
/// As for [`launch`].
pub unsafe fn leaf<R>(
    program: Program,
    argv: Arguments,
    envp: Block,
    then: &mut dyn FnMut(Leaf) -> Result<R, Errno>,
) -> Result<R, Errno> {
    if resolve::snapshot().is_none() {
        return then(Leaf {
            dir: program.dir,
            path: program.path,
            argv,
            is_rewritten: false,
            is_interpreter: false,
            carriage: Carriage::Preload,
        });
    }
    // SAFETY: the caller's promise.
    unsafe { leaf_at_depth(program, argv, envp, 0, then) }
}

unsafe fn leaf_at_depth<R>(
    program: Program,
    argv: Arguments,
    envp: Block,
    depth: usize,
    then: &mut dyn FnMut(Leaf) -> Result<R, Errno>,
) -> Result<R, Errno> {
    let Program { cwd, given, .. } = program;
    let mut go = |dir, path: *const c_char, is_rewritten| {
        let itself = |carriage| Leaf {
            dir,
            path,
            argv,
            is_rewritten,
            is_interpreter: depth > 0,
            carriage,
        };
        // SAFETY: the caller's promise.
        let file = match unsafe { open(dir, path) } {
            Ok(file) => file,
            // SAFETY: likewise.
            Err(Errno::ACCESS) if unsafe { check_executable(dir, path) }.is_ok() => {
                return then(itself(Carriage::Uncovered(Uncovered::Unreadable)));
            }
            // It is the kernel's to judge.
            Err(_) => return then(itself(Carriage::Preload)),
        };
        let Ok(mut header) = Header::read(file.as_fd()) else {
            return then(itself(Carriage::Preload));
        };
        let interpreter = match header.interpreter() {
            Ok(Some(interpreter)) => interpreter,
            Ok(None) => {
                let known = if is_readable(envp) { envp } else { null() };
                // SAFETY: the caller's promise.
                let carriage = unsafe { carriage::judge(file.as_fd(), &header, known) };
                drop(file);
                return then(itself(carriage));
            }
            Err(_) => return then(itself(Carriage::Preload)),
        };
        drop(file);
        // SAFETY: its header was read by this name.
        if unsafe { check_executable(dir, path) }.is_err() {
            return then(itself(Carriage::Preload));
        }
        let is_too_deep = depth == MAX_DEPTH;
        let mut then = |leaf: Leaf| match is_rewritten || leaf.is_rewritten {
            true if is_too_deep => Err(Errno::LOOP),
            true => then(Leaf {
                is_rewritten: true,
                ..leaf
            }),
            // The kernel reads the line for itself.
            false => then(Leaf {
                dir,
                path,
                argv,
                ..leaf
            }),
        };
        if is_too_deep {
            return then(itself(Carriage::Preload));
        }
        let next = Program::started_in(cwd, interpreter.path.as_ptr());
        // SAFETY: the caller's promise.
        unsafe {
            with_interpreter(
                interpreter.path,
                interpreter.argument,
                given,
                argv,
                |argv| leaf_at_depth(next, argv, envp, depth + 1, &mut then),
            )
        }
    };
    // SAFETY: the caller's promise.
    unsafe {
        // An empty path is the descriptor itself.
        if readable::name(program.path) == Ok(c"") {
            return go(program.dir, program.path, false);
        }
        with_name(program.dir, program.path, program.last, &mut go)
    }
}

/// Opens a program to look at it.
unsafe fn open(dir: c_int, name: *const c_char) -> Result<OwnedFd, Errno> {
    // SAFETY: the caller's promise; the descriptor is only given to the kernel.
    unsafe {
        let name = readable::name(name)?;
        if name.is_empty() {
            return reopen(dir);
        }
        // Neither a FIFO nor a terminal in the program's place may hold the caller up or become its own.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        rustix::fs::openat(start_of(dir, name)?, name, flags, Mode::empty())
    }
}

/// Opens what a descriptor is on once more: one that names a file only (`O_PATH`) cannot be read.
fn reopen(fd: c_int) -> Result<OwnedFd, Errno> {
    if fd < 0 {
        return Err(Errno::BADF);
    }
    let mut name = [0; procfs::ROOM];
    let name = procfs::descriptor(fd, &mut name);
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    rustix::fs::openat(CWD, name, flags, Mode::empty())
        // SAFETY: the descriptor is only given to the kernel.
        .or_else(|_| rustix::io::fcntl_dupfd_cloexec(unsafe { BorrowedFd::borrow_raw(fd) }, 0))
}

/// Fails as executing a file fails to whoever may not.
///
/// # Safety
///
/// `name` is a C string.
pub unsafe fn check_executable(dir: c_int, name: *const c_char) -> Result<(), Errno> {
    let mut room = [0; procfs::ROOM];
    // SAFETY: the caller's promise; the descriptor is only given to the kernel.
    let (dir, name) = unsafe {
        let name = CStr::from_ptr(name);
        match name.is_empty() && dir >= 0 {
            true => (CWD, procfs::descriptor(dir, &mut room)),
            false => (start_of(dir, name)?, name),
        }
    };
    match rustix::fs::accessat(dir, name, Access::EXEC_OK, AtFlags::EACCESS) {
        // Before Linux 5.8 access(2) only knew the real ids.
        Err(Errno::NOSYS | Errno::INVAL) => {
            rustix::fs::accessat(dir, name, Access::EXEC_OK, AtFlags::empty())
        }
        checked => checked,
    }
}
