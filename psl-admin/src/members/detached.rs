//! Members whose command psl-admin starts itself, in a session of its own, and stops by signals.
pub mod birth;
mod found;
pub mod process;
pub mod record;

use crate::failure::Failure;
use crate::members::bounded::{self, KILLED, Until};
use crate::members::hooks::begin::Begin;
use crate::members::trouble::{State, Trouble};
use crate::members::{Permit, Running};
use crate::store_file;
use birth::Birth;
use process::Identity;
use psl_table::store::{Store, Trust};
use record::{HELD, Lock, Record};
use rustix::fs::OFlags;
use rustix::process::{Signal, pidfd_send_signal};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The directory in the store for traces of running instances.
const RUNNING: &str = "running";

/// How often a wait looks again at what cannot be waited for.
const LOOK: Duration = Duration::from_millis(20);

/// Which instances of a member count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that were started here: nobody's shell that looks at what has happened.
    Recorded,
    /// That for which somebody typed `psl-admin run`, too.
    Any,
}

/// Where detached members leave their traces, and what fences those who start them.
#[derive(Debug)]
pub struct Site {
    store: PathBuf,
    directory: PathBuf,
    fence: Option<(PathBuf, u64)>,
    trust: Trust,
}

impl Site {
    /// Names the directory `running/` of a store.
    pub fn of_store(store: &Store) -> Self {
        Self {
            directory: store.dir().join(RUNNING),
            store: store.dir().to_owned(),
            fence: None,
            trust: store.trust(),
        }
    }

