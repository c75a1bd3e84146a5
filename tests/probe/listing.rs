//! What a directory's listing shows.

use std::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::ptr::{null_mut, with_exposed_provenance_mut};

use libc::{DIR, dirent64 as Dirent};

use crate::call::symbol;
use crate::play::World;
use crate::seen::text;

type Read = unsafe extern "C" fn(*mut DIR) -> *mut Dirent;
type ReadInto = unsafe extern "C" fn(*mut DIR, *mut Dirent, *mut *mut Dirent) -> c_int;
type Stat = unsafe extern "C" fn(c_int, *const c_char, *mut libc::stat64, c_int) -> c_int;
type Close = unsafe extern "C" fn(*mut DIR) -> c_int;

/// The functions that read a stream, by the number that a script gives them.
const READERS: [&str; 4] = ["readdir64", "readdir", "readdir64_r", "readdir_r"];

/// Looks a function up as the dynamic linker does.
unsafe fn function<F: Copy>(name: &str) -> F {
    let address: *mut c_void = symbol(name);
    assert!(!address.is_null(), "{name} is a function of libc");
    // SAFETY: the caller names the function's type.
    unsafe { std::mem::transmute_copy(&address) }
}

/// Reads the next entry of an open stream by one of `READERS`.
unsafe fn next(dir: *mut DIR, reader: usize) -> Option<Dirent> {
    let name = READERS[reader];
    // SAFETY: the types are those of readdir(3) and readdir_r(3), and the caller's stream is open.
    unsafe {
        if !name.ends_with("_r") {
            return function::<Read>(name)(dir).as_ref().copied();
        }
        let mut entry: Dirent = std::mem::zeroed();
        let mut result = null_mut();
        let failed = function::<ReadInto>(name)(dir, &raw mut entry, &raw mut result);
        assert_eq!(failed, 0, "a stream can be read");
        result.as_ref().copied()
    }
}

fn name_of(entry: &Dirent) -> &CStr {
    // SAFETY: the name of an entry ends with a NUL.
    unsafe { CStr::from_ptr(entry.d_name.as_ptr()) }
}

unsafe fn close(dir: *mut DIR) {
    // SAFETY: the type is that of closedir(3), and nobody uses the stream any more.
    let failed = unsafe { function::<Close>("closedir")(dir) };
    assert_eq!(failed, 0, "a stream can be closed");
}

/// The entries of a stream, sorted, each with its type and whether lstat(2) knows it by that inode.
pub fn stream(world: &World, value: isize, reader: usize) -> String {
    if value == 0 {
        return String::new();
    }
    let dir: *mut DIR = with_exposed_provenance_mut(value as usize);
    let mut entries = Vec::new();
    // SAFETY: the call returned an open stream; the type is that of fstatat(2).
    unsafe {
        let lstat: Stat = function("fstatat64");
        while let Some(entry) = next(dir, reader) {
            let name = name_of(&entry);
            let mut it: libc::stat64 = std::mem::zeroed();
            let flags = libc::AT_SYMLINK_NOFOLLOW;
            let known = lstat(libc::dirfd(dir), name.as_ptr(), &raw mut it, flags) == 0;
            let kind = it.st_mode >> 12;
            // At the root of a mount `..` is another directory than the one that holds the entry.
            let agrees = known && it.st_ino == entry.d_ino && kind == u32::from(entry.d_type)
                || name == c"..";
            let whose = world.name_of((it.st_dev, it.st_ino), kind == 0o12);
            let odd = if agrees {
                ""
            } else {
                " (lstat says otherwise)"
            };
            entries.push(format!(
                "{} {} {whose}{odd}",
                text(name.to_bytes()),
                entry.d_type
            ));
        }
        close(dir);
    }
    entries.sort();
    entries.join(", ")
}

/// Goes back to every position of a stream, last first, and to its beginning; says whether the entries are the same.
pub fn positions(value: isize) -> String {
    if value == 0 {
        return String::new();
    }
    let dir: *mut DIR = with_exposed_provenance_mut(value as usize);
    // SAFETY: the call returned an open stream; the types are those of telldir(3), seekdir(3) and rewinddir(3).
    unsafe {
        let tell: unsafe extern "C" fn(*mut DIR) -> c_long = function("telldir");
        let seek: unsafe extern "C" fn(*mut DIR, c_long) = function("seekdir");
        let rewind: unsafe extern "C" fn(*mut DIR) = function("rewinddir");
        let mut seen = Vec::new();
        loop {
            let position = tell(dir);
            let entry = next(dir, 0);
            let name = entry.map(|entry| text(name_of(&entry).to_bytes()));
            seen.push((position, name.clone()));
            if name.is_none() {
                break;
            }
        }
        let mut odd = String::new();
        for (position, name) in seen.iter().rev() {
            seek(dir, *position);
            let again = next(dir, 0).map(|entry| text(name_of(&entry).to_bytes()));
            if again != *name {
                odd += &format!(" {name:?} was {again:?}");
            }
        }
        // From the middle to the end, and all over again.
        seek(dir, seen[seen.len() / 2].0);
        let rest = std::iter::from_fn(|| next(dir, 0)).count();
        rewind(dir);
        let all = std::iter::from_fn(|| next(dir, 0)).count();
        close(dir);
        format!(
            "{} entries, {rest} behind the middle, {all} again{odd}",
            seen.len() - 1
        )
    }
}

/// The result of scandir(3), in its order, which the caller has to free.
pub fn entries(count: c_int, list: u64) -> String {
    let list: *mut *mut Dirent = with_exposed_provenance_mut(list as usize);
    let mut names = Vec::new();
    for index in 0..count as usize {
        // SAFETY: the call returned so many entries, each in memory of its own.
        unsafe {
            let entry = *list.add(index);
            let name = CStr::from_ptr((&raw const (*entry).d_name).cast());
            names.push(format!("{} {}", text(name.to_bytes()), (*entry).d_type));
            libc::free(entry.cast());
        }
    }
    // SAFETY: likewise the list.
    unsafe { libc::free(list.cast()) };
    names.join(", ")
}
