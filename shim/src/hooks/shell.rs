//! `system` and `popen`: the shell is the one that links lead to, and belongs to the instance.
//!
//! libc starts `/bin/sh` by itself, with the environment as it is. Where that would be another shell than a symlink
//! leads to, or the environment lacks what the instance is made of (clearenv(3)), the command is exchanged for one that
//! puts this right and then executes the shell with the caller's: so signals, waiting and streams stay libc's.

use std::ffi::{CStr, c_char, c_int};

use libc::FILE;
use psl_table::walk::Last;
use rustix::fs::Access;
use rustix::io::Errno;

use crate::call::fail;
use crate::environment::{self, Block, Preloads};
use crate::frame;
use crate::readable::is_readable;
use crate::resolve::{Operand, resolve};

const SHELL: &CStr = c"/bin/sh";

/// Executes the shell once more: by now it is loaded with this library, and finds the one behind the link.
const AGAIN: &[u8] = br#"'exec /bin/sh -c -- "$1" sh' sh "#;

type System = unsafe extern "C" fn(*const c_char) -> c_int;
type Popen = unsafe extern "C" fn(*const c_char, *const c_char) -> *mut FILE;
type ProcOpen = unsafe extern "C" fn(*mut FILE, *const c_char, *const c_char) -> *mut FILE;

/// See system(3).
pub unsafe fn system(real: System, command: *const c_char) -> c_int {
    // SAFETY: the argument is the caller's, who called system(3) with it; the others are C strings.
    unsafe {
        if !command.is_null() {
            return with_command(command, |command| match command {
                Ok(command) => real(command),
                // Without a shell it is as if the shell had ended so.
                Err(_) => real(c"exit 127".as_ptr()),
            });
        }
        let asked = c"exit 0".as_ptr();
        with_command(asked, |command| match command {
            Ok(command) if command == asked => real(std::ptr::null()),
            Ok(command) => c_int::from(real(command) == 0),
            Err(_) => 0,
        })
    }
}

/// See popen(3).
pub unsafe fn popen(real: Popen, command: *const c_char, mode: *const c_char) -> *mut FILE {
    // SAFETY: the arguments are the caller's, who called popen(3) with them.
    unsafe {
        with_command(command, |command| match command {
            Ok(command) => real(command, mode),
            Err(errno) => fail(errno),
        })
    }
}

/// Does what popen(3) does once it has a stream.
pub unsafe fn proc_open(
    real: ProcOpen,
    stream: *mut FILE,
    command: *const c_char,
    mode: *const c_char,
) -> *mut FILE {
    // SAFETY: the arguments are the caller's.
    unsafe {
        with_command(command, |command| match command {
            Ok(command) => real(stream, command, mode),
            Err(errno) => fail(errno),
        })
    }
}

/// Hands on what libc's shell has to be told; an errno where the links lead to no shell.
///
/// A command that only fits without what is put around it (execve(2) takes 128 KiB) fails as one that does not.
unsafe fn with_command<R>(
    command: *const c_char,
    call: impl FnOnce(Result<*const c_char, Errno>) -> R,
) -> R {
    let is_behind_link = |operand: Operand<'_>| match operand {
        Operand::Given => Ok(false),
        Operand::Rewritten(name) => rustix::fs::access(name, Access::EXEC_OK).map(|()| true),
        Operand::Link(_) => Err(Errno::LOOP),
        Operand::Error(errno) => Err(errno),
    };
    // SAFETY: a C string; the environment is this process's; the caller's promise for the command.
    unsafe {
        if !is_readable(command) {
            return call(Ok(command));
        }
        let shell = SHELL.as_ptr();
        let is_linked = match resolve(libc::AT_FDCWD, shell, Last::Followed, is_behind_link) {
            Ok(is_linked) => is_linked,
            Err(errno) => return call(Err(errno)),
        };
        let own = environment::current();
        let mut call = Some(call);
        let mut call = |command| call.take().map(|call| call(command));
        let called = environment::complete(own, Preloads::AtLeastShim, |complete| {
            if complete == own && !is_linked {
                return call(Ok(command));
            }
            let given = CStr::from_ptr(command).to_bytes();
            let write = |put: &mut dyn FnMut(&[u8])| compose(own, complete, is_linked, given, put);
            let mut size = 1;
            write(&mut |bytes| size += bytes.len());
            frame::with_words(size.div_ceil(size_of::<usize>()), |words| {
                let start: *mut u8 = words.as_mut_ptr().cast();
                let mut at = start;
                write(&mut |bytes| {
                    at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
                    at = at.add(bytes.len());
                });
                call(Ok(start.cast()))
            })
            .flatten()
        });
        called
            .flatten()
            .or_else(|| call(Err(Errno::TOOBIG)))
            .expect("`call` is called by one of these, and once")
    }
}

/// Writes the command: what is missing is exported, then the shell executed with what the caller gave.
unsafe fn compose(
    own: Block,
    complete: Block,
    is_linked: bool,
    command: &[u8],
    put: &mut dyn FnMut(&[u8]),
) {
    let mut is_complete = true;
    // SAFETY: the caller's promise: both are environment blocks.
    let (own, complete) = unsafe { (environment::strings(own), environment::strings(complete)) };
    let kept = own.map(CStr::as_ptr);
    // What was put in is a string of ours; all others are the very same.
    for string in complete.filter(|string| !kept.clone().any(|kept| kept == string.as_ptr())) {
        is_complete = false;
        let string = string.to_bytes();
        let equals = string.iter().position(|&byte| byte == b'=');
        let (name, value) = string.split_at(equals.unwrap_or(string.len()));
        put(b"export ");
        put(name);
        put(b"=");
        quote(value.strip_prefix(b"=").unwrap_or(value), put);
        put(b"; ");
    }
    put(b"exec /bin/sh -c ");
    put(if is_linked && !is_complete {
        AGAIN
    } else {
        b"-- "
    });
    quote(command, put);
    // The shell's own name is `sh` to the command, as libc has it.
    if !is_linked || is_complete {
        put(b" sh");
    }
}

/// Writes a text so that a shell takes it as it is.
fn quote(text: &[u8], put: &mut dyn FnMut(&[u8])) {
    let mut parts = text.split(|&byte| byte == b'\'');
    put(b"'");
    put(parts.next().unwrap_or_default());
    for part in parts {
        put(br"'\''");
        put(part);
    }
    put(b"'");
}
