//! The first moment of a command: psl-admin executes itself, leaves its trace, and becomes the command.
//!
//! The process that will be the command writes the trace, under the member's lock: whoever dies, nobody can begin the
//! same command a second time while this one runs and is not known.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::members::detached::process::Identity;
use crate::members::detached::record::{HELD, Lock};
use crate::members::hooks::prepared;
use crate::roll::fence;
use crate::store_file;
use psl_table::store::Trust;
use serde::{Deserialize, Serialize};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

/// The `argv[0]` that marks it; no file has this name.
const MARK: &str = "psl-admin: command";

/// What is to be begun.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// The directory of the member's lock.
    pub directory: PathBuf,
    /// The member.
    pub member: String,
    /// Where the trace lies.
    pub trace: PathBuf,
    /// The file that says which token is the current one, and the token that must be.
    pub fence: Option<(PathBuf, u64)>,
    /// Whether anybody's files in the store are trusted.
    pub trusts_any: bool,
    /// The command and its arguments.
    pub argv: Vec<String>,
}

/// Returns what this process is to begin, if it was started for that.
pub fn requested() -> Option<Begin> {
    let mut arguments = std::env::args_os();
    if arguments.next()? != MARK {
        return None;
    }
    serde_json::from_str(arguments.next()?.to_str()?).ok()
}

impl Begin {
    /// Returns the command that begins it.
    pub fn command(&self) -> io::Result<Command> {
        let mut command = Command::new("/proc/self/exe");
        let text = serde_json::to_string(self).map_err(io::Error::other)?;
        command.arg0(MARK).arg(text).current_dir("/");
        Ok(command)
    }

    /// Becomes the command; returns only when that fails.
    pub fn execute(self) -> Failure {
        if let Err(failure) = self.leave_trace() {
            return failure;
        }
        let argv: Vec<_> = self.argv.iter().map(String::as_str).collect();
        let error = prepared(&argv).exec();
        let exit = match error.kind() {
            io::ErrorKind::NotFound => Exit::NotFound,
            _ => Exit::NotExecutable,
        };
        Failure::new(exit, format!("{:?} cannot be run: {error}", self.argv[0]))
    }

    fn leave_trace(&self) -> Result<(), Failure> {
        let refused = |message: String| Failure::new(Exit::Refused, message);
        let failed = |error: io::Error| refused(format!("{:?}: {error}", self.member));
        let trust = match self.trusts_any {
            true => Trust::Any,
            false => Trust::Owner,
        };
        let _lock = Lock::take(&self.directory, &self.member, HELD, trust).map_err(failed)?;
        if let Some((owner, token)) = &self.fence {
            fence::require(owner, *token, trust)?;
        }
        let own = Identity::own()
            .ok_or_else(|| refused("cannot look at this process in /proc".to_owned()))?;
        let text = serde_json::to_string(&own).map_err(|error| failed(error.into()))?;
        store_file::write(&self.trace, &text).map_err(failed)
    }
}
