//! Whether the kernel could read what a caller points to: what it answers `EFAULT` to must not crash here.
//!
//! Only a system call can tell. The one that every program may be expected to allow (a seccomp filter kills for
//! others) is readlink(2), which a walk needs in any case; it costs as much as a call. So it is asked once for a page:
//! a page that could be read once is taken for readable from there on.

use std::ffi::{CStr, c_char};
use std::sync::atomic::{AtomicUsize, Ordering};

use psl_table::tree::PATH_MAX;
use rustix::io::Errno;
use syscalls::Sysno;

/// The smallest page that there is.
const PAGE: usize = 4096;

/// The pages that could be read, by number; one that shares its slot with another is asked for again.
static KNOWN: [AtomicUsize; 1024] = [const { AtomicUsize::new(0) }; 1024];

/// Returns the name that a caller points to, without its NUL, if it lies in one page that was read before.
///
/// # Safety
///
/// As for [`name`].
#[inline(always)]
pub unsafe fn at_once<'a>(at: *const c_char) -> Option<&'a [u8]> {
    let (page, in_page) = (at.addr() / PAGE, PAGE - at.addr() % PAGE);
    // Relaxed: a number says nothing of what the page holds. No slot has an address that cannot be.
    if page == 0 || KNOWN[page % KNOWN.len()].load(Ordering::Relaxed) != page {
        return None;
    }
    // SAFETY: the page can be read to its end.
    let length = unsafe { libc::strnlen(at, in_page) };
    // SAFETY: so many bytes were just read.
    (length < in_page).then(|| unsafe { std::slice::from_raw_parts(at.cast(), length) })
}

/// Returns the name that a caller points to.
///
/// Fails with `EFAULT` where the kernel would, and with `ENAMETOOLONG` where there is no end within [`PATH_MAX`].
///
/// # Safety
///
/// Whatever can be read at `at` stays as it is for `'a`.
pub unsafe fn name<'a>(at: *const c_char) -> Result<&'a CStr, Errno> {
    let mut length = 0;
    while length < PATH_MAX {
        let rest = at.wrapping_add(length);
        if !is_readable(rest) {
            return Err(Errno::FAULT);
        }
        let in_page = (PAGE - rest.addr() % PAGE).min(PATH_MAX - length);
        // SAFETY: the page can be read to its end.
        let more = unsafe { libc::strnlen(rest, in_page) };
        length += more;
        if more < in_page {
            // SAFETY: `length` bytes and a NUL were just read.
            let bytes = unsafe { std::slice::from_raw_parts(at.cast(), length + 1) };
            // SAFETY: the first NUL is the last byte.
            return Ok(unsafe { CStr::from_bytes_with_nul_unchecked(bytes) });
        }
    }
    Err(Errno::NAMETOOLONG)
}

/// Whether there is something to read at an address, and in its page behind it.
pub fn is_readable<T>(at: *const T) -> bool {
    if !may_be_mapped(at) {
        return false;
    }
    let page = at.addr() / PAGE;
    let known = &KNOWN[page % KNOWN.len()];
    // Relaxed: a number says nothing of what the page holds.
    if known.load(Ordering::Relaxed) == page {
        return true;
    }
    let is_readable = can_read(at.addr());
    if is_readable {
        known.store(page, Ordering::Relaxed);
    }
    is_readable
}

/// Whether the kernel would even look there.
pub fn may_be_mapped<T>(at: *const T) -> bool {
    /// Nothing is mapped below (vm.mmap_min_addr).
    const LOWEST: usize = 0x1_0000;
    /// User space ends here on x86-64 and aarch64 with 48-bit addresses.
    const HIGHEST: usize = 1 << 48;
    (LOWEST..HIGHEST).contains(&at.addr())
}

/// Has the kernel read a name here; what the name leads to, if anything, is not asked for.
fn can_read(at: usize) -> bool {
    /// No descriptor: a relative name leads nowhere.
    const NOWHERE: usize = -1_isize as usize;
    let mut buffer = 0_u8;
    // SAFETY: the kernel reads at `at` what it can, and writes at most one byte.
    let asked =
        unsafe { syscalls::syscall4(Sysno::readlinkat, NOWHERE, at, (&raw mut buffer).addr(), 1) };
    asked != Err(syscalls::Errno::EFAULT)
}
