//! Programs that the preload engine cannot carry: exchanged for one that the mount engine runs, refused, or warned of.

use std::ffi::{CStr, CString, c_char, c_int};

use once_cell::race::OnceRef;
use psl_table::config::OnUncovered;
use psl_table::executable::Uncovered;
use psl_table::tree::{Host, PATH_MAX, Tree};
use rustix::fd::BorrowedFd;
use rustix::fs::Access;
use rustix::io::Errno;

use super::arguments::with_head;
use super::{Arguments, Leaf, Program, Start, started};
use crate::environment::{self, Block, Preloads};
use crate::frame;
use crate::launch::carriage::Carriage;
use crate::libraries::directory_of;
use crate::notice::{Notice, say};
use crate::report::Level;
use crate::search::with_text;

/// What this instance does about such programs.
pub struct Policy {
    /// As the host is configured, or the instance was started.
    pub on_uncovered: OnUncovered,
    /// This library's path: psl-admin, which sets the mount engine up, is installed with it.
    pub library: Option<CString>,
    /// Where messages go.
    pub notice: Notice,
}

static POLICY: OnceRef<'static, Policy> = OnceRef::new();

/// Sets, once, what is done.
pub fn decide(policy: &'static Policy) {
    // Only the constructor calls this.
    let _ = POLICY.set(policy);
}

/// Starts a program in another way, or fails with `EPERM` after saying why.
///
/// # Safety
///
/// As for [`super::launch`].
pub unsafe fn launch<R>(
    program: Program,
    argv: Arguments,
    envp: Block,
    leaf: &Leaf,
    reason: Uncovered,
    start: Start<'_, R>,
) -> Result<R, Errno> {
    let Some(policy) = POLICY.get() else {
        // Nothing was decided: this is before main, and nothing may run as it is.
        return Err(Errno::PERM);
    };
    // SAFETY: the caller's promise.
    unsafe {
        let named = c_str(if leaf.is_interpreter {
            leaf.path
        } else {
            program.given
        });
        let refuse = |way_out: &[u8]| {
            let why = reason.reason().as_bytes();
            let parts: &[&[u8]] = &[b"\"", named, b"\" ", why, b": not executed; ", way_out];
            say(&policy.notice, Level::Error, parts);
            Err(Errno::PERM)
        };
        match policy.on_uncovered {
            OnUncovered::Warn => {
                let why = reason.reason().as_bytes();
                let end = b": it runs without the links (on_uncovered = \"warn\")";
                say(
                    &policy.notice,
                    Level::Warn,
                    &[b"\"", named, b"\" ", why, end],
                );
                started(leaf, envp, Carriage::Preload, start)
            }
            OnUncovered::Refuse => refuse(
                b"the preload engine alone may carry programs here (`psl-admin run --engine mount` starts an instance that carries it)",
            ),
            OnUncovered::Mount if reason == Uncovered::Rights => {
                refuse(b"the mount engine's user namespace would take those rights away")
            }
            OnUncovered::Mount => {
                let library = policy.library.as_deref().map_or(&b""[..], CStr::to_bytes);
                with_admin(directory_of(library), |admin| match admin {
                    Some(admin) => entered(program, argv, envp, admin, start),
                    None => refuse(
                        b"the mount engine would carry it, but psl-admin is not where the shim belongs to",
                    ),
                })
            }
        }
    }
}

/// Hands on where psl-admin is: beside this library, or in `bin` of a prefix that has the library in `lib/psl`.
fn with_admin<R>(
    dir: &[u8],
    then: impl FnOnce(Option<&CStr>) -> Result<R, Errno>,
) -> Result<R, Errno> {
    let mut then = Some(then);
    for below in [&b"/psl-admin"[..], b"/../../bin/psl-admin"] {
        let found = with_text(&[dir, below], |path| {
            // SAFETY: `with_text` ends it with a NUL.
            let path = unsafe { CStr::from_ptr(path) };
            rustix::fs::access(path, Access::EXEC_OK)?;
            Ok(then.take().map(|then| then(Some(path))))
        });
        if let Ok(Some(found)) = found {
            return found;
        }
    }
    match then.take() {
        Some(then) => then(None),
        None => Err(Errno::PERM),
    }
}

/// Has `psl-admin enter` start a program as the caller named it.
unsafe fn entered<R>(
    program: Program,
    argv: Arguments,
    envp: Block,
    admin: &CStr,
    start: Start<'_, R>,
) -> Result<R, Errno> {
    // SAFETY: the caller's promise.
    unsafe {
        with_path(program, |path| {
            // Without an argument zero the kernel makes an empty one.
            let zero = match argv.is_null() || (*argv).is_null() {
                true => c"".as_ptr(),
                false => *argv,
            };
            let own = [c"psl-admin", c"enter", c"--"].map(CStr::as_ptr);
            with_head(&[own[0], own[1], own[2], path, zero], argv, |argv| {
                let entered = environment::complete(envp, Preloads::None, |envp| {
                    start(libc::AT_FDCWD, admin.as_ptr(), argv, envp)
                });
                entered.unwrap_or(Err(Errno::TOOBIG))
            })
        })
    }
}

/// Hands on a program's path, absolute where a descriptor would be needed to find it.
unsafe fn with_path<R>(
    program: Program,
    then: impl FnOnce(*const c_char) -> Result<R, Errno>,
) -> Result<R, Errno> {
    let Program { dir, path, cwd, .. } = program;
    // SAFETY: the caller's promise.
    unsafe {
        let name = c_str(path);
        if name.starts_with(b"/") || (dir == cwd && !name.is_empty()) {
            return then(path);
        }
        with_directory(dir, |dir| {
            let slash: &[u8] = if name.is_empty() { b"" } else { b"/" };
            with_text(&[dir, slash, name], then)
        })
    }
}

/// Hands on the path of an open file, on the stack: a walk's memory must not be kept by a child of vfork(2).
unsafe fn with_directory<R>(
    fd: c_int,
    then: impl FnOnce(&[u8]) -> Result<R, Errno>,
) -> Result<R, Errno> {
    if fd < 0 {
        return Err(Errno::BADF);
    }
    let made = frame::with_words(PATH_MAX / size_of::<usize>(), |words| {
        // SAFETY: words are bytes; the descriptor is only given to the kernel.
        let (room, fd) = unsafe {
            let room = std::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), PATH_MAX);
            (room, BorrowedFd::borrow_raw(fd))
        };
        let length = Host.path_of(fd, room)?;
        then(&room[..length])
    });
    made.unwrap_or(Err(Errno::NAMETOOLONG))
}

unsafe fn c_str<'a>(text: *const c_char) -> &'a [u8] {
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_bytes()
}
