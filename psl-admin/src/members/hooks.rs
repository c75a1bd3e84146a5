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
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
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
/// A file says meanwhile that it runs, for whoever goes on after a crash; see [`begin`].
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

/// Waits for a command that was begun by a program that is gone, on whatever host; kills it when the deadline is over, if
/// it runs on this one.
///
/// Returns whether there was one.
pub fn await_earlier(
    site: &Site,
    member: &str,
    until: &Until<'_>,
    kind: &Kind,
) -> Result<bool, Trouble> {
    let trace = kind.trace_file(site, member);
    let failed = |error: io::Error| {
        let message = format!(
            "its earlier {} command cannot be looked for: {error}",
            kind.name
        );
        Trouble::new(kind.failed, message)
    };
    let Some(held) = earlier(site, member, &trace).map_err(failed)? else {
        return Ok(false);
    };
    while !begin::is_free(&held).map_err(failed)? {
        if until.pause(LOOK)? {
            continue;
        }
        let text = store_file::read(&trace, site.trust()).map_err(failed)?;
        let earlier: Identity =
            serde_json::from_str(&text).map_err(|error| failed(error.into()))?;
        let (pid, host) = (earlier.pid, &earlier.host);
        if !earlier.is_here() {
            let message = format!(
                "a command that was begun before on host {host:?} did not end in time (process {pid})"
            );
            return Err(Trouble::new(State::Elsewhere, message));
        }
        if let Some(group) = Pid::from_raw(pid.cast_signed()) {
            // It leads its group, whose id is its own as long as it is there.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let message = format!(
            "a command that was begun before did not end in time, and was killed (process {pid})"
        );
        return Err(Trouble::new(kind.hung, message));
    }
    Ok(true)
}

/// Opens the trace of a command whose end nobody has seen, if it runs.
///
/// Under the member's lock: one that is just being begun has left its trace, or finds that somebody else goes on.
fn earlier(site: &Site, member: &str, trace: &Path) -> io::Result<Option<File>> {
    let _lock = Lock::take(site.directory(), member, HELD, site.trust())?;
    match store_file::open(trace, OFlags::RDWR, site.trust()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => {
            let trace = opened?;
            Ok((!begin::is_free(&trace)?).then_some(trace))
        }
    }
}

/// Makes a command of arguments, at least a program.
pub fn prepared(argv: &[&str]) -> process::Command {
    let (program, arguments) = argv.split_first().expect("a command has a program");
    let mut command = process::Command::new(program);
    command.args(arguments).current_dir("/");
    command
}
