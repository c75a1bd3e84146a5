//! What the copy lacks and can do without, so that it is told once, and not in the midst of a progress bar.
use crate::console::Console;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

/// The attributes that the copy could not be given, each with the message for the first file that has it.
#[derive(Debug, Default)]
pub struct Warned(BTreeMap<OsString, String>);

impl Warned {
    /// Notes that the copy at `path` lacks an attribute.
    pub fn attribute(&mut self, name: &OsStr, path: &Path, error: &io::Error) {
        self.0
            .entry(name.to_owned())
            .or_insert_with(|| format!("{path:?} lacks the attribute {name:?}: {error}"));
    }

    /// Tells all of it.
    pub fn tell(&self, console: &Console) {
        for message in self.0.values() {
            console.warn(message);
        }
    }
}
