//! What the kernel has to execute so that a program starts as if links were symlinks.

use std::ffi::{CStr, c_char, c_int};

use psl_table::walk::Last;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{Access, AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::descriptor::start_of;
use crate::environment::{self, Block};
use crate::frame;
use crate::readable::{self, is_readable};
use crate::resolve::{self, Operand, resolve};
use crate::shebang::{Header, MAX_DEPTH};

/// An argument vector that ends with a null pointer.
pub type Arguments = *const *const c_char;

/// A program as a caller names it.
#[derive(Clone, Copy)]
pub struct Program {
    /// What a relative interpreter is relative to: the working directory.
    pub cwd: c_int,
    /// What its own path is relative to.
    pub dir: c_int,
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

    /// Whether an open file is a script whose interpreter lies behind a link.
    ///
    /// # Safety
    ///
    /// `given` is a C string.
    pub unsafe fn interpreted_behind_link(fd: c_int, given: *const c_char) -> Result<bool, Errno> {
        if fd < 0 || given.is_null() {
            return Ok(false);
        }
        // SAFETY: the descriptor is the caller's, and is only given to the kernel.
        let Ok(mut header) = Header::read(unsafe { BorrowedFd::borrow_raw(fd) }) else {
            return Ok(false);
        };
        match header.interpreter() {
            // SAFETY: it is a C string.
            Ok(Some(interpreter)) => unsafe {
                leads_through_link(libc::AT_FDCWD, interpreter.path.as_ptr())
            },
            _ => Ok(false),
        }
    }
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
    // A block that cannot be read is the kernel's to refuse; none at all is an empty one to it.
    if !envp.is_null() && !is_readable(envp) {
        return then(envp);
    }
    // SAFETY: the caller's promise.
    unsafe { environment::complete(envp, then) }.unwrap_or(Err(Errno::TOOBIG))
}

/// Hands on the file to execute and the argument vector to give it.
///
/// The kernel resolves the interpreter of a script without links, and would tell it the script's resolved path.
/// So where a link has a part in it, the interpreter is executed as the kernel would: with its path as the line
/// spells it, its argument, and the script's path as the caller gave it.
///
/// # Safety
///
/// `argv` is null or ends with a null pointer; the program's paths are as for [`resolve()`].
pub unsafe fn launch<R>(
    program: Program,
    argv: Arguments,
    then: &mut dyn FnMut(c_int, *const c_char, Arguments) -> Result<R, Errno>,
) -> Result<R, Errno> {
    if resolve::snapshot().is_none() {
        return then(program.dir, program.path, argv);
    }
    // SAFETY: the caller's promise.
    unsafe { launch_at_depth(program, argv, 0, then) }
}

unsafe fn launch_at_depth<R>(
    program: Program,
    argv: Arguments,
    depth: usize,
    then: &mut dyn FnMut(c_int, *const c_char, Arguments) -> Result<R, Errno>,
) -> Result<R, Errno> {
    let Program {
        cwd,
        dir,
        path,
        last,
        given,
    } = program;
    let go = &mut |dir, name: *const c_char, rewritten: bool| {
        // SAFETY: the kernel's answer to a name that it cannot read is no header.
        let Some(mut header) = (unsafe { header(dir, name) }) else {
            return then(dir, name, argv);
        };
        let Ok(Some(interpreter)) = header.interpreter() else {
            return then(dir, name, argv);
        };
        // SAFETY: it is a C string.
        if !rewritten && !unsafe { leads_through_link(cwd, interpreter.path.as_ptr()) }? {
            return then(dir, name, argv);
        }
        if depth == MAX_DEPTH {
            return Err(Errno::LOOP);
        }
        // The kernel would check this: it is the script that is executed.
        // SAFETY: its header was read by this name.
        unsafe { check_executable(dir, name) }?;
        // SAFETY: the caller's promise.
        unsafe {
            with_interpreter_arguments(
                interpreter.path,
                interpreter.argument,
                given,
                argv,
                |argv| {
                    launch_at_depth(
                        Program::started_in(cwd, interpreter.path.as_ptr()),
                        argv,
                        depth + 1,
                        then,
                    )
                },
            )
        }
    };
    // SAFETY: the caller's promise.
    unsafe { with_name(dir, path, last, go) }
}

/// Resolves a program's name to the stack, and hands on what the kernel has to get for it.
///
/// Not to a walk's memory: a vfork(2) child that executes would never give that back to its parent.
unsafe fn with_name<R>(
    dir: c_int,
    path: *const c_char,
    last: Last,
    then: &mut dyn FnMut(c_int, *const c_char, bool) -> Result<R, Errno>,
) -> Result<R, Errno> {
    let measure = |operand: Operand<'_>| match operand {
        Operand::Given => Ok(None),
        Operand::Rewritten(name) => Ok(Some(name.count_bytes())),
        Operand::Link(_) => Err(Errno::LOOP),
        Operand::Error(errno) => Err(errno),
    };
    // SAFETY: the caller's promise.
    let Some(length) = unsafe { resolve(dir, path, last, measure) }? else {
        return then(dir, path, false);
    };
    let made = frame::with_words(length / size_of::<usize>() + 1, |words| {
        // SAFETY: words are bytes.
        let room =
            unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast::<u8>(), length + 1) };
        let copy = |operand: Operand<'_>| match operand {
            Operand::Rewritten(name) if name.count_bytes() == length => {
                room.copy_from_slice(name.to_bytes_with_nul());
                Ok(())
            }
            Operand::Error(errno) => Err(errno),
            // Somebody moved a symlink on the way in between.
            _ => Err(Errno::AGAIN),
        };
        // SAFETY: as above.
        unsafe { resolve(dir, path, last, copy) }?;
        then(libc::AT_FDCWD, words.as_ptr().cast(), true)
    });
    made.unwrap_or(Err(Errno::NAMETOOLONG))
}

