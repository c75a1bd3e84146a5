//! Why a verb did not do what was asked, until `main` prints it.
use crate::exit::Exit;
use psl_table::error::Error;
use std::ffi::OsStr;

/// The reason why a verb stopped.
#[derive(Debug)]
pub enum Failure {
    /// The table crate's own error; an invalid file shows its line.
    Table(Error),
    /// An edit that would make the table invalid.
    Edit(Error),
    /// A failure with what to do next.
    Helped {
        /// What failed.
        failure: Box<Failure>,
        /// What to do next.
        help: String,
    },
    /// What a verb has to say by itself.
    Told {
        /// The exit code.
        exit: Exit,
        /// What failed and on what, in lower case without a full stop.
        message: String,
        /// What to do next, where there is something to do.
        help: Option<String>,
    },
}

impl Failure {
    /// Makes a failure out of an exit code and a message.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self::Told {
            exit,
            message: message.into(),
            help: None,
        }
    }

    /// Adds what to do next.
    pub fn with_help(self, text: impl Into<String>) -> Self {
        match self {
            Self::Told {
                exit,
                message,
                help: None,
            } => Self::Told {
                exit,
                message,
                help: Some(text.into()),
            },
            failure => Self::Helped {
                failure: Box::new(failure),
                help: text.into(),
            },
        }
    }

    /// Says which program is not started, with the exit code that stands for this to those who started it.
    pub fn of_program(self, program: &OsStr) -> Self {
        let (message, help) = self.told();
        Self::Told {
            exit: Exit::NotStarted,
            message: format!("{program:?} is not started: {message}"),
            help,
        }
    }

    /// Returns what failed, and what to do next, in words.
    pub fn told(&self) -> (String, Option<String>) {
        match self {
            Self::Told { message, help, .. } => (message.clone(), help.clone()),
            Self::Table(error) | Self::Edit(error) => (error.to_string(), None),
            Self::Helped { failure, help } => (failure.told().0, Some(help.clone())),
        }
    }

    /// Returns the exit code that stands for this failure.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Table(error) | Self::Edit(error) => error.class().into(),
            Self::Helped { failure, .. } => failure.exit(),
            Self::Told { exit, .. } => *exit,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Table(error)
    }
}
