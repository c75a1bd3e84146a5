//! The processes of this host that have something of PSL, as far as this user may see them.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::identity::Identity;
use crate::instance::{Instance, Marks, OfStore, Silence, Traces};
use crate::running::{Here, Life, Registration};
use jiff::Timestamp;
use procfs::process::{Process, Stat, all_processes};
use psl_table::pinned::{Engine, Pinned, View};
use psl_table::store::Store;
use psl_table::table::Table;
use rustix::io::Errno;
use rustix::process::getpid;
use std::collections::HashSet;
use std::path::Path;

/// The flag of a process that is the kernel's own.
const KERNEL_THREAD: u32 = 0x0020_0000;

/// A process that has something of PSL.
#[derive(Debug)]
pub struct Seen {
    /// What it is part of; where it does not say, what it would be part of if it were started again.
    pub instance: Instance,
    /// Why it does not say.
    pub silence: Option<Silence>,
    /// The process that has started it, or has taken it over.
    pub parent: i32,
    /// When it started, in ticks after the boot.
    pub start: u64,
    /// The same as a moment, to the second; none where the boot's is not known.
    pub started: Option<Timestamp>,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Survey {
    /// In the order of their numbers.
    pub seen: Vec<Seen>,
    /// Those that this user may not look into.
    pub unseen: HashSet<i32>,
}

impl Survey {
    /// Looks at every process of this host but this one.
    pub fn take(store: &Store, current: &Table, member: Option<&str>) -> Result<Self, Failure> {
        let mut look = Look {
            of_store: OfStore::new(store),
            current,
            marks: Marks::default(),
            boot: procfs::boot_time_secs().ok(),
            survey: Self::default(),
        };
        let processes = all_processes().map_err(|error| {
            let message = format!("cannot see which processes there are: {error}");
            Failure::new(Exit::Storage, message).with_help("mount procfs on \"/proc\"")
        })?;
        let own = getpid().as_raw_nonzero().get();
        for process in processes.flatten().filter(|process| process.pid != own) {
            look.examine(process.pid);
        }
        // One that was just executed may not have had its libraries yet.
        let young: Vec<_> = look.survey.without_engine().collect();
        for pid in young {
            look.survey.seen.retain(|seen| seen.pid() != pid);
            look.examine(pid);
        }
        let mut survey = look.survey;
        survey
            .seen
            .retain(|seen| member.is_none_or(|member| member == seen.instance.pinned.member));
        survey.seen.sort_by_key(Seen::pid);
        Ok(survey)
    }

    fn without_engine(&self) -> impl Iterator<Item = i32> {
        let seen = self.seen.iter();
        seen.filter(|seen| seen.engine().is_none()).map(Seen::pid)
    }

    /// Tells whether nothing but its registration is known of an instance, which may have ended meanwhile.
    pub fn misses(&self, one: &Registration, here: &Here) -> bool {
        let Life::Alive(pid) = one.life else {
            return true;
        };
        let program = |pid: &str| Identity::of(&Path::new("/proc").join(pid).join("exe"));
        // It registers itself before it becomes its command.
        let is_beginning = || {
            let own = program("self");
            own.is_some() && program(&pid.to_string()) == own
        };
        let is_seen = self.seen.iter().any(|seen| seen.pid() == pid);
        !is_seen && !is_beginning() && here.life_of(&one.entry) != Life::Dead
    }

    /// Says what could not be seen.
    pub fn blind_spot(&self) -> Option<String> {
        if rustix::fs::lstat("/proc/1").err() == Some(Errno::NOENT) {
            return Some(
                "processes of other users are hidden: \"/proc\" is mounted with hidepid".into(),
            );
        }
        let who = match rustix::process::geteuid().is_root() {
            true => "that even root may not look into",
            false => "of other users, which root may look into",
        };
        match self.unseen.len() {
            0 => None,
            1 => Some(format!("not seen is 1 process {who}")),
            count => Some(format!("not seen are {count} processes {who}")),
        }
    }
}

impl Seen {
    /// Returns its number.
    pub fn pid(&self) -> i32 {
        self.instance.traces.pid
    }

    /// Returns what makes it see its links.
    pub fn engine(&self) -> Option<crate::engine::Engine> {
        self.silence
            .is_none()
            .then(|| self.instance.engine())
            .flatten()
    }
}

struct Look<'a> {
    of_store: OfStore<'a>,
    current: &'a Table,
    marks: Marks,
    /// When the host was booted, in seconds since the epoch.
    boot: Option<u64>,
    survey: Survey,
}

impl Look<'_> {
    /// Adds the process if it is of the store; what vanishes meanwhile is left out.
    fn examine(&mut self, pid: i32) {
        let Some(stat) = stat(pid) else { return };
        if stat.flags & KERNEL_THREAD != 0 {
            return;
        }
        let traces = match Traces::of(pid, &mut self.marks) {
            Ok(Some(traces)) => traces,
            Ok(None) => return,
            Err(error) => {
                let errno = Errno::from_io_error(&error);
                if !matches!(errno, Some(Errno::NOENT | Errno::SRCH)) {
                    self.survey.unseen.insert(pid);
                }
                return;
            }
        };
        let (pinned, silence) = match traces.pinned() {
            Ok(pinned) => (pinned, None),
            Err(silence) => (self.untold(&traces), Some(silence)),
        };
        if !self.of_store.is_of(&traces) {
            return;
        }
        let Ok(instance) = Instance::new(traces, pinned) else {
            return;
        };
        // Its number may have become another's while it was looked at.
        if self::stat(pid).is_some_and(|again| again.starttime == stat.starttime) {
            self.survey.seen.push(Seen {
                instance,
                silence,
                parent: stat.ppid,
                start: stat.starttime,
                started: self.moment(stat.starttime),
            });
        }
    }

    fn moment(&self, ticks: u64) -> Option<Timestamp> {
        let seconds = self.boot? + ticks / procfs::ticks_per_second();
        Timestamp::from_second(seconds.cast_signed()).ok()
    }

    fn untold(&self, traces: &Traces) -> Pinned {
        let member = traces.variable("PSL_MEMBER").unwrap_or_default();
        Pinned {
            generation: self.current.generation,
            member: String::from_utf8_lossy(member).into_owned(),
            engine: Engine::Auto(None),
            view: View::Open,
        }
    }
}

/// Reads the status of a process that has not ended.
fn stat(pid: i32) -> Option<Stat> {
    let stat = Process::new(pid).and_then(|process| process.stat()).ok()?;
    (!matches!(stat.state, 'Z' | 'X' | 'x')).then_some(stat)
}
