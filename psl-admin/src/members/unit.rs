//! Members that are systemd units.
use crate::members::Running;
use crate::members::bounded::{self, End, Leftovers, Until};
use crate::members::hooks;
use crate::members::trouble::{State, Trouble};
use std::time::Duration;

/// How long systemd may take to say what a unit does.
const ANSWER: Duration = Duration::from_secs(10);

/// Starts a unit, and waits until systemd says that it has started.
pub fn start(unit: &str, until: &Until<'_>) -> Result<(), Trouble> {
    ask("start", unit, until, State::StartFailed, State::StartHung)
}

/// Stops a unit, and waits until it has stopped.
pub fn stop(unit: &str, until: &Until<'_>) -> Result<(), Trouble> {
    ask("stop", unit, until, State::StopFailed, State::StopHung)?;
    loop {
        if active(unit, State::StopFailed, State::StopHung)? == Running::No {
            return Ok(());
        }
        if !until.pause(Duration::from_millis(200))? {
            let message = format!("systemd stopped {unit:?}, and it is still active");
            return Err(Trouble::new(State::DidNotStop, message));
        }
    }
}

/// Asks systemd whether a unit runs.
pub fn running(unit: &str) -> Result<Running, Trouble> {
    active(unit, State::StartFailed, State::StartHung)
}

fn active(unit: &str, failed: State, hung: State) -> Result<Running, Trouble> {
    let never = || false;
    let until = Until::within(ANSWER, &never);
    let arguments = ["show", "--property=ActiveState", "--value", "--", unit];
    let state = systemctl(&arguments, &until, failed, hung)?;
    Ok(match state.trim() {
        "inactive" | "failed" => Running::No,
        _ => Running::Yes,
    })
}

fn ask(
    verb: &str,
    unit: &str,
    until: &Until<'_>,
    failed: State,
    hung: State,
) -> Result<(), Trouble> {
    systemctl(&[verb, "--", unit], until, failed, hung).map(drop)
}

fn systemctl(
    arguments: &[&str],
    until: &Until<'_>,
    failed: State,
    hung: State,
) -> Result<String, Trouble> {
    let typed = format!("`systemctl {}`", arguments.join(" "));
    let cannot = |error| Trouble::new(failed, format!("{typed} cannot be run: {error}"));
    let command = hooks::prepared(&[&["systemctl"], arguments].concat());
    let file = tempfile::tempfile().map_err(cannot)?;
    let (end, output) = bounded::run(command, file, until, Leftovers::Killed).map_err(cannot)?;
    match end {
        End::Exited(status) if status.success() => Ok(output),
        End::Exited(status) => {
            Err(Trouble::new(failed, format!("{typed} failed ({status})")).with_output(output))
        }
        End::Late => Err(Trouble::new(hung, format!("{typed} did not end in time"))),
        End::Abandoned => Err(Trouble::Abandoned),
    }
}