    /// Refuses a directory that others may write; there may be none.
    pub fn check(&self) -> Result<(), Failure> {
        match store_file::directory(&self.directory, self.trust) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(store_file::failed("open", &self.directory, &error))
            }
            _ => Ok(()),
        }
    }

    /// Makes sure that the directory is there, and belongs to those who may write the store.
    pub fn prepare(&self) -> Result<(), Failure> {
        let directory = &self.directory;
        let made = store_file::made_directory(directory, self.trust);
        made.map(drop)
            .map_err(|error| store_file::failed("make", directory, &error))
    }

    /// Lets instances be born only as long as the file says that this token is the current one.
    #[must_use]
    pub fn fenced(self, owner: PathBuf, token: u64) -> Self {
        Self {
            fence: Some((owner, token)),
            ..self
        }
    }

    /// Returns whose files in the store are trusted.
    pub fn trust(&self) -> Trust {
        self.trust
    }

    /// Returns the directory of the traces.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Says how a command of a member is begun.
    pub fn begin(&self, member: &str, trace: &Path, argv: &[&str]) -> Begin {
        Begin {
            directory: self.directory.clone(),
            member: member.to_owned(),
            trace: trace.to_owned(),
            fence: self.fence.clone(),
            trusts_any: self.trust == Trust::Any,
            argv: argv.iter().map(|&argument| argument.to_owned()).collect(),
        }
    }

    /// Returns the store's directory.
    pub fn store(&self) -> &Path {
        &self.store
    }

    /// Returns the path of one of a member's files; no two kinds end alike, whatever members are called.
    pub fn file(&self, member: &str, what: &str) -> PathBuf {
        self.directory.join(format!("{member}.{what}"))
    }

    /// Tells whether the member has an instance on this host.
    pub fn running(&self, member: &str) -> Result<Running, Trouble> {
        Ok(match self.instance(member)? {
            Some(_) => Running::Yes,
            None => Running::No,
        })
    }

    /// Tells whether the instance that was started here has ended.
    pub fn has_died(&self, member: &str) -> Result<bool, Trouble> {
        Ok(self.recorded(member)?.is_none())
    }

    /// Returns the last lines of the member's log.
    pub fn last_words(&self, member: &str) -> String {
        let log = store_file::open(&self.file(member, "log"), OFlags::RDONLY, self.trust);
        log.and_then(|log| bounded::tail(&log)).unwrap_or_default()
    }

    /// Starts an instance unless one runs that has at least this generation.
    pub fn start(
        &self,
        member: &str,
        argv: &[&str],
        generation: u64,
        until: &Until<'_>,
        permit: Permit<'_>,
    ) -> Result<(), Trouble> {
        let failed = |error: io::Error| {
            let message = format!("its command cannot be started: {error}");
            Trouble::new(State::StartFailed, message)
        };
        if let Some(record) = self.recorded(member)? {
            return record.require(generation);
        }
        let flags = OFlags::WRONLY | OFlags::APPEND;
        let log = self.file(member, "log");
        let log = store_file::open_or_make(&log, flags, store_file::OWN, self.trust);
        let log = log.map_err(failed)?;
        permit()?;
        let birth = Birth {
            store: self.store.clone(),
            directory: self.directory.clone(),
            member: member.to_owned(),
            generation,
            fence: self.fence.clone(),
            trust: self.trust,
            command: argv.iter().map(Into::into).collect(),
        };
        let mut child = birth.begin(log).map_err(failed)?;
        // Whoever ends must be collected, or it counts as there; and an instance outlives this program.
        let pid = child.id();
        let ended = std::thread::spawn(move || child.wait());
        loop {
            if ended.is_finished() {
                let status = ended
                    .join()
                    .expect("the thread only waits")
                    .map_err(failed)?;
                // One that was on its way when its starter died may have been faster.
                if let Some(record) = self.recorded(member)? {
                    return record.require(generation);
                }
                let message = format!("its command ended at once ({status})");
                let trouble = Trouble::new(State::StartFailed, message);
                return Err(trouble.with_output(self.last_words(member)));
            }
            let recorded = Record::read(&self.directory, member, self.trust).map_err(failed)?;
            if recorded.is_some_and(|record| record.identity.pid == pid) {
                return Ok(());
            }
            if !until.pause(LOOK)? {
                let message = "its launch did not begin in time";
                return Err(Trouble::new(State::StartHung, message));
            }
        }
    }

    /// Stops what runs: asks by signal, and kills what is left when the deadline is over.
    pub fn stop(
        &self,
        member: &str,
        which: Which,
        signal: Signal,
        until: &Until<'_>,
        permit: Permit<'_>,
    ) -> Result<(), Trouble> {
        let failed = |error: io::Error| {
            let message = format!("its processes cannot be stopped: {error}");
            Trouble::new(State::StopFailed, message)
        };
        permit()?;
        let _lock = Lock::take(&self.directory, member, HELD, self.trust)
            .map_err(|error| Trouble::new(State::StopFailed, error.to_string()))?;
        let found = match which {
            Which::Recorded => self.recorded(member)?,
            Which::Any => self.instance(member)?,
        };
        let Some(record) = found else {
            return Ok(());
        };
        permit()?;
        let identity = record.identity;
        let mut rest = process::tree(&identity);
        let send = |to: &Identity, signal| match to.open() {
            Some(pidfd) => match pidfd_send_signal(&pidfd, signal) {
                Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(Some(pidfd)),
                Err(errno) => Err(failed(errno.into())),
            },
            None => Ok(None),
        };
        if let Some(leader) = send(&identity, signal)? {
            while !bounded::has_ended(&leader, LOOK).map_err(failed)? {
                if !until.pause(Duration::ZERO)? {
                    break;
                }
            }
        }
        // Those whom their leader has left behind are asked as well.
        let mut asked = Vec::new();
        let left = |rest: &mut Vec<Identity>| {
            rest.extend(process::session(&identity));
            rest.retain(Identity::is_alive);
            rest.sort_unstable();
            rest.dedup();
            !rest.is_empty()
        };
        while left(&mut rest) && until.pause(LOOK)? {
            for process in rest.iter().filter(|process| **process != identity) {
                if !asked.contains(process) {
                    asked.push(process.clone());
                    send(process, signal)?;
                }
            }
        }
        let never = || false;
        let until = Until::within(KILLED, &never);
        while left(&mut rest) {
            for process in &rest {
                send(process, Signal::KILL)?;
            }
            if !until.pause(LOOK)? {
                let message = format!("process {} was killed, and is still there", rest[0].pid);
                return Err(Trouble::new(State::DidNotStop, message));
            }
        }
        Record::remove(&self.directory, member).map_err(failed)
    }

    /// Returns the instance that was started here, if it runs.
    fn recorded(&self, member: &str) -> Result<Option<Record>, Trouble> {
        let failed = |error: io::Error| {
            let message = format!("its instance cannot be looked for: {error}");
            Trouble::new(State::StopFailed, message)
        };
        let record = Record::read(&self.directory, member, self.trust).map_err(failed)?;
        match record {
            Some(record) if !record.identity.is_here() => {
                let message = format!(
                    "process {} on host {:?} is its instance, as {:?} says; go on there, or remove the file if that \
                     host is gone",
                    record.identity.pid,
                    record.identity.host,
                    Record::file(&self.directory, member)
                );
                Err(Trouble::new(State::Elsewhere, message))
            }
            record => Ok(record.filter(|record| record.identity.is_alive())),
        }
    }

    /// Finds the member's instance: the recorded one, or one that `psl-admin run` was typed for.
    fn instance(&self, member: &str) -> Result<Option<Record>, Trouble> {
        if let Some(record) = self.recorded(member)? {
            return Ok(Some(record));
        }
        match found::instances((&self.store, self.trust), member).as_slice() {
            [] => Ok(None),
            [identity] => Ok(Some(Record {
                member: member.to_owned(),
                identity: identity.clone(),
                generation: None,
            })),
            several => {
                let pids: Vec<_> = several.iter().map(|one| one.pid.to_string()).collect();
                let message = format!(
                    "it has {} instances, expected one: processes {}",
                    several.len(),
                    pids.join(", ")
                );
                Err(Trouble::new(State::StopFailed, message))
            }
        }
    }
}
