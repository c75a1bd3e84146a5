//! The host's configuration: where the store is, and how strict this host is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::io::Errno;

use crate::document::{Document, Fields};
use crate::duration;
use crate::error::Result;
use crate::file;
use crate::trust::Trust;

/// Where the configuration lies unless `PSL_CONFIG` says otherwise.
pub const DEFAULT_FILE: &str = "/etc/psl/psl.toml";

/// How long an instance may take to start, unless the configuration says otherwise.
pub const START_DEADLINE: Duration = Duration::from_secs(10);

/// What happens to a process when the table is missing, unreadable or invalid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// It does not run.
    #[default]
    Refuse,
    /// It runs with the newest generation that was good on this host.
    LastGood,
    /// It runs without links.
    Ignore,
}

/// What happens to a program that the preload engine cannot carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnUncovered {
    /// It gets its links from the mount engine, and does not run where no namespace can be had.
    #[default]
    Mount,
    /// It does not run.
    Refuse,
    /// It runs without links, with a warning.
    Warn,
}

/// The host's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostConfig {
    /// The store's directory.
    pub store: Option<PathBuf>,
    /// The preload engine.
    pub shim: Option<PathBuf>,
    /// What happens when the table is unusable.
    pub on_error: OnError,
    /// What happens to programs that cannot be carried.
    pub on_uncovered: OnUncovered,
    /// Whose store is trusted.
    pub trust: Trust,
    /// How long an instance may take to start.
    pub start_deadline: Duration,
}

impl Default for HostConfig {
    fn default() -> HostConfig {
        HostConfig {
            store: None,
            shim: None,
            on_error: OnError::default(),
            on_uncovered: OnUncovered::default(),
            trust: Trust::default(),
            start_deadline: START_DEADLINE,
        }
    }
}

impl HostConfig {
    /// Reads the configuration that `PSL_CONFIG` names, or the default one, which may be missing.
    ///
    /// The file and the directories above it must be trustworthy, because it says which
    /// store is trusted and which shim is loaded.
    pub fn load(path: Option<&Path>) -> Result<HostConfig> {
        let default = Path::new(DEFAULT_FILE);
        // Asked before anything is checked: a host without a configuration has nothing to trust.
        if path.is_none() && rustix::fs::lstat(default).err() == Some(Errno::NOENT) {
            return Ok(HostConfig::default());
        }
        let path = file::absolute(path.unwrap_or(default))?;
        HostConfig::parse(&path, &Trust::Owner.read(&path)?)
    }

    /// Parses and checks a configuration; `file` is the name that errors give.
    pub fn parse(file: &Path, text: &str) -> Result<HostConfig> {
        let document = Document { file, text };
        let root = document.parse()?;
        let fields = Fields::new(document, "the configuration", root.get_ref(), 0..0);
        fields.only(&[
            "store",
            "shim",
            "on_error",
            "on_uncovered",
            "trust",
            "start_deadline",
        ])?;
        let on_error = [
            ("refuse", OnError::Refuse),
            ("last-good", OnError::LastGood),
            ("ignore", OnError::Ignore),
        ];
        let on_uncovered = [
            ("mount", OnUncovered::Mount),
            ("refuse", OnUncovered::Refuse),
            ("warn", OnUncovered::Warn),
        ];
        let trust = [("owner", Trust::Owner), ("any", Trust::Any)];
        Ok(HostConfig {
            store: path(&fields, "store")?,
            shim: path(&fields, "shim")?,
            on_error: fields.choice("on_error", &on_error)?.unwrap_or_default(),
            on_uncovered: fields
                .choice("on_uncovered", &on_uncovered)?
                .unwrap_or_default(),
            trust: fields.choice("trust", &trust)?.unwrap_or_default(),
            start_deadline: fields
                .parsed("start_deadline", duration::parse)?
                .unwrap_or(START_DEADLINE),
        })
    }
}

/// Reads an absolute path; unlike a link's, it may be spelt in any way.
fn path(fields: &Fields<'_>, key: &str) -> Result<Option<PathBuf>> {
    fields.parsed(key, |text| match text {
        _ if text.contains('\0') => Err("has a NUL character, expected none"),
        _ if text.starts_with('/') => Ok(PathBuf::from(text)),
        _ => Err("is not an absolute path, expected one"),
    })
}
