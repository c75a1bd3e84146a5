//! Where ld.so(8) searches for libraries.

use std::ffi::CStr;

use rustix::fd::AsFd;
use rustix::fs::{CWD, Mode, OFlags};

use crate::snapshot::Snapshot;
use crate::tree::{Host, Tree};

/// What says where to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `DT_RPATH` of who needs the library, or of who needs that one.
    Rpath,
    /// `LD_LIBRARY_PATH`.
    LibraryPath,
    /// `DT_RUNPATH` of who needs the library.
    Runpath,
}

/// Where an object has libraries searched for.
#[derive(Clone, Copy, Debug)]
pub struct Paths<'p> {
    /// Its `DT_RPATH`.
    pub rpath: Option<&'p [u8]>,
    /// Its `DT_RUNPATH`.
    pub runpath: Option<&'p [u8]>,
    /// The directory that `$ORIGIN` stands for in them.
    pub origin: &'p [u8],
}

/// A list of directories.
#[derive(Clone, Copy, Debug)]
pub struct List<'l> {
    /// Where it stands.
    pub source: Source,
    /// Its text.
    pub text: &'l [u8],
    /// What `$ORIGIN` stands for in it.
    pub origin: &'l [u8],
}

/// Returns the lists in which the loader searches, in its order, before its cache and its default directories.
///
/// `asking` is who needs the library, `loaders` those that it was loaded for, the program last.
pub fn lists<'l>(
    asking: Paths<'l>,
    loaders: impl IntoIterator<Item = Paths<'l>>,
    library_path: Option<&'l [u8]>,
) -> Vec<List<'l>> {
    let mut found = Vec::new();
    let mut add = |source, text: Option<&'l [u8]>, origin| {
        // An empty one counts as none.
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            found.push(List {
                source,
                text,
                origin,
            });
        }
    };
    if asking.runpath.is_none() {
        for object in std::iter::once(asking).chain(loaders) {
            if object.runpath.is_none() {
                add(Source::Rpath, object.rpath, object.origin);
            }
        }
    }
    add(Source::LibraryPath, library_path, b"");
    add(Source::Runpath, asking.runpath, asking.origin);
    found
}

/// Iterates over the directories of a list; one without a name is the working directory.
pub fn directories(list: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    // A semicolon separates in LD_LIBRARY_PATH alone; in the others nobody's directory has one.
    list.split(|byte| b":;".contains(byte))
        .filter(|_| !list.is_empty())
        .map(|dir| if dir.is_empty() { b"." } else { dir })
}

/// Iterates over the paths that a library may have in one directory, variants for this processor first.
pub fn candidates(dir: &[u8], name: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let variants = variants().iter().copied().chain([""]);
    variants.map(move |variant| [dir, b"/", variant.as_bytes(), name].concat())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn paths<'p>(rpath: &'p [u8], runpath: &'p [u8], origin: &'p [u8]) -> Paths<'p> {
        let some = |text: &'p [u8]| Some(text).filter(|text| !text.is_empty());
        Paths {
            rpath: some(rpath),
            runpath: some(runpath),
            origin,
        }
    }

    /// The lists' texts with their origins, in order.
    fn order<'l>(
        asking: Paths<'l>,
        loaders: &[Paths<'l>],
        library_path: Option<&'l [u8]>,
    ) -> Vec<(&'l [u8], &'l [u8])> {
        let found = lists(asking, loaders.iter().copied(), library_path);
        found.iter().map(|it| (it.text, it.origin)).collect()
    }

    #[test]
    fn a_runpath_hides_the_rpaths_of_all_and_comes_after_the_variable() {
        let program = paths(b"/p", b"", b"/bin");
        let with = paths(b"/no", b"/run", b"/lib");
        let without = paths(b"/own", b"", b"/lib");
        assert_eq!(
            order(with, &[program], Some(b"/told")),
            [(&b"/told"[..], &b""[..]), (b"/run", b"/lib")]
        );
        assert_eq!(
            order(without, &[with, program], Some(b"/told")),
            [
                (&b"/own"[..], &b"/lib"[..]),
                (b"/p", b"/bin"),
                (b"/told", b"")
            ]
        );
    }

    #[test]
    fn an_empty_list_is_none_and_an_empty_name_in_one_is_the_working_directory() {
        let asking = paths(b"", b"", b"/lib");
        assert!(order(asking, &[], Some(b"")).is_empty());
        assert_eq!(directories(b"").count(), 0);
        let named: Vec<_> = directories(b":/a;").collect();
        assert_eq!(named, [&b"."[..], b"/a", b"."]);
    }
}
