//! The first moment of a detached instance: psl-admin executes itself, records itself, and becomes `run`.
//!
//! The process that will be the instance records itself, under the member's lock: whoever dies, the record and the
//! process cannot miss each other, and nobody else can start a second instance meanwhile.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::members::detached::process::Identity;
use crate::members::detached::record::{HELD, Lock, Record};
use crate::roll::fence;
use psl_table::store::Trust;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The `argv[0]` that marks it; no file has this name.
const MARK: &str = "psl-admin: birth";

/// What says that anybody's files are trusted.
const ANY: &str = "any";

/// Variables that would make the instance a part of another one.
pub const STRANGE: [&str; 2] = ["PSL_MEMBER", "PSL_SNAPSHOT"];

/// What is to be born.
#[derive(Debug, PartialEq, Eq)]
pub struct Birth {
    /// The store.
    pub store: PathBuf,
    /// Where the record lies.
    pub directory: PathBuf,
    /// The member.
    pub member: String,
    /// The generation to start with, at least.
    pub generation: u64,
    /// The file that says which token is the current one, and the token that must be.
    pub fence: Option<(PathBuf, u64)>,
    /// Whose files in the store are trusted.
    pub trust: Trust,
    /// The command and its arguments.
    pub command: Vec<OsString>,
}

/// Returns the birth that this process is, if it is one.
pub fn requested() -> Option<Birth> {
    let mut arguments = std::env::args_os();
    if arguments.next()? != MARK {
        return None;
    }
    let store = arguments.next()?.into();
    let directory = arguments.next()?.into();
    let member = arguments.next()?.into_string().ok()?;
    let generation = arguments.next()?.to_str()?.parse().ok()?;
    let token: u64 = arguments.next()?.to_str()?.parse().ok()?;
    let owner = PathBuf::from(arguments.next()?);
    let trust = match arguments.next()?.to_str()? {
        ANY => Trust::Any,
        _ => Trust::Owner,
    };
    Some(Birth {
        store,
        directory,
        member,
        generation,
        fence: (token > 0).then_some((owner, token)),
        trust,
        command: arguments.collect(),
    })
}

impl Birth {
    /// Starts the process, its output appended to the log.
    pub fn begin(&self, log: File) -> io::Result<Child> {
        let (owner, token) = match &self.fence {
            Some((owner, token)) => (owner.clone(), *token),
            None => (PathBuf::new(), 0),
        };
        let mut command = Command::new("/proc/self/exe");
        command
            .arg0(MARK)
            .arg(&self.store)
            .arg(&self.directory)
            .arg(&self.member)
            .arg(self.generation.to_string())
            .arg(token.to_string())
            .arg(owner)
            .arg(if self.trust == Trust::Any {
                ANY
            } else {
                "owner"
            })
            .args(&self.command)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        for name in STRANGE {
            command.env_remove(name);
        }
        command.spawn()
    }

    /// Becomes the instance; returns only when that fails.
    pub fn execute(self) -> Failure {
        let failed = |error: io::Error| {
            let message = format!("member {:?} cannot be started: {error}", self.member);
            Failure::new(Exit::Refused, message)
        };
        if let Err(errno) = rustix::process::setsid() {
            return failed(errno.into());
        }
        if let Err(failure) = self.record() {
            return failure;
        }
        let mut run = Command::new("/proc/self/exe");
        run.arg0("psl-admin").arg("--store").arg(&self.store);
        run.args(["run", "--engine", "auto", "--member", &self.member, "--"]);
        failed(run.args(&self.command).exec())
    }

    fn record(&self) -> Result<(), Failure> {
        let refused = |message: String| Failure::new(Exit::Refused, message);
        let failed = |error: io::Error| refused(format!("{:?}: {error}", self.member));
        let _lock = Lock::take(&self.directory, &self.member, HELD, self.trust).map_err(failed)?;
        if let Some((owner, token)) = &self.fence {
            fence::require(owner, *token, self.trust)?;
        }
        let recorded = Record::read(&self.directory, &self.member, self.trust).map_err(failed)?;
        if let Some(record) = recorded.filter(|record| record.identity.is_alive()) {
            let pid = record.identity.pid;
            return Err(refused(format!(
                "process {pid} is the instance of {:?}",
                self.member
            )));
        }
        let identity = Identity::own()
            .ok_or_else(|| refused("cannot look at this process in /proc".to_owned()))?;
        let record = Record {
            member: self.member.clone(),
            identity,
            generation: Some(self.generation),
        };
        record.write(&self.directory).map_err(failed)
    }
}
