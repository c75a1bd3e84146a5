//! What a running process says of itself: of which instance it is, and whom criteria take it for.
mod maps;
mod marks;
mod of_store;
mod traces;

use crate::engine::Engine;
use crate::exit::Exit;
use crate::failure::Failure;
use procfs::process::Process;
use psl_table::pinned::{self, Pinned};
use psl_table::subject::Subject;
use psl_table::table::Table;
use rustix::io::Errno;
use std::io;

pub use marks::Marks;
pub use of_store::OfStore;
pub use traces::{Silence, Traces};

/// A process of an instance.
#[derive(Debug)]
pub struct Instance {
    /// What it says of itself; else what its environment carries.
    pub pinned: Pinned,
    /// The program's path as executed.
    pub program: Vec<u8>,
    /// Its number in its own procfs.
    pub own_pid: i32,
    /// Where all this was found.
    pub traces: Traces,
    uid: u32,
}

impl Instance {
    /// Reads `/proc/PID`; a process that is no part of an instance is a failure.
    pub fn of_process(pid: i32) -> Result<Self, Failure> {
        let traces =
            Traces::of(pid, &mut Marks::default()).map_err(|error| unreadable(pid, &error))?;
        let silent = |silence| match silence {
            Silence::Malformed(error) => {
                Failure::new(Exit::Invalid, format!("process {pid}: {error}"))
            }
            Silence::Nothing => no_part(pid),
        };
        let traces = traces.ok_or_else(|| no_part(pid))?;
        let pinned = traces.pinned().map_err(silent)?;
        Self::new(traces, pinned).map_err(|error| unreadable(pid, &error))
    }

    /// Looks at who the process is that has left these traces, as a part of this instance.
    pub fn new(traces: Traces, pinned: Pinned) -> io::Result<Self> {
        let process = Process::new(traces.pid).map_err(io::Error::other)?;
        let status = process.status().map_err(io::Error::other)?;
        let own_pid = status.nspid.and_then(|pids| pids.last().copied());
        Ok(Self {
            pinned,
            program: traces.program(),
            own_pid: own_pid.unwrap_or(traces.pid),
            uid: status.euid,
            traces,
        })
    }

    /// Returns what makes it see its links; none when nothing does.
    pub fn engine(&self) -> Option<Engine> {
        self.traces.engine(&self.pinned)
    }

    /// Refuses a process that has read the table itself: what its environment carries is another process's generation.
    pub fn require_generation(&self, pid: i32) -> Result<(), Failure> {
        let own = |name| self.variable(name).unwrap_or_default();
        let is_mounted = matches!(self.pinned.engine, pinned::Engine::Mount(_));
        let why = if self.traces.says_so() || is_mounted {
            return Ok(());
        } else if own("PSL_PIN") == b"process" {
            "PSL_PIN is \"process\""
        } else if own("PSL_MEMBER") != self.pinned.member.as_bytes() {
            "PSL_MEMBER is another member than that of the instance which started it"
        } else {
            return Ok(());
        };
        Err(Failure::new(
            Exit::No,
            format!("process {pid} does not tell its generation: it has read the table itself, for {why}"),
        )
        .with_help("`psl-admin explain --member M PATH` explains what it would reach if it were started again"))
    }

    /// Returns a variable that it was started with.
    pub fn variable(&self, name: &str) -> Option<&[u8]> {
        self.traces.variable(name)
    }

    /// Describes it as criteria see it.
    pub fn subject(&self, table: &Table) -> Subject {
        let text = |name| {
            let value = self.variable(name)?;
            Some(String::from_utf8_lossy(value).into_owned())
        };
        let member = Some(self.pinned.member.as_str()).filter(|member| !member.is_empty());
        Subject::of_member(table, member)
            .with_user(table, self.uid)
            .or_attributes(table, text("PSL_APP"), text("PSL_APP_VERSION"))
            .with_exe(self.program.clone())
            .with_env(self.traces.environment.clone())
    }
}

fn no_part(pid: i32) -> Failure {
    let message = format!(
        "process {pid} is no part of an instance: it has no {} in its environment",
        pinned::VARIABLE
    );
    Failure::new(Exit::No, message)
        .with_help("`psl-admin explain --member M PATH` explains what an instance of M would reach")
}

fn unreadable(pid: i32, error: &io::Error) -> Failure {
    match Errno::from_io_error(error) {
        Some(Errno::NOENT | Errno::SRCH) => {
            Failure::new(Exit::No, format!("there is no process {pid}"))
        }
        Some(Errno::ACCESS | Errno::PERM) => Failure::new(
            Exit::Refused,
            format!("process {pid} belongs to somebody else, and may not be looked at"),
        )
        .with_help("its owner or root may"),
        _ => Failure::new(
            Exit::Storage,
            format!("cannot look at process {pid}: {error}"),
        ),
    }
}
