//! Names that libc makes up: the caller's template gets the letters, and keeps its spelling.

use std::ffi::{CStr, c_char, c_int};
use std::ptr::null_mut;

use psl_table::walk::Last;
use rustix::io::Errno;

use crate::call::{Failure, fail};
use crate::environment;
use crate::frame;
use crate::hooks::stored::NOWHERE;
use crate::resolve::{Operand, resolve};
use crate::search::with_text;

/// How many letters of a template are made up.
const LETTERS: usize = 6;

/// See mkstemp(3).
pub unsafe fn mkstemp(
    real: unsafe extern "C" fn(*mut c_char) -> c_int,
    template: *mut c_char,
) -> c_int {
    // SAFETY: the template is the caller's.
    unsafe { made_up(template, 0, |template| real(template)) }
}

/// See mkostemp(3).
pub unsafe fn mkostemp(
    real: unsafe extern "C" fn(*mut c_char, c_int) -> c_int,
    template: *mut c_char,
    flags: c_int,
) -> c_int {
    // SAFETY: the template is the caller's.
    unsafe { made_up(template, 0, |template| real(template, flags)) }
}

/// See mkstemps(3).
pub unsafe fn mkstemps(
    real: unsafe extern "C" fn(*mut c_char, c_int) -> c_int,
    template: *mut c_char,
    suffix: c_int,
) -> c_int {
    // SAFETY: the template is the caller's.
    unsafe { made_up(template, suffix, |template| real(template, suffix)) }
}

/// See mkostemps(3).
pub unsafe fn mkostemps(
    real: unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int,
    template: *mut c_char,
    suffix: c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: the template is the caller's.
    unsafe { made_up(template, suffix, |template| real(template, suffix, flags)) }
}

/// See mkdtemp(3).
pub unsafe fn mkdtemp(
    real: unsafe extern "C" fn(*mut c_char) -> *mut c_char,
    template: *mut c_char,
) -> *mut c_char {
    // SAFETY: the template is the caller's.
    let made = unsafe { made_up(template, 0, |template| real(template)) };
    if made.is_null() { made } else { template }
}

/// See mktemp(3): it returns its template always, empty when there is no name.
pub unsafe fn mktemp(
    real: unsafe extern "C" fn(*mut c_char) -> *mut c_char,
    template: *mut c_char,
) -> *mut c_char {
    // SAFETY: the template is the caller's.
    unsafe {
        let made = made_up(template, 0, |template| {
            let made = real(template);
            if *made == 0 { null_mut() } else { made }
        });
        if made.is_null() && !template.is_null() {
            *template = 0;
        }
    }
    template
}

/// See tempnam(3): `TMPDIR`, then `dir`, then `/tmp`, the first that is a directory.
///
/// The next definition would look for `TMPDIR` without links; the name is made up here, by mktemp(3).
pub unsafe fn tempnam(
    _: unsafe extern "C" fn(*const c_char, *const c_char) -> *mut c_char,
    dir: *const c_char,
    prefix: *const c_char,
) -> *mut c_char {
    // SAFETY: the arguments are the caller's, null or C strings; the environment is this process's. The caller
    // frees what is returned, so it comes from the process's own allocator.
    unsafe {
        let given = (!dir.is_null()).then(|| CStr::from_ptr(dir));
        let wanted = [
            environment::find(environment::current(), b"TMPDIR"),
            given,
            Some(c"/tmp"),
        ];
        let Some(dir) = wanted.into_iter().flatten().find(|dir| is_directory(dir)) else {
            return fail(Errno::NOENT);
        };
        let dir = dir.to_bytes();
        let end = dir
            .iter()
            .rposition(|&byte| byte != b'/')
            .map_or(1, |last| last + 1);
        let prefix = if prefix.is_null() || *prefix == 0 {
            c"file"
        } else {
            CStr::from_ptr(prefix)
        };
        let prefix = prefix.to_bytes();
        let parts = [
            &dir[..end],
            b"/",
            &prefix[..prefix.len().min(5)],
            &[b'X'; LETTERS],
            b"\0",
        ];
        let template: *mut c_char = libc::malloc(parts.iter().map(|part| part.len()).sum()).cast();
        if template.is_null() {
            return fail(Errno::NOMEM);
        }
        let mut at = template;
        for part in parts {
            at.copy_from_nonoverlapping(part.as_ptr().cast(), part.len());
            at = at.add(part.len());
        }
        let Some(real) = super::mktemp::REAL.get() else {
            return fail(Errno::NOSYS);
        };
        if *mktemp(real, template) == 0 {
            libc::free(template.cast());
            return null_mut();
        }
        template
    }
}

unsafe fn is_directory(path: &CStr) -> bool {
    let is_directory = |path: &CStr| {
        rustix::fs::stat(path)
            .is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode).is_dir())
    };
    // SAFETY: a C string.
    unsafe {
        resolve(
            libc::AT_FDCWD,
            path.as_ptr(),
            Last::Followed,
            |operand| match operand {
                Operand::Given => is_directory(path),
                Operand::Rewritten(name) => is_directory(name),
                Operand::Link(_) | Operand::Error(_) => false,
            },
        )
    }
}

/// Calls with a template that has no link on the way, and copies the letters to the caller's.
///
/// `suffix` is how many bytes come after the letters.
unsafe fn made_up<R: Failure>(
    template: *mut c_char,
    suffix: c_int,
    call: impl FnOnce(*mut c_char) -> R,
) -> R {
    // SAFETY: the template is the caller's.
    unsafe {
        resolve(
            libc::AT_FDCWD,
            template,
            Last::Entry,
            |operand| match operand {
                Operand::Given => call(template),
                Operand::Rewritten(name) => made_up_as(template, suffix, name, call),
                // mktemp(3) has names for a directory that is not there, too.
                Operand::Error(Errno::NOENT) => {
                    let given = CStr::from_ptr(template).to_bytes();
                    let made = with_text(&[NOWHERE.to_bytes(), b"/", given], |name| {
                        Ok(made_up_as(template, suffix, CStr::from_ptr(name), call))
                    });
                    made.unwrap_or_else(fail)
                }
                Operand::Error(errno) => fail(errno),
                // A name of letters that is a link's is taken; without letters libc says EINVAL.
                Operand::Link(_) => fail(Errno::EXIST),
            },
        )
    }
}

/// Calls with a copy of `name`, which ends as the template does.
unsafe fn made_up_as<R: Failure>(
    template: *mut c_char,
    suffix: c_int,
    name: &CStr,
    call: impl FnOnce(*mut c_char) -> R,
) -> R {
    let length = name.count_bytes();
    let made = frame::with_words(length / size_of::<usize>() + 1, |words| {
        let copy: *mut c_char = words.as_mut_ptr().cast();
        // SAFETY: the template is the caller's; what is copied is as long in both.
        unsafe {
            copy.copy_from_nonoverlapping(name.as_ptr(), length + 1);
            let made = call(copy);
            let tail = usize::try_from(suffix).unwrap_or(0).saturating_add(LETTERS);
            let given = CStr::from_ptr(template).count_bytes();
            if tail <= given.min(length) {
                template
                    .add(given - tail)
                    .copy_from_nonoverlapping(copy.add(length - tail), LETTERS);
            }
            made
        }
    });
    made.unwrap_or_else(|| fail(Errno::NAMETOOLONG))
}
