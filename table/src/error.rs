//! What can go wrong with a table, a configuration or a store, and where.

mod class;
mod source;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use class::Class;
pub use source::Source;
pub(crate) use source::position;

use crate::name::Flaw;
use crate::table::FORMAT;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What failed, on what, and where.
///
/// Shown, it is one line: what was found, what was expected, what to do next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A text that breaks the rules of its file.
    Invalid {
        /// The offending place.
        source: Box<Source>,
        /// What was found and what was expected.
        message: String,
        /// What to do next, when there is something.
        help: Option<String>,
    },
    /// A table of a format that this program does not know.
    UnknownFormat {
        /// The place of the format's number.
        source: Box<Source>,
        /// The format found.
        found: u64,
    },
    /// Something else than a regular file where a file is expected.
    NotAFile {
        /// The file's name.
        path: PathBuf,
        /// What lies there: "a directory", "a FIFO" ...
        kind: &'static str,
    },
    /// A file that is larger than any sensible one.
    TooLarge {
        /// The file's name.
        path: PathBuf,
        /// The largest size that is read, in bytes.
        limit: u64,
    },
    /// A file that is not UTF-8.
    NotUtf8 {
        /// The file's name.
        path: PathBuf,
        /// The line of the first wrong byte, from 1.
        line: usize,
        /// Its column in characters, from 1.
        column: usize,
    },
    /// A path or member name, given by a caller, that cannot be one.
    BadName {
        /// What the name was given for: "FROM", "--member", "PSL_MEMBER" ...
        what: String,
        /// The name.
        name: String,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// Something that the wrong user can write, or that belongs to the wrong user.
    NotTrusted {
        /// The file or directory.
        path: PathBuf,
        /// Who can write it, and the command that mends it.
        why: String,
    },
    /// A directory that is no store.
    NoStore {
        /// The directory.
        path: PathBuf,
        /// What is missing.
        why: &'static str,
    },
    /// A store whose current table is gone.
    LostTable {
        /// The store's directory.
        path: PathBuf,
    },
    /// A directory that cannot become a store, because something else lives there.
    NotEmpty {
        /// The directory.
        path: PathBuf,
        /// A name found in it.
        found: String,
    },
    /// Another administrator was faster.
    Conflict {
        /// The generation that the caller built upon.
        expected: u64,
        /// The generation that is there.
        found: u64,
        /// Who made the generation found, when its header says so.
        by: Option<String>,
    },
    /// Another administrator holds the store's lock.
    Locked {
        /// The lock file.
        path: PathBuf,
        /// Who holds it, when the lock file says so.
        holder: Option<String>,
        /// How long this program waited.
        waited: Duration,
    },
    /// A generation that the store does not keep.
    UnknownGeneration(u64),
    /// A store that does not answer.
    Slow {
        /// The store's directory.
        path: PathBuf,
        /// How long this program waited.
        limit: Duration,
    },
    /// What another process found.
    Told {
        /// Its error, shown.
        message: String,
        /// The kind of failure.
        class: Class,
    },
    /// A store that cannot be read, where this host has kept no generation of it either.
    NothingKept {
        /// Why the store cannot be read.
        error: Box<Error>,
        /// Why nothing that was kept can be used.
        why: String,
    },
    /// A system call that failed.
    Io {
        /// What was being done: "open", "rename" ...
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl Error {
    /// Returns the error for a system call that failed.
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
        errno: rustix::io::Errno,
    ) -> Error {
        Error::Io {
            doing,
            path: path.into(),
            source: errno.into(),
        }
    }

    /// Returns the place in a file that the error is about, if there is one.
    pub fn source_place(&self) -> Option<&Source> {
        match self {
            Error::Invalid { source, .. } | Error::UnknownFormat { source, .. } => Some(source),
            Error::NothingKept { error, .. } => error.source_place(),
            _ => None,
        }
    }

    /// Returns what to do next, apart from the message; for output that shows the two separately.
    pub fn help(&self) -> Option<&str> {
        match self {
            Error::Invalid { help, .. } => help.as_deref(),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Invalid {
                source,
                message,
                help,
            } => {
                write!(f, "{source}: {message}")?;
                help.iter().try_for_each(|help| write!(f, "; {help}"))
            }
            Error::UnknownFormat { source, found } => write!(
                f,
                "{source}: format {found}, this program reads up to {FORMAT}; install a newer psl on this host"
            ),
            Error::NotAFile { path, kind } => {
                write!(f, "{path:?} is {kind}, expected a regular file")
            }
            Error::TooLarge { path, limit } => {
                write!(
                    f,
                    "{path:?} is too large, expected at most {} MiB",
                    limit >> 20
                )
            }
            Error::NotUtf8 { path, line, column } => {
                write!(
                    f,
                    "{}:{line}:{column}: not UTF-8, expected UTF-8 text",
                    path.display()
                )
            }
            Error::BadName { what, name, flaw } => write!(f, "{what}: {}", flaw.of(name)),
            Error::NotTrusted { path, why } => write!(f, "{path:?} {why}"),
            Error::NoStore { path, why } => {
                write!(
                    f,
                    "{path:?} is no store: {why}; make one with `psl-admin init {}`",
                    path.display()
                )
            }
            Error::LostTable { path } => write!(
                f,
                "the store {path:?} has lost its table.toml; list the generations with `psl-admin history`, \
                 take one back with `psl-admin rollback`"
            ),
            Error::NotEmpty { path, found } => write!(
                f,
                "{path:?} is no store and not empty (it holds {found:?}), expected an empty directory; \
                 choose another directory"
            ),
            Error::Conflict {
                expected, found, ..
            } if expected == found => write!(
                f,
                "the table of generation {found} was edited in place meanwhile; look at the change with \
                 `psl-admin diff {found}`, then try again"
            ),
            Error::Conflict {
                expected,
                found,
                by,
            } => {
                write!(f, "the table is at generation {found}, expected {expected}")?;
                by.iter().try_for_each(|by| write!(f, " ({by})"))?;
                write!(
                    f,
                    "; look at the change with `psl-admin show {found}`, then try again"
                )
            }
            Error::Locked {
                path,
                holder,
                waited,
            } => {
                write!(f, "{path:?} is locked by ")?;
                match holder {
                    Some(holder) => write!(f, "{holder}")?,
                    None => write!(f, "another program")?,
                }
                write!(f, ", waited {waited:?}; try again when it has finished")
            }
            Error::UnknownGeneration(generation) => write!(
                f,
                "the store keeps no generation {generation}; list them with `psl-admin history`"
            ),
            Error::Slow { path, limit } => write!(
                f,
                "the store {path:?} has not answered for {limit:?} (`start_deadline`); look whether its storage can be reached"
            ),
            Error::Told { message, .. } => f.write_str(message),
            Error::NothingKept { error, why } => {
                write!(f, "{error}; on_error is \"last-good\", but {why}")
            }
            Error::Io {
                doing,
                path,
                source,
            } => write!(f, "cannot {doing} {path:?}: {source}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
