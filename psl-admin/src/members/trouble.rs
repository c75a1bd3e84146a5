//! What can go wrong with a member: every wait ends in one of these states.
use crate::failure::Failure;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of what went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It still ran when its deadline was over.
    DidNotStop,
    /// Its stop command, or systemctl, failed.
    StopFailed,
    /// Its stop command was killed when the deadline was over.
    StopHung,
    /// Its start command, systemctl, or the launch of its command failed.
    StartFailed,
    /// Its start command was killed when the deadline was over.
    StartHung,
    /// It ended while its health was checked.
    Died,
    /// It never was healthy before the deadline was over.
    Unhealthy,
    /// It was healthy now and then, and never long enough before the deadline was over.
    Flapping,
    /// It was upgraded, and was not healthy any more when the next member's turn came.
    Relapsed,
    /// Its copy of the tree could not be made.
    CopyFailed,
    /// Its link was changed by somebody else, or the table refuses it.
    LinkRefused,
    /// The store could not be reached before the deadline was over.
    StoreAway,
    /// It was started on another host.
    Elsewhere,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::DidNotStop => "did not stop",
            State::StopFailed => "could not be stopped",
            State::StopHung => "could not be stopped in time",
            State::StartFailed => "could not be started",
            State::StartHung => "could not be started in time",
            State::Died => "died",
            State::Unhealthy => "is unhealthy",
            State::Flapping => "is flapping",
            State::Relapsed => "became unhealthy after its upgrade",
            State::CopyFailed => "could not get its copy",
            State::LinkRefused => "could not be linked",
            State::StoreAway => "waited in vain for the store",
            State::Elsewhere => "runs on another host",
        })
    }
}

/// Why something was not done with a member.
#[derive(Debug)]
pub enum Trouble {
    /// It failed.
    Failed {
        /// The name of what went wrong.
        state: State,
        /// What happened, in lower case without a full stop.
        message: String,
        /// The last that a command or the instance wrote.
        output: String,
    },
    /// The administrator does not want to wait any longer.
    Abandoned,
    /// Nothing more may be done: another program has taken over, or the journal cannot be written.
    Forbidden(Failure),
}

impl Trouble {
    /// Makes one out of a state and what happened.
    pub fn new(state: State, message: impl Into<String>) -> Self {
        Self::Failed {
            state,
            message: message.into(),
            output: String::new(),
        }
    }

    /// Adds the last that was written.
    pub fn with_output(self, text: String) -> Self {
        match self {
            Self::Failed { state, message, .. } => Self::Failed {
                state,
                message,
                output: text,
            },
            other => other,
        }
    }
}
