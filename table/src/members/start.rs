//! The three ways to start and stop a member.

use rustix::process::Signal;
use toml::Spanned;

use crate::document::{Fields, quoted};
use crate::error::Result;
use crate::members::Command;

/// How a member is started and stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// A command is started detached, as an instance of the member, and stopped by a signal.
    Command {
        /// The command.
        command: Command,
        /// The signal that asks it to stop; KILL follows when the deadline is over.
        stop_signal: Signal,
    },
    /// A systemd unit is started and stopped.
    Unit(String),
    /// Two commands start and stop it.
    Commands {
        /// Starts it.
        start: Command,
        /// Stops it.
        stop: Command,
    },
}

const SIGNALS: [(&str, Signal); 12] = [
    ("TERM", Signal::TERM),
    ("INT", Signal::INT),
    ("QUIT", Signal::QUIT),
    ("HUP", Signal::HUP),
    ("USR1", Signal::USR1),
    ("USR2", Signal::USR2),
    ("WINCH", Signal::WINCH),
    ("ABRT", Signal::ABORT),
    ("ALRM", Signal::ALARM),
    ("PIPE", Signal::PIPE),
    ("CONT", Signal::CONT),
    ("KILL", Signal::KILL),
];

impl Start {
    pub(super) fn parse(fields: &Fields<'_>) -> Result<Start> {
        exclude(fields)?;
        let stop_signal = fields.parsed("stop_signal", signal)?;
        if let Some(command) = Command::parse(fields, "command")? {
            let stop_signal = stop_signal.unwrap_or(Signal::TERM);
            return Ok(Start::Command {
                command,
                stop_signal,
            });
        }
        if let Some(unit) = fields.word("unit")? {
            return Ok(Start::Unit((*unit.get_ref()).to_owned()));
        }
        Ok(Start::Commands {
            start: fields.required("start", Command::parse(fields, "start")?)?,
            stop: fields.required("stop", Command::parse(fields, "stop")?)?,
        })
    }
}

/// Refuses the second of two keys that exclude each other, and none at all.
fn exclude(fields: &Fields<'_>) -> Result<()> {
    let ways = |key: &str| match key {
        "command" | "stop_signal" => Some("command"),
        "unit" => Some("unit"),
        "start" | "stop" => Some("start"),
        _ => None,
    };
    let given = fields.entries().into_iter().map(|(key, _)| key);
    let given: Vec<Spanned<&str>> = given.filter(|key| ways(key.get_ref()).is_some()).collect();
    let Some(first) = given.first() else {
        let message = format!(
            "{} lacks a way to start, expected `command`, `unit`, or `start` and `stop`",
            fields.what()
        );
        return Err(fields.document.invalid(fields.span.clone(), message));
    };
    let other = given
        .iter()
        .find(|key| ways(key.get_ref()) != ways(first.get_ref()));
    if let Some(other) = other {
        let message = format!(
            "`{}` excludes `{}` at line {}, expected one way to start and stop",
            other.get_ref(),
            first.get_ref(),
            fields.document.line(first.span().start)
        );
        return Err(fields.document.invalid(other.span(), message));
    }
    if given.iter().all(|key| *key.get_ref() == "stop_signal") {
        fields.required("command", None)
    } else {
        Ok(())
    }
}

fn signal(name: &str) -> Result<Signal, String> {
    let bare = name.strip_prefix("SIG").unwrap_or(name);
    let known = SIGNALS.iter().find(|(known, _)| *known == bare);
    known.map(|(_, signal)| *signal).ok_or_else(|| {
        let names: Vec<&str> = SIGNALS.iter().map(|(name, _)| *name).collect();
        format!("is no signal, expected one of {}", quoted(&names))
    })
}
