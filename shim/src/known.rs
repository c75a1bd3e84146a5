//! What is known of names for a moment, so that almost no call has to ask the kernel or walk.
//!
//! A name is *quiet* if the kernel resolves it as the walk would: no link and nothing hidden is on the way. Behind a link,
//! what matters is the name that begins with the link's target: if that one is quiet, it is the way to the same file.
//! Only a symlink can change what a name leads to, so what was found stays so until somebody makes a symlink, renames or
//! mounts something. What this process does of that itself is known ([`forget`]); what others do is seen a moment later
//! (see [`now`]), as on storage whose clients keep attributes for a time.

use std::ffi::{CStr, c_char, c_int};
use std::mem::MaybeUninit;

use psl_table::hash::{combined, hash};
use psl_table::snapshot::{Link, Snapshot};
use psl_table::walk::Last;
use rustix::fs::CWD;

use crate::atomic::{AtomicU64, Ordering};
use crate::readable;
use crate::resolve;

mod learn;
mod names;
mod parts;
mod remembered;

pub use learn::learn;
use names::{Changes, Moment, Names};
use parts::{start_of_last, trimmed};

/// Directories on the way of other names, and through how many symlinks they were reached; apart, because single files
/// would drive them out.
static DIRECTORIES: Names<512> = Names::new();

/// Names that were asked for themselves: what is [`Known`] of them.
static FILES: Names<1024> = Names::new();

// The counts are among what the loader relocates: that page is this process's own in any case.

/// Counts what this process did that changes where names lead; from where on is this process's secret, so that nobody
/// can make two names with one hash.
#[unsafe(link_section = ".data")]
static CHANGES: Changes = Changes::new();

/// Counts what this process did that may keep it from the directory of a link.
#[unsafe(link_section = ".data")]
static CLOSED: Changes = Changes::new();

/// Tells the working directories that this process had from each other.
#[unsafe(link_section = ".data")]
static DIRECTORY: AtomicU64 = AtomicU64::new(1);

/// The process that [`DIRECTORY`] counts for.
#[unsafe(link_section = ".data")]
static OWNER: AtomicU64 = AtomicU64::new(0);

/// The working directory cannot be told from others: it is the thread's own, or that of a child that borrows this memory.
const UNKNOWN: u64 = 0;

/// What is known of a name: in one word, so that it comes in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known(u64);

impl Known {
    /// It is quiet, or fails in the kernel as it would in a walk.
    pub const QUIET: Self = Self(0);

    /// Nothing: a walk has to tell.
    pub const NOTHING: Self = Self(u64::MAX);

    /// Returns the way past the link that it leads through, if it is quiet from there on.
    pub fn detour(self) -> Option<Detour> {
        (self != Self::NOTHING).then(|| Detour::of(self.0))?
    }
}

/// The way past a link: its target in place of so many bytes that the name begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detour {
    link: u32,
    replaced: u16,
}

/// The longest name behind a link that is made without a walk, with its NUL, in bytes.
const ROOM: usize = 512;

impl Detour {
    const REPLACED: u32 = 12;
    const LINK: u32 = 20;

    /// Returns it as what is known of a name, for as long as [`CLOSED`] has this number; none where it has too many digits.
    fn known(self, closed: u64) -> Option<Known> {
        let (link, replaced) = (u64::from(self.link) + 1, u64::from(self.replaced));
        // The greatest link is none, so that this is neither quiet nor nothing.
        let is_short = (link + 1) >> Self::LINK == 0 && replaced >> Self::REPLACED == 0;
        let closed = closed << (Self::LINK + Self::REPLACED);
        is_short.then_some(Known(closed | link << Self::REPLACED | replaced))
    }

    /// Reads such a number; none if this process may have lost the way since.
    fn of(known: u64) -> Option<Self> {
        let (low, closed) = (known as u32, (known >> 32) as u32);
        // The count of changes is cut: nobody makes 2^32 of them in a moment.
        let is_open = closed == CLOSED.number() as u32;
        is_open.then_some(Self {
            link: (low >> Self::REPLACED).checked_sub(1)?,
            replaced: (low & ((1 << Self::REPLACED) - 1)) as u16,
        })
    }

    /// Hands on the name that leads the same way without the link; nothing where it has no room.
    #[inline(always)]
    pub fn name<R>(
        self,
        snapshot: &Snapshot,
        text: &[u8],
        then: impl FnOnce(Option<&CStr>) -> R,
    ) -> R {
        let mut room = [MaybeUninit::<u8>::uninit(); ROOM];
        then(self.write(snapshot, text, &mut room))
    }

    fn write<'r>(
        self,
        snapshot: &Snapshot,
        text: &[u8],
        room: &'r mut [MaybeUninit<u8>; ROOM],
    ) -> Option<&'r CStr> {
        let to = snapshot.link(self.link as usize)?.to.to_bytes();
        let rest = text.get(usize::from(self.replaced)..)?;
        let room: *mut u8 = room.as_mut_ptr().cast();
        let length = to.len() + rest.len();
        if length >= ROOM {
            return None;
        }
        // SAFETY: there is room for both texts and a NUL, and nobody else has it.
        unsafe {
            room.copy_from_nonoverlapping(to.as_ptr(), to.len());
            room.add(to.len())
                .copy_from_nonoverlapping(rest.as_ptr(), rest.len());
            room.add(length).write(0);
        }
        // SAFETY: these bytes were just written.
        let name = unsafe { std::slice::from_raw_parts(room, length + 1) };
        // SAFETY: neither text has a NUL.
        Some(unsafe { CStr::from_bytes_with_nul_unchecked(name) })
    }

    /// Makes the one past a link, which a name has at its first `replaced` bytes.
    fn past(snapshot: &Snapshot, link: &Link, replaced: usize) -> Option<Self> {
        Some(Self {
            link: snapshot.number_of(link)?.try_into().ok()?,
            replaced: replaced.try_into().ok()?,
        })
    }
}

