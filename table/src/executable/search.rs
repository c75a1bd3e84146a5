//! Where ld.so(8) searches for libraries.

use std::ffi::CStr;

use rustix::fd::AsFd;
use rustix::fs::{CWD, Mode, OFlags};

use crate::snapshot::Snapshot;
use crate::tree::{Host, Tree};

/// Iterates over the directories of a search path; none stands for the working directory.
pub fn directories(list: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    // A semicolon separates in LD_LIBRARY_PATH alone; in the others nobody's directory has one.
    list.split(|byte| b":;".contains(byte))
        .map(|dir| if dir.is_empty() { b"." } else { dir })
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

/// Whether a directory has a place in it whose name could be a library's; `room` is for the directory's path.
///
/// Without room to look, the dearer way is the safe one.
pub fn has_places(snapshot: &Snapshot, dir: &CStr, room: Option<&mut [u8]>) -> bool {
    let is_library = |name: &[u8]| name.windows(3).any(|part| part == b".so");
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
    let Some(path) = room else {
        return true;
    };
    match Host.path_of(open.as_fd(), path) {
        Ok(length) => !snapshot.directory(&path[..length]).is_empty(),
        Err(_) => true,
    }
}