unsafe fn leads_through_link(cwd: c_int, path: *const c_char) -> Result<bool, Errno> {
    // SAFETY: the caller's promise.
    unsafe {
        resolve(cwd, path, Last::Followed, |operand| match operand {
            Operand::Given => Ok(false),
            Operand::Rewritten(_) => Ok(true),
            Operand::Link(_) => Err(Errno::LOOP),
            Operand::Error(errno) => Err(errno),
        })
    }
}

/// Reads the beginning of a program, unless the kernel would not let us: then it is the kernel's to judge.
unsafe fn header(dir: c_int, name: *const c_char) -> Option<Header> {
    // Neither a FIFO nor a terminal in the program's place may hold the caller up or become its own.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    // SAFETY: the caller's promise; the descriptor is only given to the kernel.
    let file = unsafe {
        let name = readable::name(name).ok()?;
        rustix::fs::openat(start_of(dir, name).ok()?, name, flags, Mode::empty())
    };
    Header::read(file.ok()?.as_fd()).ok()
}

/// Fails as executing a file fails to whoever may not.
///
/// # Safety
///
/// `name` is a C string.
pub unsafe fn check_executable(dir: c_int, name: *const c_char) -> Result<(), Errno> {
    // SAFETY: the caller's promise; the descriptor is only given to the kernel.
    let (dir, name) = unsafe {
        let name = CStr::from_ptr(name);
        (start_of(dir, name)?, name)
    };
    match rustix::fs::accessat(dir, name, Access::EXEC_OK, AtFlags::EACCESS) {
        // Before Linux 5.8 access(2) only knew the real ids.
        Err(Errno::NOSYS | Errno::INVAL) => {
            rustix::fs::accessat(dir, name, Access::EXEC_OK, AtFlags::empty())
        }
        checked => checked,
    }
}

/// Builds the argument vector of an interpreter: the first argument, the caller's name for it, is lost.
unsafe fn with_interpreter_arguments<R>(
    path: &CStr,
    argument: Option<&CStr>,
    script: *const c_char,
    argv: Arguments,
    then: impl FnOnce(Arguments) -> Result<R, Errno>,
) -> Result<R, Errno> {
    // SAFETY: the caller's promise.
    let rest = unsafe { count(argv) }.max(1) - 1;
    let made = frame::with_words(rest + 4, |words| {
        let head = [
            Some(path.as_ptr()),
            argument.map(CStr::as_ptr),
            Some(script),
        ];
        // SAFETY: `rest` pointers come after the first.
        let tail = (0..rest).map(|index| unsafe { *argv.add(1 + index) });
        for (word, pointer) in words.iter_mut().zip(head.into_iter().flatten().chain(tail)) {
            *word = pointer.expose_provenance();
        }
        then(words.as_ptr().cast())
    });
    made.unwrap_or(Err(Errno::TOOBIG))
}

/// Counts an argument vector; the kernel takes null for an empty one.
///
/// # Safety
///
/// `argv` is null or ends with a null pointer.
pub unsafe fn count(argv: Arguments) -> usize {
    if argv.is_null() {
        return 0;
    }
    // SAFETY: the caller's promise.
    (0..)
        .take_while(|&index| unsafe { !(*argv.add(index)).is_null() })
        .count()
}
