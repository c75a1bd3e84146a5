//! The exit codes of psl-admin, all of them.
use psl_table::error::Class;
use std::process::ExitCode;

/// Says how a run of psl-admin ended, as scripts read it from the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The verb did what was asked.
    Done = 0,
    /// The answer is no, or there are differences.
    No = 1,
    /// The command line is wrong, or names something that the table does not know.
    Usage = 2,
    /// The table or a configuration file is invalid.
    Invalid = 3,
    /// Another administrator was faster.
    Conflict = 4,
    /// Refused: in use, not trusted, or not covered.
    Refused = 5,
    /// The storage failed.
    Storage = 6,
    /// An upgrade failed and was halted or undone.
    Failed = 7,
    /// A program of an instance is not started: it would run without its links (`EX_CONFIG` in sysexits(3head)).
    NotStarted = 78,
    /// `run` found its command, and could not execute it (as a shell says it).
    NotExecutable = 126,
    /// `run` did not find its command (as a shell says it).
    NotFound = 127,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<Class> for Exit {
    fn from(class: Class) -> Self {
        match class {
            Class::Usage => Self::Usage,
            Class::Invalid => Self::Invalid,
            Class::Conflict => Self::Conflict,
            Class::Refused => Self::Refused,
            Class::Storage => Self::Storage,
        }
    }
}
