//! The recorded figures: a line each, with one for each profile.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const HEAD: &str = "\
# Instructions in libpsl_shim.so, a call or a process, by profile.
# Written by: PSL_RECORD=1 cargo test -p psl-tests --test instructions, and the same with --release
";

/// What is recorded, by what it is about and by profile.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Record(BTreeMap<(String, String), u64>);

impl Record {
    /// Reads a file; one that is missing has nothing recorded.
    pub fn read(path: &Path) -> Self {
        Self::parse(&fs::read_to_string(path).unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let parsed = lines.map(|line| {
            let mut parts = line.splitn(3, ' ');
            let mut part = || {
                parts
                    .next()
                    .expect("a profile, a number and what it is about")
            };
            let (profile, count) = (part().to_owned(), part().parse());
            (
                (part().to_owned(), profile),
                count.expect("the second is a number"),
            )
        });
        Self(parsed.collect())
    }

    /// Returns a figure.
    pub fn get(&self, what: &str, profile: &str) -> Option<u64> {
        self.0.get(&(what.to_owned(), profile.to_owned())).copied()
    }

    /// Sets one.
    pub fn set(&mut self, what: &str, profile: &str, count: u64) {
        self.0.insert((what.to_owned(), profile.to_owned()), count);
    }

    /// Writes all.
    pub fn write(&self, path: &Path) {
        fs::write(path, self.text()).expect("the record can be written");
    }

    fn text(&self) -> String {
        let mut text = String::from(HEAD);
        for ((what, profile), count) in &self.0 {
            writeln!(text, "{profile} {count} {what}").expect("a string takes what it is given");
        }
        text
    }
}

#[test]
fn what_is_written_is_read() {
    let mut record = Record::default();
    record.set("stat, relative", "dev", 7);
    record.set("stat, relative", "release", 5);
    let read = Record::parse(&record.text());
    assert_eq!(read, record);
    assert_eq!(read.get("stat, relative", "release"), Some(5));
    assert_eq!(read.get("stat", "release"), None);
}
