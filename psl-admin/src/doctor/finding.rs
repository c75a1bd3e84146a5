//! One line of a diagnosis.
use crate::exit::Exit;
use crate::failure::Failure;
use anstyle::{AnsiColor, Style};
use psl_table::visible;
use serde::Serialize;

/// How good something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it has to be.
    Ok,
    /// Something to know, or a limit.
    Warn,
    /// Instances cannot be started.
    Fail,
}

/// What was looked at, how it is, and what to do.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// The exit code if it fails.
    #[serde(skip)]
    pub exit: Exit,
}

impl Finding {
    /// Something that is as it has to be.
    pub fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Ok,
            found: found.into(),
            advice: None,
            exit: Exit::Done,
        }
    }

    /// Something to know, and what to do about it.
    pub fn warn(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            state: State::Warn,
            advice: Some(advice.into()),
            ..Self::ok(name, found)
        }
    }

    /// Something that keeps instances from starting.
    pub fn fail(name: &'static str, failure: &Failure) -> Self {
        let (found, advice) = failure.told();
        Self {
            state: State::Fail,
            advice,
            exit: failure.exit(),
            ..Self::ok(name, found)
        }
    }

    /// Something that keeps only some instances from starting: those that need what failed.
    pub fn limit(name: &'static str, failure: &Failure) -> Self {
        Self {
            state: State::Warn,
            exit: Exit::Done,
            ..Self::fail(name, failure)
        }
    }
}

impl State {
    fn mark(self) -> (&'static str, Style) {
        let (word, color) = match self {
            Self::Ok => ("ok", AnsiColor::Green),
            Self::Warn => ("warn", AnsiColor::Yellow),
            Self::Fail => ("fail", AnsiColor::Red),
        };
        (word, color.on_default())
    }
}

/// Writes findings as aligned lines, with styles; what to do stands below what was found.
pub fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|it| it.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for finding in findings {
        let (word, style) = finding.state.mark();
        let found = visible::line(&finding.found);
        let name = finding.name;
        text += &format!("{style}{word:<4}{style:#}  {name:<width$}  {found}\n");
        if let Some(advice) = &finding.advice {
            let indent = " ".repeat(width + 8);
            text += &format!("{indent}=> {}\n", visible::line(advice));
        }
    }
    text
}

/// Returns the exit code of what failed first.
pub fn exit(findings: &[Finding]) -> Exit {
    let failed = findings.iter().find(|it| it.state == State::Fail);
    failed.map_or(Exit::Done, |it| it.exit)
}
