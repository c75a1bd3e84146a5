//! The current table as a whole change finds it: valid, or broken.
use crate::failure::Failure;
use crate::unified;
use psl_table::error::Error;
use psl_table::history::{Author, Commit};
use psl_table::store::{CommitOptions, Store};
use psl_table::table::Table;

/// What a change is built upon.
#[derive(Debug)]
pub struct Base {
    /// The table's text.
    pub text: String,
    /// Its generation; none when it is broken and has no header that tells.
    pub number: Option<u64>,
    is_valid: bool,
    /// The file has bytes that are not UTF-8, and the text has replacements for them.
    is_lossy: bool,
}

impl Base {
    /// Reads the current table.
    pub fn read(store: &Store) -> Result<Self, Failure> {
        let (text, is_lossy) = match store.read_raw() {
            Err(Error::NotUtf8 { .. }) => (store.read_lossy()?, true),
            text => (text?, false),
        };
        let table = Table::parse(&store.table_file(), &text).ok();
        let valid = table.as_ref().map(|table| table.generation);
        Ok(Self {
            number: valid.or_else(|| Some(Commit::of_text(&text)?.generation)),
            is_valid: valid.is_some() && !is_lossy,
            is_lossy,
            text,
        })
    }

    /// Returns what a diff calls it.
    pub fn name(&self) -> String {
        match self.number {
            Some(number) if self.is_valid => format!("generation {number}"),
            _ => "broken table".into(),
        }
    }

    /// Tells whether a text is the same table: the generation's number and the header above it are no difference.
    pub fn has(&self, text: &str) -> bool {
        unified::comparable(&self.text) == unified::comparable(text)
    }

    /// Tells who made it.
    pub fn by(&self) -> Option<String> {
        Commit::of_text(&self.text).map(|commit| commit.to_string())
    }

    /// Commits a text in its place, unless somebody else has put another one there.
    pub fn exchange(&self, store: &Store, by: &Author, text: &str) -> Result<u64, Error> {
        let options = CommitOptions::default();
        if self.is_lossy {
            // Neither its text nor its generation can be compared.
            return store.replace(by, options, text);
        }
        let options = CommitOptions {
            if_generation: self.number,
            ..options
        };
        store.exchange(by, options, &self.text, text)
    }
}
