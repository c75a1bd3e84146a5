//! A process that cannot be mistaken for another one with its id.
use procfs::process::{Process, Stat, all_processes};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde::{Deserialize, Serialize};
use std::os::fd::OwnedFd;

/// A process: its id, when it started, and where that means something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// Its id.
    pub pid: u32,
    /// When it started, in ticks after the boot.
    pub start: u64,
    /// The boot of the host.
    pub boot: String,
    /// The pid namespace, by its inode number.
    pub namespace: u64,
    /// The host's node name.
    pub host: String,
}

impl Identity {
    /// Identifies a process that is there.
    pub fn of(pid: u32) -> Option<Self> {
        let stat = Process::new(i32::try_from(pid).ok()?).ok()?.stat().ok()?;
        let place = Place::here();
        is_alive(&stat).then(|| place.identity(&stat))
    }

    /// Identifies the calling process.
    pub fn own() -> Option<Self> {
        Self::of(std::process::id())
    }

    /// Tells whether this host, and this container of it, is the one that the process runs on.
    pub fn is_here(&self) -> bool {
        let here = Place::here();
        self.host == here.host && (self.boot != here.boot || self.namespace == here.namespace)
    }

    /// Tells whether it is there and has not ended. What belongs to another boot or host is not.
    pub fn is_alive(&self) -> bool {
        Self::of(self.pid).is_some_and(|found| found == *self)
    }

    /// Returns a descriptor of the process, when it is there.
    pub fn open(&self) -> Option<OwnedFd> {
        let pid = Pid::from_raw(i32::try_from(self.pid).ok()?)?;
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).ok()?;
        // Looked at after it was opened: the descriptor is of this process if its id still is.
        self.is_alive().then_some(pidfd)
    }
}

/// Returns the process and those that it has started, directly or not, and that are still below it.
pub fn tree(root: &Identity) -> Vec<Identity> {
    let place = Place::here();
    let stats = stats();
    let mut found: Vec<&Stat> = stats
        .iter()
        .filter(|stat| place.identity(stat) == *root)
        .collect();
    let mut next = 0;
    while next < found.len() {
        let parent = found[next].pid;
        found.extend(stats.iter().filter(|stat| stat.ppid == parent));
        next += 1;
    }
    found.into_iter().map(|stat| place.identity(stat)).collect()
}

/// Returns those whom the process has left behind in the session or the process group that it leads.
pub fn session(leader: &Identity) -> Vec<Identity> {
    let place = Place::here();
    let is_led = |stat: &Stat| {
        let leads = [stat.session, stat.pgrp].map(|id| u32::try_from(id) == Ok(leader.pid));
        leads.contains(&true) && stat.starttime >= leader.start
    };
    let stats = stats();
    // An id is not given again while a session or group has it: the one process with it is the leader, or nobody is led.
    let is_reused = stats
        .iter()
        .any(|stat| u32::try_from(stat.pid) == Ok(leader.pid) && stat.starttime != leader.start);
    if is_reused || place.boot != leader.boot {
        return Vec::new();
    }
    let led = stats.iter().filter(|stat| is_led(stat));
    led.map(|stat| place.identity(stat)).collect()
}

/// Returns all processes that have not ended.
pub fn stats() -> Vec<Stat> {
    let Ok(processes) = all_processes() else {
        return Vec::new();
    };
    let stats = processes.filter_map(|process| process.ok()?.stat().ok());
    stats.filter(is_alive).collect()
}

fn is_alive(stat: &Stat) -> bool {
    !matches!(stat.state, 'Z' | 'X' | 'x')
}

/// What a process id means something within.
pub struct Place {
    boot: String,
    namespace: u64,
    host: String,
}

impl Place {
    /// Describes this host and container.
    pub fn here() -> Self {
        let boot = procfs::sys::kernel::random::boot_id().unwrap_or_default();
        let namespace = rustix::fs::stat("/proc/self/ns/pid").map_or(0, |stat| stat.st_ino);
        let uname = rustix::system::uname();
        Self {
            boot,
            namespace,
            host: uname.nodename().to_string_lossy().into_owned(),
        }
    }

    /// Identifies a process of this place.
    pub fn identity(&self, stat: &Stat) -> Identity {
        Identity {
            pid: stat.pid.unsigned_abs(),
            start: stat.starttime,
            boot: self.boot.clone(),
            namespace: self.namespace,
            host: self.host.clone(),
        }
    }
}
