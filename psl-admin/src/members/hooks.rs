//! Members that commands of their own start and stop.
pub mod begin;

use crate::members::bounded::{self, End, Leftovers, Until};
use crate::members::detached::Site;
use crate::members::detached::process::Identity;
use crate::members::detached::record::{HELD, Lock};
use crate::members::trouble::{State, Trouble};
use crate::store_file;
use psl_table::members::Command;
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process;
use std::time::Duration;

/// How often a wait looks again at what cannot be waited for.
const LOOK: Duration = Duration::from_millis(20);

/// What a command is for, and the states that its failures end in.
pub struct Kind {
    name: &'static str,
    trace: &'static str,
    failed: State,
    hung: State,
}

impl Kind {
    fn trace_file(&self, site: &Site, member: &str) -> PathBuf {
        site.file(member, self.trace)
    }
}

/// A start command.
pub const START: Kind = Kind {
    name: "start",
    trace: "starting",
    failed: State::StartFailed,
    hung: State::StartHung,
};

/// A stop command.
pub const STOP: Kind = Kind {
    name: "stop",
    trace: "stopping",
    failed: State::StopFailed,
    hung: State::StopHung,
};

/// Runs it; what it leaves running stays, and may go on writing to the log.
///
/// A file says meanwhile which process it is, for whoever goes on after a crash; see [`begin`].
pub fn run(
    command: &Command,
    site: &Site,
    member: &str,
    until: &Until<'_>,
    kind: &Kind,
) -> Result<(), Trouble> {
    let log = site.file(member, kind.name);
    let trace = kind.trace_file(site, member);
    let name = kind.name;
    let failed = |error| {
        Trouble::new(
            kind.failed,
            format!("its {name} command cannot be run: {error}"),
        )
    };
    let file = store_file::open_or_make(&log, OFlags::RDWR, store_file::OWN, site.trust())
        .and_then(|file| file.set_len(0).map(|()| file))
        .map_err(failed)?;
    let begin = site.begin(member, &trace, &command.argv());
    let command = begin.command().map_err(failed)?;
    let (end, output) = bounded::run(command, file, until, Leftovers::Stay).map_err(failed)?;
    let _ = fs::remove_file(trace);
    match end {
        End::Exited(status) if status.success() => Ok(()),
        End::Exited(status) => {
            let message = format!("its {name} command failed ({status})");
            Err(Trouble::new(kind.failed, message).with_output(output))
        }
        End::Late => {
            let message = format!("its {name} command did not end in time, and was killed");
            Err(Trouble::new(kind.hung, message).with_output(output))
        }
        End::Abandoned => Err(Trouble::Abandoned),
    }
}

/// Waits for a command that was begun by a program that is gone; kills it when the deadline is over.
///
/// Returns whether there was one.
pub fn await_earlier(
    site: &Site,
    member: &str,
    until: &Until<'_>,
    kind: &Kind,
) -> Result<bool, Trouble> {
    let Some(earlier) = earlier(site, member, kind)?.filter(Identity::is_alive) else {
        return Ok(false);
    };
    while earlier.is_alive() {
        if until.pause(LOOK)? {
            continue;
        }
        if let Some(group) = Pid::from_raw(earlier.pid.cast_signed()) {
            // It leads its group, whose id is its own as long as it is there.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let message = format!(
            "a command that was begun before did not end in time, and was killed (process {})",
            earlier.pid
        );
        return Err(Trouble::new(kind.hung, message));
    }
    Ok(true)
}

/// Returns the process of a command that was begun, and whose end nobody has seen.
///
/// Under the member's lock: one that is just being begun has left its trace, or finds that somebody else goes on.
fn earlier(site: &Site, member: &str, kind: &Kind) -> Result<Option<Identity>, Trouble> {
    let trace = kind.trace_file(site, member);
    let failed = |error: io::Error| {
        let message = format!(
            "its earlier {} command cannot be looked for: {error}",
            kind.name
        );
        Trouble::new(kind.failed, message)
    };
    let _lock = Lock::take(site.directory(), member, HELD, site.trust()).map_err(failed)?;
    let text = match store_file::read(&trace, site.trust()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(failed)?,
    };
    let begun: Identity = serde_json::from_str(&text)
        .map_err(|error| failed(io::Error::other(format!("{trace:?}: {error}"))))?;
    if begun.is_here() {
        return Ok(Some(begun));
    }
    let (pid, host, name) = (begun.pid, begun.host, kind.name);
    let message = format!(
        "process {pid} on host {host:?} may be its {name} command still, as {trace:?} says; go on there, or remove the \
         file if that process is gone"
    );
    Err(Trouble::new(State::Elsewhere, message))
}

/// Makes a command of arguments, at least a program.
pub fn prepared(argv: &[&str]) -> process::Command {
    let (program, arguments) = argv.split_first().expect("a command has a program");
    let mut command = process::Command::new(program);
    command.args(arguments).current_dir("/");
    command
}
