//! fts(3), rebuilt on the calls of `inner`: libc's own walk does not see links.
//!
//! The structures are the caller's to read, and libc's fts_set(3) writes to them: they are those of fts.h. What is
//! returned, in which order, and where the working directory is meanwhile, follows glibc.

use std::ffi::{CStr, c_char, c_int};

use rustix::io::Errno;

use self::entry::Entry;
use self::stream::{Build, Fts};
use crate::call::fail;
use crate::hooks::scan::Compare;
use crate::resolve::snapshot;

pub mod entry;
mod listed;
mod reading;
mod status;
pub mod stream;

/// The flags of fts_open(3).
const FTS_COMFOLLOW: c_int = 0x1;
const FTS_LOGICAL: c_int = 0x2;
const FTS_NOCHDIR: c_int = 0x4;
const FTS_NOSTAT: c_int = 0x8;
const FTS_PHYSICAL: c_int = 0x10;
const FTS_SEEDOT: c_int = 0x20;
const FTS_XDEV: c_int = 0x40;
const FTS_OPTIONMASK: c_int = 0xff;
/// Only the names of the children have been read.
const FTS_NAMEONLY: c_int = 0x100;
/// Nothing can be read any more.
const FTS_STOP: c_int = 0x200;
/// The stream was opened here, and not by libc, which has no such flag.
const OURS: c_int = 1 << 30;

/// What is done with an entry next.
const FTS_AGAIN: u16 = 1;
const FTS_FOLLOW: u16 = 2;
const FTS_NOINSTR: u16 = 3;
const FTS_SKIP: u16 = 4;

type Open = unsafe extern "C" fn(*const *const c_char, c_int, Compare) -> *mut Fts;

/// See fts_open(3).
pub unsafe fn open(
    real: Open,
    paths: *const *const c_char,
    options: c_int,
    compare: Compare,
) -> *mut Fts {
    // SAFETY: the arguments are the caller's, who called fts_open(3) with them.
    unsafe {
        if snapshot().is_none() {
            return real(paths, options, compare);
        }
        if options & !FTS_OPTIONMASK != 0 {
            return fail(Errno::INVAL);
        }
        let mut roots = Vec::new();
        let mut at = paths;
        while !(*at).is_null() {
            roots.push(CStr::from_ptr(*at));
            at = at.add(1);
        }
        match Fts::open(&roots, options, compare) {
            Ok(fts) => fts,
            Err(errno) => fail(errno),
        }
    }
}

/// See fts_read(3).
pub unsafe fn read(
    real: unsafe extern "C" fn(*mut Fts) -> *mut Entry,
    fts: *mut Fts,
) -> *mut Entry {
    // SAFETY: the argument is the caller's, who called fts_read(3) with it.
    unsafe {
        if !is_ours(fts) {
            return real(fts);
        }
        (*fts).read()
    }
}

/// See fts_children(3).
pub unsafe fn children(
    real: unsafe extern "C" fn(*mut Fts, c_int) -> *mut Entry,
    fts: *mut Fts,
    option: c_int,
) -> *mut Entry {
    // SAFETY: the arguments are the caller's, who called fts_children(3) with them.
    unsafe {
        if !is_ours(fts) {
            return real(fts, option);
        }
        match option {
            0 => (*fts).children(Build::Children),
            FTS_NAMEONLY => (*fts).children(Build::Names),
            _ => fail(Errno::INVAL),
        }
    }
}

/// See fts_close(3).
pub unsafe fn close(real: unsafe extern "C" fn(*mut Fts) -> c_int, fts: *mut Fts) -> c_int {
    // SAFETY: the argument is the caller's, who called fts_close(3) with it.
    unsafe {
        if !is_ours(fts) {
            return real(fts);
        }
        match Fts::close(fts) {
            Ok(()) => 0,
            Err(errno) => fail(errno),
        }
    }
}

unsafe fn is_ours(fts: *const Fts) -> bool {
    // SAFETY: the caller's promise.
    unsafe { (*fts).fts_options & OURS != 0 }
}
