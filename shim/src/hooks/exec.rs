//! The exec family: the program, its interpreter and a search along `PATH` follow links; the view goes along.

use std::ffi::{CStr, c_char, c_int};

use rustix::io::Errno;

use crate::call::fail;
use crate::environment::{self, Block};
use crate::frame;
use crate::launch::{Arguments, Program, Start, count, launch};
use crate::link_itself::kept_if;
use crate::readable;
use crate::search::{along_path, with_text};

type Execve = unsafe extern "C" fn(*const c_char, Arguments, Block) -> c_int;
type Execv = unsafe extern "C" fn(*const c_char, Arguments) -> c_int;

/// See execve(2).
pub unsafe fn execve(real: Execve, path: *const c_char, argv: Arguments, envp: Block) -> c_int {
    // SAFETY: the arguments are the caller's, who called execve(2) with them.
    unsafe {
        launch(Program::of(path), argv, envp, &mut |_, path, argv, envp| {
            Ok(real(path, argv, envp))
        })
        .unwrap_or_else(fail)
    }
}

/// See exec(3).
pub unsafe fn execv(_: Execv, path: *const c_char, argv: Arguments) -> c_int {
    // SAFETY: as for execve(2), with this process's environment.
    unsafe { execve_next(path, argv, environment::current()) }
}

/// See exec(3).
pub unsafe fn execvp(_: Execv, file: *const c_char, argv: Arguments) -> c_int {
    // SAFETY: as for execve(2), with this process's environment.
    unsafe { search(file, argv, environment::current()) }
}

/// See exec(3); `PATH` is that of this process, not of `envp`.
pub unsafe fn execvpe(_: Execve, file: *const c_char, argv: Arguments, envp: Block) -> c_int {
    // SAFETY: as for execve(2).
    unsafe { search(file, argv, envp) }
}

/// See execveat(2).
pub unsafe fn execveat(
    real: unsafe extern "C" fn(c_int, *const c_char, Arguments, Block, c_int) -> c_int,
    dir: c_int,
    path: *const c_char,
    argv: Arguments,
    envp: Block,
    flags: c_int,
) -> c_int {
    let last = kept_if(flags & libc::AT_SYMLINK_NOFOLLOW);
    let mut start = |dir, path, given, envp| {
        // The flags are about the caller's file: an interpreter may well be a symlink.
        let flags = if given == argv { flags } else { 0 };
        // SAFETY: the arguments are the caller's, or what a launch makes of them.
        Ok(unsafe { real(dir, path, given, envp, flags) })
    };
    // SAFETY: the arguments are the caller's, who called execveat(2) with them.
    unsafe {
        let Ok(text) = readable::name(path).map(CStr::to_bytes) else {
            return real(dir, path, argv, envp, flags);
        };
        // An empty path names the descriptor itself.
        if text.is_empty() {
            return by_descriptor(dir, argv, envp, &mut start).unwrap_or_else(fail);
        }
        let program = Program {
            dir,
            last,
            ..Program::of(path)
        };
        if dir == libc::AT_FDCWD || text.starts_with(b"/") {
            return launch(program, argv, envp, &mut start).unwrap_or_else(fail);
        }
        // A script is told this name, as by the kernel.
        let mut digits = [0; 10];
        let parts: [&[u8]; 4] = [b"/dev/fd/", decimal(dir, &mut digits), b"/", text];
        with_text(&parts, |given| {
            launch(Program { given, ..program }, argv, envp, &mut start)
        })
        .unwrap_or_else(fail)
    }
}

/// See fexecve(3).
pub unsafe fn fexecve(
    real: unsafe extern "C" fn(c_int, Arguments, Block) -> c_int,
    fd: c_int,
    argv: Arguments,
    envp: Block,
) -> c_int {
    // SAFETY: the arguments are the caller's, who called fexecve(3) with them.
    unsafe {
        let by_path = super::execve::REAL.get::<Execve>();
        let mut start = |dir, path, argv, envp| match by_path {
            Some(execve) if dir == libc::AT_FDCWD => Ok(execve(path, argv, envp)),
            _ => Ok(real(fd, argv, envp)),
        };
        by_descriptor(fd, argv, envp, &mut start).unwrap_or_else(fail)
    }
}

/// Executes an open file: it is what it is, but the interpreter of a script may lie behind a link.
unsafe fn by_descriptor(
    fd: c_int,
    argv: Arguments,
    envp: Block,
    start: Start<'_, c_int>,
) -> Result<c_int, Errno> {
    let program = Program {
        dir: fd,
        ..Program::of(c"".as_ptr())
    };
    with_text(&[b"/dev/fd/", decimal(fd, &mut [0; 10])], |given| {
        // SAFETY: the caller's promise; the rest are C strings.
        unsafe { launch(Program { given, ..program }, argv, envp, start) }
    })
}

/// Executes as a caller of execve(2) would.
///
/// # Safety
///
/// As for execve(2).
pub unsafe fn execve_next(path: *const c_char, argv: Arguments, envp: Block) -> c_int {
    // SAFETY: the type is execve's; the arguments are the caller's.
    unsafe {
        match super::execve::REAL.get::<Execve>() {
            Some(real) => execve(real, path, argv, envp),
            None => fail(Errno::NOSYS),
        }
    }
}

/// Executes a program that is searched as exec(3) says.
///
/// # Safety
///
/// As for execvpe(3).
pub unsafe fn search(file: *const c_char, argv: Arguments, envp: Block) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        let name = CStr::from_ptr(file).to_bytes();
        if name.is_empty() {
            return fail(Errno::NOENT);
        }
        if name.contains(&b'/') {
            return execve_or_shell(file, argv, envp);
        }
        let found: Result<c_int, Errno> = along_path(name, |candidate| {
            execve_or_shell(candidate, argv, envp);
            Err(Errno::from_raw_os_error(*libc::__errno_location()))
        });
        found.unwrap_or_else(fail)
    }
}

/// Executes a file, or the shell on it when the kernel does not know its format.
unsafe fn execve_or_shell(path: *const c_char, argv: Arguments, envp: Block) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        let result = execve_next(path, argv, envp);
        if *libc::__errno_location() != libc::ENOEXEC {
            return result;
        }
        let shell = c"/bin/sh".as_ptr();
        let rest = count(argv).max(1) - 1;
        let made = frame::with_words(rest + 3, |words| {
            words[0] = shell.expose_provenance();
            words[1] = path.expose_provenance();
            for index in 0..rest {
                words[2 + index] = (*argv.add(1 + index)).expose_provenance();
            }
            execve_next(shell, words.as_ptr().cast(), envp)
        });
        made.unwrap_or_else(|| fail(Errno::TOOBIG))
    }
}

/// Writes a descriptor's number.
fn decimal(number: c_int, digits: &mut [u8; 10]) -> &[u8] {
    let mut first = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            return &digits[first..];
        }
    }
}
