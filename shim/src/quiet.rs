//! Names that lead nowhere near a link, remembered for a moment: what almost every call is about.
//!
//! A name is *quiet* if the kernel resolves it as the walk would: no link and nothing hidden is on the way. Only a
//! symlink can change what a name leads to, so what was found quiet stays so until somebody makes a symlink, renames or
//! mounts something. What this process does of that itself is known ([`forget`]); what others do is seen a moment later
//! (see [`now`]), as on storage whose clients keep attributes for a time.

use std::ffi::{CStr, c_int};

use psl_table::hash::{combined, hash};
use psl_table::snapshot::Snapshot;
use psl_table::tree::Host;
use psl_table::walk::{self, End, Last};
use rustix::fs::CWD;

use crate::atomic::{AtomicU64, Ordering};
use crate::descriptor::start_of;
use crate::scratch::Lease;

mod names;

use names::{Changes, Moment, Names};

/// Directories on the way of other names; apart, because single files would drive them out.
static DIRECTORIES: Names<512> = Names::new();

/// Names that were asked for themselves.
static FILES: Names<1024> = Names::new();

/// Counts what this process did that changes where names lead; from where on is this process's secret, so that nobody
/// can make two names with one hash.
static CHANGES: Changes = Changes::new();

/// Tells the working directories that this process had from each other.
static DIRECTORY: AtomicU64 = AtomicU64::new(1);

/// The process that [`DIRECTORY`] counts for.
static OWNER: AtomicU64 = AtomicU64::new(0);

/// The working directory cannot be told from others: it is the thread's own, or that of a child that borrows this memory.
const UNKNOWN: u64 = 0;

/// Returns the present moment of names that begin so: at most 2^24 ns, between two changes by this process itself.
fn now(is_absolute: bool) -> Option<Moment> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the time is written to what lies here; the vDSO answers, without a system call.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut time) };
    let tick = (time.tv_sec as u64) << 6 | (time.tv_nsec as u64) >> 24;
    let directory = match is_absolute {
        true => u64::MAX,
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

/// Whether a name is quiet, or fails in the kernel as it would in a walk; where this says no, a walk tells.
#[inline(never)]
pub fn is_quiet(snapshot: &Snapshot, dir: c_int, path: &CStr, last: Last) -> bool {
    let text = path.to_bytes();
    let (Some(first), Some(end)) = (text.first(), text.last()) else {
        return false;
    };
    let is_absolute = *first == b'/';
    if dir != libc::AT_FDCWD && !is_absolute {
        return is_quiet_in(snapshot, dir, path, last);
    }
    let Some(moment) = now(is_absolute) else {
        return false;
    };
    // What is asked for again and again, without taking it apart.
    if last == Last::Followed && *end != b'/' && FILES.has(moment.hash(text)) {
        return true;
    }
    let Some(name) = Name::of(text) else {
        return false;
    };
    if name.has_slash && last == Last::Entry || snapshot.has_name(name.last) {
        return false;
    }
    let follows = name.has_slash || last == Last::Followed;
    let is_parent_known = name.parent.is_empty() || DIRECTORIES.has(moment.hash(name.parent));
    !follows && is_parent_known || learn(snapshot, moment, &name, follows)
}

/// Does the same for a name that begins at a descriptor: nobody remembers which directory that is.
fn is_quiet_in(snapshot: &Snapshot, dir: c_int, path: &CStr, last: Last) -> bool {
    let name = path.to_bytes();
    !name.contains(&b'/')
        && !snapshot.has_name(name)
        && (last != Last::Followed || is_no_symlink(dir, path))
}

/// A name in its parts.
struct Name<'n> {
    /// Without slashes at its end.
    whole: &'n [u8],
    /// What leads to the directory of the last component; empty for the root and for where the name starts.
    parent: &'n [u8],
    last: &'n [u8],
    /// Whether there are slashes at its end.
    has_slash: bool,
}

impl<'n> Name<'n> {
    /// Takes a name apart; none if it has no last component.
    fn of(text: &'n [u8]) -> Option<Self> {
        let whole = trimmed(text);
        let start = start_of_last(whole);
        Some(Self {
            whole,
            parent: trimmed(&whole[..start]),
            last: Some(&whole[start..]).filter(|last| !last.is_empty())?,
            has_slash: whole.len() < text.len(),
        })
    }
}

fn start_of_last(name: &[u8]) -> usize {
    name.iter()
        .rposition(|&byte| byte == b'/')
        .map_or(0, |slash| slash + 1)
}

fn trimmed(name: &[u8]) -> &[u8] {
    let end = name.iter().rposition(|&byte| byte != b'/');
    &name[..end.map_or(0, |end| end + 1)]
}

/// What the kernel says of a name whose parent is quiet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// It is quiet, too.
    Quiet,
    /// It leads nowhere.
    Fails,
    /// It may lead to a link.
    Loud,
}

/// Asks the kernel for what is not known of a name, and remembers the answers.
#[cold]
fn learn(snapshot: &Snapshot, moment: Moment, name: &Name<'_>, follows: bool) -> bool {
    let Some(mut lease) = Lease::take() else {
        return false;
    };
    let mut known = name.parent;
    while !known.is_empty() && !DIRECTORIES.has(moment.hash(known)) {
        known = trimmed(&known[..start_of_last(known)]);
    }
    let mut length = known.len();
    while length < name.parent.len() {
        let rest = &name.parent[length..];
        let slashes = rest.iter().take_while(|&&byte| byte == b'/').count();
        let component = rest[slashes..].split(|&byte| byte == b'/').next();
        let component = component.unwrap_or_default();
        if snapshot.has_name(component) {
            return false;
        }
        length += slashes + component.len();
        let so_far = &name.parent[..length];
        match ask(snapshot, so_far, &mut lease) {
            Answer::Quiet => DIRECTORIES.add(moment.hash(so_far)),
            answer => return answer == Answer::Fails,
        }
    }
    if !follows {
        return true;
    }
    let answer = ask(snapshot, name.whole, &mut lease);
    if answer == Answer::Quiet {
        FILES.add(moment.hash(name.whole));
    }
    answer != Answer::Loud
}

fn ask(snapshot: &Snapshot, name: &[u8], lease: &mut Lease) -> Answer {
    let buffer = lease.buffer();
    let Some(copy) = buffer.get_mut(..=name.len()) else {
        return Answer::Loud;
    };
    copy[..name.len()].copy_from_slice(name);
    copy[name.len()] = 0;
    let Ok(path) = CStr::from_bytes_with_nul(copy) else {
        return Answer::Loud;
    };
    match rustix::fs::readlinkat_raw(CWD, path, &mut [0; 1]) {
        Err(errno) if walk::is_no_symlink(errno) => Answer::Quiet,
        Err(_) => Answer::Fails,
        Ok(_) => match walk::walk(snapshot, &Host, CWD, name, Last::Followed, lease) {
            Ok(End::Name {
                through_link: false,
                through_magic: false,
                ..
            }) => Answer::Quiet,
            _ => Answer::Loud,
        },
    }
}

/// Whether a name in a directory is there and no symlink.
fn is_no_symlink(dir: c_int, path: &CStr) -> bool {
    // SAFETY: it is only given to the kernel.
    let Ok(dir) = (unsafe { start_of(dir, path) }) else {
        return false;
    };
    let read = rustix::fs::readlinkat_raw(dir, path, &mut [0; 1]);
    read.is_err_and(walk::is_no_symlink)
}
