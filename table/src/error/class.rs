//! The kinds of failure that the exit codes of `psl-admin` tell apart.

use crate::error::Error;

/// Whose fault an [`Error`] is, as `psl-admin`'s exit code says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The arguments are wrong.
    Usage,
    /// The table or a configuration file is invalid.
    Invalid,
    /// Another administrator is in the way.
    Conflict,
    /// The store refuses: not trusted, or not a store.
    Refused,
    /// The storage failed.
    Storage,
}

impl Class {
    /// All of them.
    pub const ALL: [Class; 5] = [
        Class::Usage,
        Class::Invalid,
        Class::Conflict,
        Class::Refused,
        Class::Storage,
    ];

    /// Returns the exit code.
    pub fn code(self) -> u8 {
        match self {
            Class::Usage => 2,
            Class::Invalid => 3,
            Class::Conflict => 4,
            Class::Refused => 5,
            Class::Storage => 6,
        }
    }
}

impl Error {
    /// Returns the kind of failure.
    pub fn class(&self) -> Class {
        match self {
            Error::BadName { .. } | Error::UnknownGeneration(_) => Class::Usage,
            Error::Invalid { .. }
            | Error::UnknownFormat { .. }
            | Error::NotAFile { .. }
            | Error::TooLarge { .. }
            | Error::NotUtf8 { .. } => Class::Invalid,
            Error::Conflict { .. } | Error::Locked { .. } => Class::Conflict,
            Error::NotTrusted { .. } | Error::NotEmpty { .. } => Class::Refused,
            Error::NoStore { .. }
            | Error::LostTable { .. }
            | Error::Slow { .. }
            | Error::Io { .. } => Class::Storage,
            Error::Told { class, .. } => *class,
            Error::NothingKept { error, .. } => error.class(),
        }
    }
}
