//! Where ld.so(8) searches for libraries, and whether a link has a part in what it finds there.

use std::ffi::{CStr, CString, OsStr, c_char};
use std::os::unix::ffi::OsStrExt;

use psl_table::executable::elf::Elf;
use psl_table::executable::script::Header;
use psl_table::tree::{Host, Tree};
use psl_table::walk::Last;
use rustix::fd::AsFd;
use rustix::fs::{CWD, Mode, OFlags};

use crate::intern::intern;
use crate::resolve::{Operand, resolve, snapshot};
use crate::scratch::Lease;
use crate::tokens::expanded;

/// Iterates over the directories of a search path; none stands for the working directory.
pub fn directories(list: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    // A semicolon separates in LD_LIBRARY_PATH alone; in the others nobody's directory has one.
    list.split(|byte| b":;".contains(byte))
        .map(|dir| if dir.is_empty() { b"." } else { dir })
}

/// Whether a search path of an object in the directory `origin` leads to what only links lead to.
pub fn leads_near_link(list: &[u8], origin: &[u8]) -> bool {
    directories(list).any(|dir| expanded(dir, origin, is_near_link).unwrap_or(true))
}

/// Whether a directory lies behind a link, or has links in it that could be libraries.
pub fn is_near_link(dir: &CStr) -> bool {
    match leads_through_link(dir) {
        false => has_libraries(dir),
        true => true,
    }
}

/// Whether a path leads through a link, or to what this process must not see.
pub fn leads_through_link(path: &CStr) -> bool {
    // SAFETY: it is a C string.
    unsafe {
        resolve(libc::AT_FDCWD, path.as_ptr(), Last::Followed, |operand| {
            !matches!(operand, Operand::Given)
        })
    }
}

/// Whether a directory has a place in it whose name could be a library's.
fn has_libraries(dir: &CStr) -> bool {
    let is_library = |name: &[u8]| name.windows(3).any(|part| part == b".so");
    let Some(snapshot) = snapshot() else {
        return false;
    };
    if !snapshot
        .places()
        .iter()
        .any(|place| is_library(&place.name))
    {
        return false;
    }
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(open) = rustix::fs::openat(CWD, dir, flags, Mode::empty()) else {
        return false;
    };
    let Some(mut lease) = Lease::take() else {
        return true;
    };
    let path = lease.buffer();
    match Host.path_of(open.as_fd(), path) {
        Ok(length) => !snapshot.directory(&path[..length]).is_empty(),
        Err(_) => true,
    }
}

/// Returns the directory of a file, without a slash at its end unless it is the root.
pub fn directory_of(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(0) => b"/",
        Some(slash) => &path[..slash],
        None => b".",
    }
}

/// Returns the subdirectories for variants of this processor, the best first, as glibc since 2.33 has them.
pub fn variants() -> &'static [&'static str] {
    #[cfg(target_arch = "x86_64")]
    {
        const ALL: [&str; 3] = [
            "glibc-hwcaps/x86-64-v4/",
            "glibc-hwcaps/x86-64-v3/",
            "glibc-hwcaps/x86-64-v2/",
        ];
        macro_rules! has {
            ($($feature:tt)*) => { $(std::arch::is_x86_feature_detected!($feature))&&* };
        }
        let second = has!("cmpxchg16b" "popcnt" "sse3" "sse4.1" "sse4.2" "ssse3");
        let third = second && has!("avx" "avx2" "bmi1" "bmi2" "f16c" "fma" "lzcnt" "movbe" "xsave");
        let fourth = third && has!("avx512f" "avx512bw" "avx512cd" "avx512dq" "avx512vl");
        match (fourth, third, second) {
            (true, ..) => &ALL,
            (_, true, _) => &ALL[1..],
            (_, _, true) => &ALL[2..],
            _ => &[],
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        &[]
    }
}

/// Returns where a path leads, if to a library for this machine.
pub fn member_library(path: &[u8]) -> Option<*const c_char> {
    let name = CString::new(path).ok()?;
    // SAFETY: a C string.
    let found = unsafe {
        resolve(
            libc::AT_FDCWD,
            name.as_ptr(),
            Last::Followed,
            |operand| match operand {
                Operand::Given => Some(path.to_vec()),
                Operand::Rewritten(name) => Some(name.to_bytes().to_vec()),
                Operand::Link(_) | Operand::Error(_) => None,
            },
        )
    }?;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = rustix::fs::open(OsStr::from_bytes(&found), flags, Mode::empty()).ok()?;
    let header = Header::read(file.as_fd()).ok()?;
    // The loader passes over libraries for another machine.
    Elf::read(file.as_fd(), header.bytes())?.ok()?;
    intern(&[&found])
}
