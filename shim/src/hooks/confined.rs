//! openat2(2), whose `resolve` flags may forbid what a link does.

use std::ffi::{CStr, c_char, c_int};
use std::ops::Range;

use libc::size_t;
use psl_table::tree::{Host, PATH_MAX, Tree as _};
use psl_table::walk::Last;
use rustix::fd::{AsFd, FromRawFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, StatxFlags};
use rustix::io::Errno;

use crate::call::fail;
use crate::descriptor::start_of;
use crate::link_itself::{self, kept_by_open};
use crate::readable::is_readable;
use crate::resolve::{Operand, resolve};
use crate::search::with_text;

/// What openat2(2) is to do.
#[repr(C)]
pub struct OpenHow {
    flags: u64,
    mode: u64,
    resolve: u64,
}

type Openat2 = unsafe extern "C" fn(c_int, *const c_char, *const OpenHow, size_t) -> c_int;

/// See openat2(2): a link is a symlink to an absolute path, which leads out of every confined tree.
///
/// With `RESOLVE_IN_ROOT`, `dir` is the root of a tree of its own, where the paths of links mean other directories:
/// no link holds there, as none does behind chroot(2).
pub unsafe fn openat2(
    real: Openat2,
    dir: c_int,
    path: *const c_char,
    how: *const OpenHow,
    size: size_t,
) -> c_int {
    // SAFETY: the arguments are the caller's; a shorter or missing structure is the kernel's to refuse.
    unsafe {
        if !is_readable(how) || size < size_of::<OpenHow>() {
            return real(dir, path, how, size);
        }
        let resolution = (*how).resolve;
        if resolution & libc::RESOLVE_IN_ROOT != 0 && !is_root(dir) {
            return real(dir, path, how, size);
        }
        let flags = (*how).flags as c_int;
        let last = kept_by_open(path, flags);
        resolve(dir, path, last, |met| {
            if let Operand::Given = met {
                return real(dir, path, how, size);
            }
            // SAFETY: it leads to a link, so it is a C string.
            let text = CStr::from_ptr(path).to_bytes();
            if let Err(errno) = permitted(real, dir, text, last, resolution) {
                return fail(errno);
            }
            match met {
                Operand::Given => real(dir, path, how, size),
                Operand::Rewritten(name) => real(dir, name.as_ptr(), how, size),
                Operand::Link(link) => link_itself::open(link, path, flags).unwrap_or_else(fail),
                Operand::Error(errno) => fail(errno),
            }
        })
    }
}

/// Whether a directory is this process's root.
unsafe fn is_root(dir: c_int) -> bool {
    // SAFETY: the descriptor is the caller's.
    let Ok(dir) = (unsafe { start_of(dir, c".") }) else {
        return false;
    };
    let identity = Host.identity(dir, c".");
    identity.is_ok() && identity == Host.identity(CWD, c"/")
}

/// Fails as the kernel would at the first symlink of a name that has to do with a link.
///
/// What comes before it is as the caller gave it, and the kernel's to judge.
unsafe fn permitted(
    real: Openat2,
    dir: c_int,
    text: &[u8],
    last: Last,
    resolution: u64,
) -> Result<(), Errno> {
    if resolution == 0 || text.len() >= PATH_MAX {
        return Ok(());
    }
    // SAFETY: the descriptor is the caller's.
    let Some((symlink, is_followed)) = (unsafe { first_symlink(dir, text, last) })? else {
        return Ok(());
    };
    let before = match symlink.start {
        0 => b".",
        start => &text[..start],
    };
    // SAFETY: likewise.
    let mount = unsafe { opened(real, dir, before, resolution) }?;
    if !is_followed {
        return Ok(());
    }
    if resolution & libc::RESOLVE_NO_SYMLINKS != 0 {
        return Err(Errno::LOOP);
    }
    // SAFETY: likewise.
    let crosses = resolution & libc::RESOLVE_NO_XDEV != 0
        && (!unsafe { knows_root(dir, &text[..symlink.end]) }? || mount != mount_of(CWD, c"/"));
    if crosses || resolution & libc::RESOLVE_BENEATH != 0 {
        return Err(Errno::XDEV);
    }
    Ok(())
}