/// Returns what is known of a name without asking anybody.
///
/// # Safety
///
/// As for [`resolve::resolve`].
// Once in the whole library: every hook would have a copy of it.
#[inline(never)]
pub unsafe fn glance(dir: c_int, path: *const c_char, last: Last) -> Known {
    let Some(snapshot) = resolve::snapshot() else {
        return Known::QUIET;
    };
    // SAFETY: the caller's promise.
    match unsafe { readable::at_once(path) } {
        Some(text) => of(snapshot, dir, text, last),
        None => Known::NOTHING,
    }
}

/// Does the same for the text of a name.
#[inline]
pub fn of(snapshot: &Snapshot, dir: c_int, text: &[u8], last: Last) -> Known {
    let is_absolute = text.first() == Some(&b'/');
    if !is_absolute && dir != libc::AT_FDCWD {
        return in_directory(snapshot, text, last);
    }
    let Some(moment) = now(is_absolute) else {
        return Known::NOTHING;
    };
    let hash = moment.of(last as u8).hash(text);
    match FILES.get(hash) {
        Some(known) => Known(known),
        None if last == Last::Followed => Known::NOTHING,
        None => of_entry(snapshot, moment, text, hash),
    }
}

/// Does the same for a name that is asked for the first time, whose last component is not followed: what is known of its
/// directory is enough if no place has its name.
#[inline(never)]
fn of_entry(snapshot: &Snapshot, moment: Moment, text: &[u8], hash: u64) -> Known {
    let (dir, component) = text.split_at(start_of_last(text));
    let dir = trimmed(dir);
    let is_quiet = !component.is_empty()
        && (dir.is_empty() || DIRECTORIES.get(moment.hash(dir)).is_some())
        && !snapshot.may_have(component);
    if !is_quiet {
        return Known::NOTHING;
    }
    FILES.add(hash, Known::QUIET.0);
    Known::QUIET
}

/// Does the same for a name that begins at a descriptor: nobody remembers which directory that is.
#[inline(never)]
fn in_directory(snapshot: &Snapshot, name: &[u8], last: Last) -> Known {
    let is_quiet = last != Last::Followed
        && !name.is_empty()
        && !name.contains(&b'/')
        && !snapshot.has_name(name);
    if is_quiet {
        Known::QUIET
    } else {
        Known::NOTHING
    }
}

/// Returns the present moment of names that begin so: at most 2^24 ns, between two changes by this process itself.
#[inline]
fn now(is_absolute: bool) -> Option<Moment> {
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: the time is written to what lies here; the vDSO answers, without a system call.
    let told = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, time.as_mut_ptr()) };
    if told != 0 {
        return None;
    }
    // SAFETY: it was told.
    let time = unsafe { time.assume_init() };
    let tick = (time.tv_sec as u64) << 6 | (time.tv_nsec as u64) >> 24;
    let directory = match is_absolute {
        true => u64::MAX,
        // Relaxed: who changes directories while other threads look up names has to agree with them on the order.
        false => Some(DIRECTORY.load(Ordering::Relaxed)).filter(|&it| it != UNKNOWN)?,
    };
    Some(CHANGES.moment(tick, directory))
}

/// Begins to remember names that start at the working directory.
pub fn start() {
    own_memory();
    // SAFETY: it only reads the auxiliary vector.
    let random = unsafe { libc::getauxval(libc::AT_RANDOM) } as *const [u64; 2];
    if !random.is_null() {
        // SAFETY: the kernel has put sixteen bytes there, at no particular boundary.
        let secret = combined(unsafe { random.read_unaligned() });
        CHANGES.begin_at(secret);
    }
    // SAFETY: the function may run in a child of fork(2): it makes one system call and stores a number.
    unsafe { libc::pthread_atfork(None, None, Some(own_memory)) };
}

/// Remembers that this process has its memory for itself, as a child of fork(2) has and one of vfork(2) has not.
extern "C" fn own_memory() {
    OWNER.store(own(), Ordering::Relaxed);
}

/// Returns what tells this process from others; 0 where that cannot be told. A filter may forbid getpid(2).
fn own() -> u64 {
    let mut number = [0; 20];
    let length = rustix::fs::readlinkat_raw(CWD, c"/proc/self", &mut number);
    length.map_or(0, |length| hash(1, &number[..length]))
}

/// Forgets all names: this process changed where some lead.
pub fn forget() {
    CHANGES.count();
}

/// Forgets the ways past links: this process removed a directory, or changed who may search one.
pub fn forget_detours() {
    CLOSED.count();
}

/// Forgets names that begin at the working directory, which is another one from here on.
pub fn moved() {
    // A child of vfork(2) has a working directory of its own, and its parent's memory.
    let own = own();
    if own == 0 || OWNER.load(Ordering::Relaxed) != own {
        no_longer_shared();
    } else if DIRECTORY.load(Ordering::Relaxed) != UNKNOWN {
        DIRECTORY.fetch_add(1, Ordering::Relaxed);
    }
}

/// Remembers that threads may have working directories of their own.
pub fn no_longer_shared() {
    DIRECTORY.store(UNKNOWN, Ordering::Relaxed);
}
