//! glob(3): libc's own, which lists directories and asks what files are by functions that it can be given.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::null_mut;

use libc::{DIR, dirent64 as Dirent, size_t, stat64 as Stat};
use psl_table::walk::Last;

use crate::hooks::{inner, listing};
use crate::resolve::snapshot;

/// What matched, and where libc gets it from: glob.h's `glob_t`.
#[repr(C)]
pub struct Matches {
    /// How many there are.
    pub gl_pathc: size_t,
    /// Their names.
    pub gl_pathv: *mut *mut c_char,
    gl_offs: size_t,
    gl_flags: c_int,
    gl_closedir: Option<unsafe extern "C" fn(*mut c_void)>,
    gl_readdir: Option<unsafe extern "C" fn(*mut c_void) -> *mut Dirent>,
    gl_opendir: Option<unsafe extern "C" fn(*const c_char) -> *mut c_void>,
    gl_lstat: Option<unsafe extern "C" fn(*const c_char, *mut Stat) -> c_int>,
    gl_stat: Option<unsafe extern "C" fn(*const c_char, *mut Stat) -> c_int>,
}

/// Says whether to go on after an error, given a directory's name and errno.
pub type OnError = Option<unsafe extern "C" fn(*const c_char, c_int) -> c_int>;

type Glob = unsafe extern "C" fn(*const c_char, c_int, OnError, *mut Matches) -> c_int;

/// See glob(3). A caller with functions of its own has called hooks in them already.
pub unsafe fn glob(
    real: Glob,
    pattern: *const c_char,
    flags: c_int,
    on_error: OnError,
    matches: *mut Matches,
) -> c_int {
    // SAFETY: the arguments are the caller's, who called glob(3) with them.
    unsafe {
        if matches.is_null() || flags & libc::GLOB_ALTDIRFUNC != 0 || snapshot().is_none() {
            return real(pattern, flags, on_error, matches);
        }
        // A copy: the fields of the functions are the caller's to use for anything.
        let mut ours = Matches {
            gl_closedir: Some(closedir),
            gl_readdir: Some(readdir),
            gl_opendir: Some(opendir),
            gl_lstat: Some(lstat),
            gl_stat: Some(stat),
            ..matches.read()
        };
        let outer = LISTED.replace(null_mut());
        let result = real(
            pattern,
            flags | libc::GLOB_ALTDIRFUNC,
            on_error,
            &raw mut ours,
        );
        LISTED.set(outer);
        (*matches).gl_pathc = ours.gl_pathc;
        (*matches).gl_pathv = ours.gl_pathv;
        (*matches).gl_offs = ours.gl_offs;
        (*matches).gl_flags = ours.gl_flags & !libc::GLOB_ALTDIRFUNC;
        result
    }
}

/// Finds what matches as a caller of glob(3) would.
///
/// # Safety
///
/// As for glob(3).
pub unsafe fn find(pattern: *const c_char, flags: c_int, matches: &mut Matches) -> c_int {
    // SAFETY: the type is glob's; the caller's promise.
    unsafe {
        match super::glob64::REAL.get() {
            Some(real) => glob(real, pattern, flags, None, matches),
            None => libc::GLOB_NOSPACE,
        }
    }
}

impl Default for Matches {
    fn default() -> Self {
        Self {
            gl_pathc: 0,
            gl_pathv: null_mut(),
            gl_offs: 0,
            gl_flags: 0,
            gl_closedir: None,
            gl_readdir: None,
            gl_opendir: None,
            gl_lstat: None,
            gl_stat: None,
        }
    }
}

thread_local! {
    /// The directory that libc lists in this thread: what it asks meanwhile, it asks about the entry at hand.
    ///
    /// It would look that up in the open directory if it had no functions, and not count the symlinks before it.
    static LISTED: Cell<*mut DIR> = const { Cell::new(null_mut()) };
}

unsafe extern "C" fn opendir(path: *const c_char) -> *mut c_void {
    // SAFETY: libc gives a C string.
    let stream = unsafe { inner::open_stream(path) }.unwrap_or(null_mut());
    LISTED.set(stream);
    stream.cast()
}

unsafe extern "C" fn readdir(stream: *mut c_void) -> *mut Dirent {
    // SAFETY: libc gives what `opendir` returned.
    unsafe { listing::read(stream.cast()) }
}

unsafe extern "C" fn closedir(stream: *mut c_void) {
    LISTED.set(null_mut());
    // SAFETY: libc gives what `opendir` returned, once.
    unsafe { listing::close(stream.cast()) };
}

unsafe extern "C" fn stat(path: *const c_char, buf: *mut Stat) -> c_int {
    let listed = LISTED.get();
    // SAFETY: libc gives a C string and room for the result; what it lists is open.
    unsafe {
        if listed.is_null() {
            return stat_into(libc::AT_FDCWD, path, Last::Followed, buf);
        }
        let text = CStr::from_ptr(path).to_bytes();
        let slash = text.iter().rposition(|&byte| byte == b'/');
        let name = path.add(slash.map_or(0, |slash| slash + 1));
        stat_into(libc::dirfd(listed), name, Last::Followed, buf)
    }
}

unsafe extern "C" fn lstat(path: *const c_char, buf: *mut Stat) -> c_int {
    // SAFETY: libc gives a C string and room for the result.
    unsafe { stat_into(libc::AT_FDCWD, path, Last::Kept, buf) }
}

unsafe fn stat_into(dir: c_int, path: *const c_char, last: Last, buf: *mut Stat) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        match inner::stat(dir, path, last) {
            Ok(stat) => {
                buf.write(stat);
                0
            }
            Err(_) => -1,
        }
    }
}
