//! The table: text to members and links, every rule of the format checked.

mod cycle;
mod overlap;
mod places;
mod row;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

pub use crate::file::LIMIT;
pub use overlap::Warning;
pub use row::LinkRow;

use crate::document::{Document, Fields};
use crate::error::{Error, Result};
use crate::history::{self, Commit};
use crate::name;

/// The newest format that this program reads, and the one that it writes.
pub const FORMAT: u32 = 1;

/// The largest generation: every reader of JSON still tells it from its neighbours.
pub const MAX_GENERATION: u64 = (1 << 53) - 1;

/// A valid table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The table's number, from 1 to [`MAX_GENERATION`].
    pub generation: u64,
    /// The attributes of the members that the table lists.
    pub members: BTreeMap<String, Member>,
    /// The links, in the order of the text.
    pub links: Vec<LinkRow>,
    file: PathBuf,
    text: String,
    generation_span: Range<usize>,
}

/// What the table says about a member; criteria match on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// The application.
    pub app: Option<String>,
    /// The version.
    pub version: Option<String>,
    /// The groups.
    pub groups: Vec<String>,
}

impl Table {
    /// Parses and checks a table; `file` is the name that errors give.
    ///
    /// Refused are: a text that is not TOML, an unknown format, an unknown key, a value of the
    /// wrong type, a name that breaks the rules of [`name`], a link to or below itself, two
    /// rows with the same place and criteria, and a cycle of links that one process could meet.
    /// Real symlinks are not looked at: they can close a cycle that only a walk finds.
    pub fn parse(file: &Path, text: &str) -> Result<Table> {
        let document = Document { file, text };
        let root = document.parse()?;
        let fields = Fields::new(document, "the table", root.get_ref(), 0..0);
        check_format(&fields)?;
        fields.only(&["format", "generation", "member", "link"])?;

        let generation = fields.required("generation", fields.number("generation")?)?;
        if !(1..=MAX_GENERATION).contains(generation.get_ref()) {
            let found = generation.get_ref();
            let message = format!("`generation` is {found}, expected 1 to {MAX_GENERATION}");
            return Err(document.invalid(generation.span(), message));
        }
        let links: Vec<LinkRow> = (fields.tables("link", "a link")?.iter())
            .map(LinkRow::parse)
            .collect::<Result<_>>()?;
        overlap::refuse_duplicates(document, &links)?;
        let members = members(&fields)?;
        cycle::refuse(document, &links, &members)?;
        Ok(Table {
            generation: *generation.get_ref(),
            members,
            links,
            file: file.to_owned(),
            text: text.to_owned(),
            generation_span: generation.span(),
        })
    }

    /// Reads and checks a table outside of a store, wherever the file belongs and whoever can write it.
    ///
    /// Refused is what is no regular file, without opening it.
    pub fn load(file: &Path) -> Result<Table> {
        Table::parse(file, &crate::file::read(file)?)
    }

    /// Reads the text of such a file, which may be broken.
    pub fn read_text(file: &Path) -> Result<String> {
        crate::file::read(file)
    }

    /// Parses and checks the bytes of a table that came another way; `file` is the name that errors give.
    pub fn decode(file: &Path, bytes: Vec<u8>) -> Result<Table> {
        Table::parse(file, &crate::file::text(file, bytes)?)
    }

    /// Returns the text that was parsed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the name of the file that was parsed.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Returns when the table was committed, in seconds since 1970; 0 when its header does not say.
    pub fn committed(&self) -> i64 {
        let commit = Commit::of_text(&self.text);
        commit
            .and_then(|commit| history::seconds(&commit.when))
            .unwrap_or(0)
    }

    /// Returns where the text has the generation's number, in bytes.
    pub fn generation_span(&self) -> Range<usize> {
        self.generation_span.clone()
    }

    /// Returns what is allowed but probably not meant: rows between which only their order decides.
    pub fn warnings(&self) -> Vec<Warning> {
        overlap::warnings(&self.text, &self.links)
    }

    /// Returns the line of a row or value, from 1.
    pub fn line(&self, span: &Range<usize>) -> usize {
        crate::error::position(&self.text, span.start).0
    }
}

/// Checks the format before anything else, because a newer one may have other keys.
fn check_format(fields: &Fields<'_>) -> Result<()> {
    let format = fields.required("format", fields.number("format")?)?;
    match *format.get_ref() {
        found if found > u64::from(FORMAT) => Err(Error::UnknownFormat {
            source: Box::new(fields.document.place(format.span())),
            found,
        }),
        0 => {
            let message = "`format` is 0, expected 1";
            Err(fields.document.invalid(format.span(), message))
        }
        _ => Ok(()),
    }
}

fn members(fields: &Fields<'_>) -> Result<BTreeMap<String, Member>> {
    let mut members = BTreeMap::new();
    let Some(listed) = fields.table("member", "the members")? else {
        return Ok(members);
    };
    for (member, attributes) in listed.named("member")? {
        let name = *member.get_ref();
        name::check_member(name).map_err(|flaw| {
            let message = format!("member {}", flaw.of(name));
            fields.document.invalid(member.span(), message)
        })?;
        attributes.only(&["app", "version", "groups"])?;
        let own = |word: Option<toml::Spanned<&str>>| word.map(|word| word.into_inner().to_owned());
        let attributes = Member {
            app: own(attributes.word("app")?),
            version: own(attributes.word("version")?),
            groups: (attributes.words("groups")?.into_iter())
                .map(|group| group.into_inner().to_owned())
                .collect(),
        };
        members.insert(name.to_owned(), attributes);
    }
    Ok(members)
}
