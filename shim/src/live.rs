//! Live links: what they lead to in the newest table, as far as this process has seen it.
//!
//! Only calls that pass a live link look at the table, at most one of them a second, and it is read only when another
//! file lies there. That one call does what no other hook does: it asks the kernel for files of its own, on a stack
//! and in memory of its own (`aside`, `memory`), so that it may be made in a signal handler or an allocator.

use std::ffi::{CStr, CString, OsStr, c_int};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use once_cell::race::OnceRef;
use psl_table::snapshot::Snapshot;
use psl_table::store::Stamp;
use psl_table::swap::{Reader, Swap};
use psl_table::watch::{Step, Watch};

use crate::aside::{self, Aside};
use crate::environment::Start;
use crate::memory::Arena;
use crate::notice::Notice;
use crate::report::{Level, Report};

mod look;

/// How long nobody looks after a look, in milliseconds.
const EVERY: u64 = 1000;

/// What a look has to know of the process as it was started.
struct Asking {
    aside: &'static Aside,
    pinned: &'static Snapshot,
    store: Option<PathBuf>,
    config: Option<PathBuf>,
    member: Option<String>,
    app: [Option<String>; 2],
    uid: u32,
    /// The program's path as executed.
    exe: Vec<u8>,
    env: Vec<(Vec<u8>, Vec<u8>)>,
    notice: Notice,
}

static ASKING: OnceRef<'static, Asking> = OnceRef::new();

/// What was seen at the last look that found another table than the one before.
struct Newest {
    /// The table's file.
    file: ManuallyDrop<CString>,
    stamp: Stamp,
    /// All places; none before a live link has another text than it had when the process started.
    snapshot: ManuallyDrop<Option<Snapshot>>,
    /// What all of this is in.
    _memory: Arena,
}

static NEWEST: Swap<Newest> = Swap::new();

/// Whether it was said why the table cannot be used, since it could.
static IS_SAID: AtomicBool = AtomicBool::new(false);

/// Whether nobody looks any more: a filter may kill who asks for more than the program does.
static IS_STILL: AtomicBool = AtomicBool::new(false);

/// Has live links stay as they are, or follow the table again; returns which it was.
pub fn stay(is_still: bool) -> bool {
    IS_STILL.swap(is_still, Ordering::Relaxed)
}

/// A snapshot that stays while this is kept.
pub struct Seen {
    pinned: &'static Snapshot,
    newest: Option<Reader<'static, Newest>>,
}

impl Deref for Seen {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        let newest = self.newest.as_ref();
        newest.map_or(self.pinned, |newest| newest.or(self.pinned))
    }
}

impl Newest {
    fn or<'a>(&'a self, pinned: &'a Snapshot) -> &'a Snapshot {
        self.snapshot.as_ref().unwrap_or(pinned)
    }
}

/// Notes whether a walk passes a live link.
#[derive(Default)]
pub struct Passed(pub bool);

impl Watch for Passed {
    #[inline(always)]
    fn step(&mut self, _: &[u8], step: Step<'_>) {
        if let Step::Link { link, .. } = step {
            self.0 |= link.live;
        }
    }
}

/// Keeps, before main, what looks need, if this snapshot has live links.
pub fn follow(start: &Start, pinned: &'static Snapshot, report: &Report<'_>) {
    if !pinned.has_live() {
        return;
    }
    let Some(aside) = aside::make() else {
        report.say(
            Level::Warn,
            "there is no memory to look at the table from time to time: live links stay as they are",
        );
        return;
    };
    let text = |name| start.get(name).and_then(OsStr::to_str).map(str::to_owned);
    let path = |name| {
        start
            .get(name)
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    };
    let variables = start.variables();
    let asking = Asking {
        aside,
        pinned,
        store: path("PSL_STORE").and_then(|path| std::path::absolute(path).ok()),
        config: path("PSL_CONFIG").and_then(|path| std::path::absolute(path).ok()),
        member: text("PSL_MEMBER").filter(|member| !member.is_empty()),
        app: [text("PSL_APP"), text("PSL_APP_VERSION")],
        uid: rustix::process::geteuid().as_raw(),
        exe: start.program.map_or(&[][..], CStr::to_bytes).to_vec(),
        env: variables
            .map(|(name, value)| (name.to_vec(), value.to_vec()))
            .collect(),
        notice: report.notice(),
    };
    // Only the constructor sets it.
    let _ = ASKING.set(Box::leak(Box::new(asking)));
}

/// Returns what was seen last; `pinned` if that is nothing else.
pub fn seen(pinned: &'static Snapshot) -> Seen {
    let newest = NEWEST.read();
    Seen { pinned, newest }
}

/// Looks at the table, unless that was done within a second; whether live links lead elsewhere since.
///
/// errno stays as it is.
#[inline(never)]
pub fn look() -> bool {
    let asking = ASKING.get().filter(|_| !IS_STILL.load(Ordering::Relaxed));
    let Some(asking) = asking else {
        return false;
    };
    let mark = &asking.aside.mark;
    // The time of the last look, and in the lowest bit whether it is still under way.
    let last = mark.load(Ordering::Relaxed);
    let now = milliseconds();
    if last & 1 != 0 || last != 0 && now.saturating_sub(last >> 1) < EVERY {
        return false;
    }
    aside::undisturbed(|| {
        // Acquire pairs with the release below: who looked last is done with the stack.
        let turn = mark.compare_exchange(last, now << 1 | 1, Ordering::Acquire, Ordering::Relaxed);
        if turn.is_err() {
            return false;
        }
        // SAFETY: errno of this thread can always be read and written.
        let errno: *mut c_int = unsafe { libc::__errno_location() };
        // SAFETY: as above.
        let before = unsafe { *errno };
        let is_other = asking.look();
        // SAFETY: as above.
        unsafe { *errno = before };
        mark.store(now << 1, Ordering::Release);
        is_other
    })
}

fn milliseconds() -> u64 {
    let mut now = MaybeUninit::uninit();
    // SAFETY: there is room for it, and this clock is on every Linux, which leaves errno alone.
    let now = unsafe {
        libc::clock_gettime(libc::CLOCK_MONOTONIC, now.as_mut_ptr());
        now.assume_init()
    };
    let libc::timespec { tv_sec, tv_nsec } = now;
    tv_sec.cast_unsigned() * 1000 + tv_nsec.cast_unsigned() / 1_000_000
}