/// Whether the kernel has asked where the root is: a name begins there, or goes up, or a symlink on its way does before
/// it comes to a link.
///
/// Until then the root lies across a mount to `RESOLVE_NO_XDEV`.
unsafe fn knows_root(dir: c_int, text: &[u8]) -> Result<bool, Errno> {
    if text.starts_with(b"/") || components(text).any(|it| &text[it] == b"..") {
        return Ok(true);
    }
    for component in components(text) {
        let mut target = [0; 512];
        let length = with_text(&[&text[..component.end]], |path| {
            // SAFETY: a C string; the descriptor is the caller's.
            unsafe {
                let path = CStr::from_ptr(path);
                Ok(rustix::fs::readlinkat_raw(start_of(dir, path)?, path, &mut target).ok())
            }
        })?;
        let target = &target[..length.unwrap_or(0)];
        if target.starts_with(b"/") {
            continue;
        }
        for it in components(target) {
            if &target[it.clone()] == b".." {
                return Ok(true);
            }
            // SAFETY: likewise.
            let is_given = with_text(
                &[&text[..component.start], &target[..it.end]],
                |path| unsafe {
                    Ok(resolve(dir, path, Last::Followed, |met| {
                        matches!(met, Operand::Given)
                    }))
                },
            )?;
            if !is_given {
                break;
            }
        }
    }
    Ok(false)
}

/// Returns where the components of a name stand.
fn components(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut end = 0;
    std::iter::from_fn(move || {
        let slashes = text[end..].iter().take_while(|&&byte| byte == b'/');
        let start = end + slashes.count();
        let name = text[start..].iter().take_while(|&&byte| byte != b'/');
        end = start + name.count();
        (start < end).then_some(start..end)
    })
}

/// Finds the first component that is a link or leads through one: where it stands, and whether it is followed.
unsafe fn first_symlink(
    dir: c_int,
    text: &[u8],
    last: Last,
) -> Result<Option<(Range<usize>, bool)>, Errno> {
    for component in components(text) {
        let is_last = text[component.end..].iter().all(|&byte| byte == b'/');
        let (through, last) = if is_last {
            (text, last)
        } else {
            (&text[..component.end], Last::Followed)
        };
        // SAFETY: a C string; the descriptor is the caller's.
        let is_followed = with_text(&[through], |through| unsafe {
            Ok(resolve(dir, through, last, |met| match met {
                Operand::Given => None,
                Operand::Link(_) => Some(false),
                Operand::Rewritten(_) | Operand::Error(_) => Some(true),
            }))
        })?;
        if let Some(is_followed) = is_followed {
            // SAFETY: likewise.
            let is_hidden = unsafe { is_hidden(dir, &text[..component.end]) }?;
            return Ok(Some((component, is_followed && !is_hidden)));
        }
    }
    Ok(None)
}

/// Whether a name is hidden itself: nothing is there, not even a symlink.
unsafe fn is_hidden(dir: c_int, text: &[u8]) -> Result<bool, Errno> {
    with_text(&[text], |path| {
        // SAFETY: a C string; the descriptor is the caller's.
        Ok(unsafe {
            resolve(dir, path, Last::Kept, |met| {
                matches!(met, Operand::Error(Errno::NOENT))
            })
        })
    })
}

/// Opens a directory as the kernel permits it, and returns its mount.
unsafe fn opened(
    real: Openat2,
    dir: c_int,
    text: &[u8],
    resolution: u64,
) -> Result<Option<u64>, Errno> {
    let how = OpenHow {
        flags: (libc::O_PATH | libc::O_CLOEXEC) as u64,
        mode: 0,
        resolve: resolution,
    };
    // SAFETY: a C string and a structure of that size; the descriptor is the caller's, what is opened is ours.
    with_text(&[text], |path| unsafe {
        let fd = real(dir, path, &raw const how, size_of::<OpenHow>());
        if fd < 0 {
            return Err(Errno::from_raw_os_error(*libc::__errno_location()));
        }
        Ok(mount_of(OwnedFd::from_raw_fd(fd), c""))
    })
}

/// Returns the number of a mount; none where the kernel does not tell.
fn mount_of(dir: impl AsFd, path: &CStr) -> Option<u64> {
    let stat = rustix::fs::statx(dir, path, AtFlags::EMPTY_PATH, StatxFlags::MNT_ID).ok()?;
    Some(stat.stx_mnt_id)
}
