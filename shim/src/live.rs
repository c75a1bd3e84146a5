//! Live links: what they lead to in the newest table, as far as this process has seen it.
//!
//! Only calls that pass a live link look at the table, at most one of them a second, and it is read only when another
//! file lies there. That one call does what no other hook does: it asks the kernel for files of its own, on a stack
//! and in memory of its own (`aside`, `memory`), so that it may be made in a signal handler or an allocator.

use std::ffi::{CStr, CString, OsStr, c_int};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ops::Deref;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use once_cell::race::OnceRef;
use psl_table::choices::Choices;
use psl_table::config::HostConfig;
use psl_table::error::Class;
use psl_table::snapshot::Snapshot;
use psl_table::store::{Stamp, Store, TABLE};
use psl_table::subject::Subject;
use psl_table::swap::{Reader, Swap};
use psl_table::tree::Host;
use psl_table::trust::Trust;
use psl_table::watch::{Step, Watch};
use rustix::event::{PollFd, PollFlags, Timespec};

use crate::aside::{self, Aside};
use crate::environment::Start;
use crate::memory::Arena;
use crate::notice::{self, Notice};
use crate::report::{Level, Report};

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

impl Asking {
    /// Returns whether live links lead elsewhere since.
    fn look(&self) -> bool {
        let last = NEWEST.read();
        let stamp = last.as_ref().map(|last| (last, Stamp::of(&last.file)));
        let size = match stamp {
            Some((last, Ok(stamp))) if stamp == last.stamp => {
                IS_SAID.store(false, Ordering::Relaxed);
                None
            }
            Some((_, Ok(stamp))) => Some(stamp.size),
            Some((_, Err(_))) | None => self.size(),
        };
        size.is_some_and(|size| self.read(last, size))
    }

    /// Returns the size of the table's file; none, and says why, where it cannot be found.
    fn size(&self) -> Option<u64> {
        let arena = Arena::new(0).or_else(|| self.no_memory())?;
        // SAFETY: only one thread looks at a time, and a number is in no memory.
        unsafe {
            self.aside.run(&arena, || match self.find() {
                Ok((_, _, stamp)) => Some(stamp.size),
                Err(reason) => {
                    self.say_once(&reason);
                    None
                }
            })
        }
    }

    /// Reads a table of this size, and keeps what live links have in it.
    fn read(&self, last: Option<Reader<'static, Newest>>, size: u64) -> bool {
        /// How much memory, at most, a byte of the table takes while it is read, and what comes of it.
        const READ: usize = 128;
        const KEPT: usize = 16;
        let size = usize::try_from(size).unwrap_or(0);
        let room = |factor: usize| Arena::new(size.saturating_mul(factor));
        let (Some(arena), Some(kept)) = (room(READ), room(KEPT)) else {
            return self.no_memory().unwrap_or_default();
        };
        let base = last
            .as_ref()
            .map_or(self.pinned, |last| last.or(self.pinned));
        // SAFETY: only one thread looks at a time; what is returned is in `kept`.
        let found = unsafe {
            self.aside.run(&arena, || {
                let (store, file, stamp) = match self.find() {
                    Ok(found) => found,
                    Err(reason) => {
                        self.say_once(&reason);
                        return Err(());
                    }
                };
                let changed = match self.newest(&store, base) {
                    Ok(changed) => {
                        IS_SAID.store(false, Ordering::Relaxed);
                        changed
                    }
                    Err(error) => {
                        self.say_once(&error.to_string());
                        // What is wrong with the text stays so; all else may have passed a second later.
                        if error.class() != Class::Invalid {
                            return Err(());
                        }
                        None
                    }
                };
                let is_other = changed.is_some();
                let kept_before = || last.as_ref().and_then(|last| (*last.snapshot).as_ref());
                self.aside.with(&kept, || {
                    let snapshot = changed.as_ref().or_else(kept_before).cloned();
                    Ok((file.clone(), stamp, snapshot, is_other))
                })
            })
        };
        let Ok((file, stamp, snapshot, is_other)) = found else {
            return false;
        };
        let newest = Newest {
            file: ManuallyDrop::new(file),
            stamp,
            snapshot: ManuallyDrop::new(snapshot),
            _memory: kept,
        };
        NEWEST.replace(Swap::version(last.as_ref()), newest) && is_other
    }

    /// Finds the store, as a launch does, and its table's file.
    fn find(&self) -> Result<((PathBuf, Trust), CString, Stamp), String> {
        let config = HostConfig::load(self.config.as_deref());
        let config = config.map_err(|error| error.to_string())?;
        let store = self.store.clone().or(config.store);
        let store = store.ok_or("no store is named any more")?;
        let table = store.join(TABLE);
        let file = CString::new(table.as_os_str().as_bytes());
        let file = file.map_err(|_| format!("{table:?} has a NUL"))?;
        match Stamp::of(&file) {
            Ok(stamp) => Ok(((store, config.trust), file, stamp)),
            Err(errno) => Err(format!("cannot look at {table:?}: {errno}")),
        }
    }

    /// Reads the table; returns `base` with the texts that live links have in it, none if they are the same.
    fn newest(
        &self,
        (store, trust): &(PathBuf, Trust),
        base: &Snapshot,
    ) -> psl_table::Result<Option<Snapshot>> {
        let table = Store::open(store, *trust)?.read()?;
        let [app, version] = self.app.clone();
        let exe = self.exe.as_slice();
        let subject = Subject::of_member(&table, self.member.as_deref())
            .with_user(&table, self.uid)
            .or_attributes(&table, app, version)
            .with_exe(exe)
            .with_env(self.env.clone());
        let choices = Choices::of(&table, &subject);
        // A text with a NUL is none that a table can have.
        Ok(base.with_live(&choices, exe, &Host).unwrap_or_default())
    }

    fn no_memory<T>(&self) -> Option<T> {
        self.say_once("there is no memory to read the table");
        None
    }

    /// Says, once, why live links stay as they are.
    fn say_once(&self, reason: &str) {
        if IS_SAID.swap(true, Ordering::Relaxed) {
            return;
        }
        let stderr = rustix::stdio::stderr();
        let mut broken = [PollFd::new(&stderr, PollFlags::empty())];
        // A pipe that nobody reads any more would end the process (SIGPIPE).
        let asked = rustix::event::poll(&mut broken, Some(&Timespec::default()));
        let is_broken = asked.is_ok() && broken[0].revents().contains(PollFlags::ERR);
        if !is_broken {
            let parts = [
                reason.as_bytes(),
                b"; live links stay as they are until it can be read",
            ];
            notice::say(&self.notice, Level::Warn, &parts);
        }
    }
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
