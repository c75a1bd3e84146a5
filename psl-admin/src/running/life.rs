//! Whether a registered process still is there, judged from this host and this container of it.
use crate::members::detached::process::Identity;
use crate::running::entry::{Entry, host_part};
use procfs::process::{Process, Stat, all_processes};
use procfs::{ProcError, ProcResult};
use rustix::io::Errno;
use rustix::process::{Pid, getpid, test_kill_process};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::io;
use std::path::Path;

/// The inode number of the process namespace that all others are made in.
const FIRST_NAMESPACE: u64 = 4_026_531_836;

/// What tells one installation of an operating system from another; see machine-id(5).
const MACHINE: &str = "/etc/machine-id";

/// The purpose that the machine's id is hashed for: it is not to be told as it is.
const PURPOSE: &str = "psl-admin registrations of instances";

/// What is known of a registered process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It runs, and has this number here.
    Alive(i32),
    /// It has ended.
    Dead,
    /// It is another host's or container's, which alone can tell.
    Unknown,
}

/// This host, and this container of it.
#[derive(Debug)]
pub struct Here {
    own: Option<Identity>,
    machine: String,
    contained: OnceCell<Contained>,
}

impl Here {
    /// Looks at where this process is.
    pub fn new() -> Self {
        // A procfs of another process namespace tells other numbers.
        let is_own = std::fs::read_link("/proc/self")
            .is_ok_and(|pid| pid == Path::new(&getpid().to_string()));
        let machine = std::fs::read_to_string(MACHINE).unwrap_or_default();
        let machine = match machine.trim() {
            "" | "uninitialized" => String::new(),
            id => blake3::Hash::from(blake3::derive_key(PURPOSE, id.as_bytes())).to_hex()[..16]
                .to_owned(),
        };
        Self {
            own: is_own.then(Identity::own).flatten(),
            machine,
            contained: OnceCell::new(),
        }
    }

    /// Identifies the calling process.
    pub fn own(&self) -> io::Result<Identity> {
        self.own.clone().ok_or_else(|| {
            io::Error::other(
                "\"/proc\" does not show this process: mount the procfs of its namespace",
            )
        })
    }

    /// Returns what tells this host from others of its name.
    pub fn machine(&self) -> &str {
        &self.machine
    }

    /// Judges an entry.
    pub fn life_of(&self, entry: &Entry) -> Life {
        let (Some(here), process) = (&self.own, &entry.process) else {
            return Life::Unknown;
        };
        if process.boot != here.boot {
            // A container's number of a namespace, and often its name and machine-id, say nothing of the host.
            let is_same = process.host == here.host
                && entry.machine == self.machine
                && !self.machine.is_empty()
                && process.namespace == FIRST_NAMESPACE
                && here.namespace == FIRST_NAMESPACE;
            return if is_same { Life::Dead } else { Life::Unknown };
        }
        match process.namespace == here.namespace {
            true => neighbour(i32::try_from(process.pid).unwrap_or(0), process.start),
            false => self.contained(process),
        }
    }

    /// Tells whether an entry of this name may be one that this host can call dead; most can be told without reading.
    pub fn may_judge(&self, name: &str) -> bool {
        self.judged(name).unwrap_or(true)
    }

    /// Tells whether the process that an entry of this name is about was one of this process's own namespace, and has ended.
    pub fn is_over(&self, name: &str) -> bool {
        self.judged(name).unwrap_or(false)
    }

    /// Tells by an entry's name alone whether its process has ended; none where only its text tells.
    fn judged(&self, name: &str) -> Option<bool> {
        let Some(here) = &self.own else {
            return Some(false);
        };
        let Some(rest) = name.strip_prefix(&host_part(&here.host)) else {
            return Some(false);
        };
        let rest = rest.strip_prefix(&format!("{}.{}.", here.boot, here.namespace))?;
        let mut numbers = rest.split('.').map(str::parse::<u64>);
        let (Some(Ok(pid)), Some(Ok(start))) = (numbers.next(), numbers.next()) else {
            return None;
        };
        let pid = i32::try_from(pid).unwrap_or(0);
        Some(neighbour(pid, start) == Life::Dead)
    }

    fn contained(&self, process: &Identity) -> Life {
        let contained = self.contained.get_or_init(|| Contained::of(self));
        let number = i32::try_from(process.pid).unwrap_or(0);
        match contained.processes.get(&(process.namespace, number)) {
            Some(&pid) => Life::Alive(pid),
            None if contained.is_complete => Life::Dead,
            None => Life::Unknown,
        }
    }
}

/// The processes of the containers of this host.
#[derive(Debug)]
struct Contained {
    /// By their namespaces and their numbers there.
    processes: HashMap<(u64, i32), i32>,
    /// There are no others.
    is_complete: bool,
}

impl Contained {
    fn of(here: &Here) -> Self {
        let is_outside = here
            .own
            .as_ref()
            .is_some_and(|own| own.namespace == FIRST_NAMESPACE);
        let mut contained = Self {
            processes: HashMap::new(),
            // Processes may be hidden from other users.
            is_complete: is_outside && rustix::process::geteuid().is_root(),
        };
        match all_processes() {
            Ok(processes) => processes.for_each(|process| contained.add(process)),
            Err(_) => contained.is_complete = false,
        }
        contained
    }

    fn add(&mut self, process: ProcResult<Process>) {
        let numbers =
            |process: &Process| Ok((process.pid, process.status()?.nspid.unwrap_or_default()));
        let (pid, numbers) = match process.and_then(|process| numbers(&process)) {
            Ok(found) => found,
            Err(error) => return self.miss(matches!(error, ProcError::NotFound(_))),
        };
        // Everybody may see that it is in no namespace but this process's own.
        let [_, .., inner] = numbers[..] else { return };
        match rustix::fs::stat(format!("/proc/{pid}/ns/pid")) {
            Ok(stat) => _ = self.processes.insert((stat.st_ino, inner), pid),
            Err(errno) => self.miss(matches!(errno, Errno::NOENT | Errno::SRCH)),
        }
    }

    fn miss(&mut self, is_gone: bool) {
        self.is_complete &= is_gone;
    }
}

/// Judges a process of this process's own namespace.
fn neighbour(pid: i32, start: u64) -> Life {
    match Process::new(pid).and_then(|found| found.stat()) {
        Ok(stat) if is_that(&stat, start) => Life::Alive(pid),
        Ok(_) => Life::Dead,
        // Another user's may be hidden: see `hidepid` in proc(5).
        Err(_) => match Pid::from_raw(pid).map(test_kill_process) {
            Some(Err(Errno::SRCH)) | None => Life::Dead,
            Some(_) => Life::Unknown,
        },
    }
}

fn is_that(stat: &Stat, start: u64) -> bool {
    stat.starttime == start && !matches!(stat.state, 'Z' | 'X' | 'x')
}
