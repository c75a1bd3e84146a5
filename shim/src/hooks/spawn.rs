//! posix_spawn(3) and its kin: the program, its interpreter, a search along `PATH` and the file actions follow links.
//!
//! A child that is to fail is spawned all the same, so that its file actions are carried out as far as the failure.

use std::ffi::{CStr, c_char, c_int};

use libc::{posix_spawn_file_actions_t as FileActions, posix_spawnattr_t as Attributes};
use rustix::fs::{AtFlags, FileType};
use rustix::io::Errno;

use crate::call::{Code, fail};
use crate::descriptor::start_of;
use crate::environment::Block;
use crate::hooks::file_actions::Unreachable;
use crate::hooks::prepared::{Prepared, is_shortage};
use crate::launch::{Arguments, Program, check_executable, completed, launch};
use crate::resolve::snapshot;
use crate::search::along_path;

/// The prototype that all of them share: a process id or, for pidfd_spawn(3), a descriptor comes back in the first.
type Spawn = unsafe extern "C" fn(
    *mut c_int,
    *const c_char,
    *const FileActions,
    *const Attributes,
    Arguments,
    Block,
) -> Code;

/// See posix_spawn(3).
pub unsafe fn by_path(
    real: Spawn,
    id: *mut c_int,
    path: *const c_char,
    actions: *const FileActions,
    attributes: *const Attributes,
    argv: Arguments,
    envp: Block,
) -> Code {
    // SAFETY: the arguments are the caller's, who called posix_spawn(3) with them.
    unsafe {
        prepared(actions, |actions, cwd| {
            let spawn = |path, argv, envp| real(id, path, actions, attributes, argv, envp);
            let Some(cwd) = cwd else {
                return spawn(path, argv, envp);
            };
            let program = Program::started_in(cwd, path);
            launch(program, argv, envp, &mut |_, path, argv, envp| {
                Ok(spawn(path, argv, envp))
            })
            .unwrap_or_else(|errno| failing(errno, |path| spawn(path, argv, envp)))
        })
    }
}

/// See posix_spawnp(3).
pub unsafe fn posix_spawnp(
    real: Spawn,
    id: *mut c_int,
    file: *const c_char,
    actions: *const FileActions,
    attributes: *const Attributes,
    argv: Arguments,
    envp: Block,
) -> Code {
    // SAFETY: the arguments are the caller's; the type is posix_spawn's.
    unsafe {
        match super::posix_spawn::REAL.get() {
            Some(direct) => by_name(real, direct, id, file, actions, attributes, argv, envp),
            None => fail(Errno::NOSYS),
        }
    }
}

/// See posix_spawnp(3); it is to pidfd_spawn(3) what that is to posix_spawn(3).
pub unsafe fn pidfd_spawnp(
    real: Spawn,
    id: *mut c_int,
    file: *const c_char,
    actions: *const FileActions,
    attributes: *const Attributes,
    argv: Arguments,
    envp: Block,
) -> Code {
    // SAFETY: the arguments are the caller's; the type is pidfd_spawn's.
    unsafe {
        match super::pidfd_spawn::REAL.get() {
            Some(direct) => by_name(real, direct, id, file, actions, attributes, argv, envp),
            None => fail(Errno::NOSYS),
        }
    }
}

/// Spawns a program that is searched, with `real` where no link has a part in the search, else with `direct`.
///
/// The search is made here, for the child must not be spawned for each try. With `direct`, a script whose
/// interpreter is missing ends the search.
unsafe fn by_name(
    real: Spawn,
    direct: Spawn,
    id: *mut c_int,
    file: *const c_char,
    actions: *const FileActions,
    attributes: *const Attributes,
    argv: Arguments,
    envp: Block,
) -> Code {
    // SAFETY: the caller's promise.
    unsafe {
        let name = CStr::from_ptr(file).to_bytes();
        if snapshot().is_none() {
            return by_path(real, id, file, actions, attributes, argv, envp);
        }
        if name.is_empty() || name.contains(&b'/') {
            return by_path(direct, id, file, actions, attributes, argv, envp);
        }
        prepared(actions, |actions, cwd| {
            let own = |envp| real(id, file, actions, attributes, argv, envp);
            let own_completed = || completed(envp, |envp| Ok(own(envp))).unwrap_or_else(fail);
            let spawn = |path, argv, envp| direct(id, path, actions, attributes, argv, envp);
            let Some(cwd) = cwd else {
                return own_completed();
            };
            let mut without_links = true;
            let found = along_path(name, |candidate| {
                let mut is_resolved = false;
                let program = Program::started_in(cwd, candidate);
                let tried = launch(program, argv, envp, &mut |dir, path, given, envp| {
                    is_resolved = true;
                    without_links &= path == candidate && given == argv;
                    check_program(dir, path)?;
                    Ok(if without_links {
                        own(envp)
                    } else {
                        spawn(path, given, envp)
                    })
                });
                // Where a walk fails, it is at a link or something hidden: libc would find what really lies there.
                without_links &= is_resolved;
                tried
            });
            match found {
                Ok(spawned) => spawned,
                Err(_) if without_links => own_completed(),
                Err(errno) => failing(errno, |path| spawn(path, argv, envp)),
            }
        })
    }
}

/// Hands on the file actions as a child has to get them, and where it starts its program; none if it does not get
/// that far.
unsafe fn prepared(
    actions: *const FileActions,
    spawn: impl FnOnce(*const FileActions, Option<c_int>) -> Code,
) -> Code {
    // SAFETY: the caller's promise.
    let actions = match unsafe { Prepared::new(actions) } {
        Ok(actions) => actions,
        Err(errno) => return fail(errno),
    };
    // SAFETY: likewise.
    let cwd = match unsafe { actions.directory() } {
        Err(errno) if is_shortage(errno) => return fail(errno),
        cwd => cwd.ok(),
    };
    let cwd_fd = cwd.as_ref().map(|cwd| cwd.as_raw());
    actions.outcome(spawn(actions.as_ptr(), cwd_fd))
}

/// Spawns a child that fails to execute, and returns what it is to fail with.
fn failing(errno: Errno, spawn: impl FnOnce(*const c_char) -> Code) -> Code {
    Unreachable::outcome(spawn(Unreachable::NAME), errno)
}

/// Fails as execve(2) does with a file that is no program.
unsafe fn check_program(dir: c_int, path: *const c_char) -> Result<(), Errno> {
    // SAFETY: the caller's promise; the descriptor is only given to the kernel.
    unsafe {
        check_executable(dir, path)?;
        let path = CStr::from_ptr(path);
        let found = rustix::fs::statat(start_of(dir, path)?, path, AtFlags::empty())?;
        match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => Ok(()),
            _ => Err(Errno::ACCESS),
        }
    }
}
