//! Named semaphores behind a link: made, mapped and counted as libc does it with its own.

use std::ffi::{CStr, c_int, c_uint};
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use libc::{mode_t, sem_t};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};

use crate::search::with_text;
use crate::unique_name::unique_name;

/// A semaphore that is mapped, by its file: whoever opens it again gets the same address.
struct Mapping {
    next: *mut Mapping,
    file: (u64, u64),
    address: *mut sem_t,
    /// How often it is open; 0 for ever once it has been closed. Nobody opens so many that these add up.
    count: AtomicUsize,
}

static LAST: AtomicPtr<Mapping> = AtomicPtr::new(null_mut());

/// Does sem_open(3) with a file.
pub fn open(path: &CStr, flags: c_int, mode: mode_t, value: c_uint) -> Result<*mut sem_t, Errno> {
    let creates = flags & libc::O_CREAT != 0;
    let creates_new = creates && flags & libc::O_EXCL != 0;
    let kept = OFlags::from_bits_retain((flags & !(libc::O_CREAT | libc::O_ACCMODE)) as c_uint);
    let opening = kept | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    loop {
        if !creates_new {
            match rustix::fs::openat(CWD, path, opening, Mode::empty()) {
                Err(Errno::NOENT) if creates => {}
                opened => return map(&opened?),
            }
        }
        match create(path, mode, value) {
            // Somebody was faster.
            Err(Errno::EXIST) if !creates_new => {}
            created => return map(&created?),
        }
    }
}

/// Does sem_close(3); false if it is none of ours.
///
/// # Safety
///
/// Nobody uses it any more than it was opened.
pub unsafe fn close(semaphore: *mut sem_t) -> bool {
    // Acquire pairs with the release in `map`.
    let last = LAST.load(Ordering::Acquire);
    let is = |it: &Mapping| it.address == semaphore && it.count.load(Ordering::Relaxed) != 0;
    let Some(mapping) = find(last, null_mut(), is) else {
        return false;
    };
    // Release: what was done with it is done; acquire: by all others, too.
    if mapping.count.fetch_sub(1, Ordering::AcqRel) == 1 {
        // SAFETY: it was the last one, by the caller's promise.
        let unmapped = unsafe { rustix::mm::munmap(semaphore.cast(), size_of::<sem_t>()) };
        debug_assert!(unmapped.is_ok());
    }
    true
}

/// Makes the file, complete before it has its name.
fn create(path: &CStr, mode: mode_t, value: c_uint) -> Result<OwnedFd, Errno> {
    let mut initial = MaybeUninit::<[u8; size_of::<sem_t>()]>::zeroed();
    // SAFETY: it has the size; bytes are written by sem_init(3), the rest stays zero.
    let initial = unsafe {
        if libc::sem_init(initial.as_mut_ptr().cast(), 1, value) != 0 {
            return Err(Errno::INVAL);
        }
        initial.assume_init()
    };
    let dir = path.to_bytes();
    let slash = dir.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
    with_text(&[&dir[..=slash], &unique_name()], |aside| {
        // SAFETY: `with_text` makes a C string.
        let aside = unsafe { CStr::from_ptr(aside) };
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(CWD, aside, flags, Mode::from_raw_mode(mode)) {
            // It is not the semaphore's name that is taken.
            Err(Errno::EXIST) => return Err(Errno::AGAIN),
            opened => opened?,
        };
        let made = rustix::io::write(&file, &initial)
            .and_then(|_| rustix::fs::linkat(CWD, aside, CWD, path, AtFlags::empty()));
        // A name that cannot be removed was not there long enough to be in the way.
        let _ = rustix::fs::unlink(aside);
        made.map(|()| file)
    })
}

/// Maps a semaphore, unless it is mapped.
fn map(file: &OwnedFd) -> Result<*mut sem_t, Errno> {
    let stat = rustix::fs::fstat(file.as_fd())?;
    if (stat.st_size as u64) < size_of::<sem_t>() as u64 {
        return Err(Errno::INVAL);
    }
    let identity = (stat.st_dev, stat.st_ino);
    let mut own: *mut Mapping = null_mut();
    // Acquire pairs with the release below.
    let mut last = LAST.load(Ordering::Acquire);
    let mut seen = null_mut();
    loop {
        let open = |it: &Mapping| it.file == identity && reopen(&it.count);
        if let Some(mapping) = find(last, seen, open) {
            if !own.is_null() {
                // SAFETY: it was made below and never published.
                unsafe {
                    rustix::mm::munmap((*own).address.cast(), size_of::<sem_t>())?;
                    libc::free(own.cast());
                }
            }
            return Ok(mapping.address);
        }
        if own.is_null() {
            own = new_mapping(file, identity)?;
        }
        // SAFETY: it is not published yet.
        unsafe { (*own).next = last };
        match LAST.compare_exchange(last, own, Ordering::Release, Ordering::Acquire) {
            // SAFETY: mappings stay for ever.
            Ok(_) => return Ok(unsafe { (*own).address }),
            Err(other) => {
                seen = last;
                last = other;
            }
        }
    }
}

/// Counts one more, unless it has been closed.
fn reopen(count: &AtomicUsize) -> bool {
    let more = |count| if count == 0 { None } else { Some(count + 1) };
    count
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
        .is_ok()
}

fn new_mapping(file: &OwnedFd, identity: (u64, u64)) -> Result<*mut Mapping, Errno> {
    // SAFETY: a fresh mapping disturbs nothing; a fresh allocation has room for what is written to it.
    unsafe {
        let address = rustix::mm::mmap(
            null_mut(),
            size_of::<sem_t>(),
            ProtFlags::READ | ProtFlags::WRITE,
            MapFlags::SHARED,
            file,
            0,
        )?;
        let mapping: *mut Mapping = libc::malloc(size_of::<Mapping>()).cast();
        if mapping.is_null() {
            rustix::mm::munmap(address, size_of::<sem_t>())?;
            return Err(Errno::NOMEM);
        }
        mapping.write(Mapping {
            next: null_mut(),
            file: identity,
            address: address.cast(),
            count: AtomicUsize::new(1),
        });
        Ok(mapping)
    }
}

/// Finds a mapping among those from the first on, without `end` and what comes after it.
fn find(
    mut mapping: *mut Mapping,
    end: *mut Mapping,
    is: impl Fn(&Mapping) -> bool,
) -> Option<&'static Mapping> {
    while mapping != end {
        // SAFETY: mappings stay for ever, and `end` is null or among them.
        let it = unsafe { &*mapping };
        if is(it) {
            return Some(it);
        }
        mapping = it.next;
    }
    None
}
