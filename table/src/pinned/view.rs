//! What an instance sees, as fields of the text that it passes on.

use std::borrow::Cow;
use std::fmt::Write as _;

use glob::Pattern;

use super::field;
use crate::choices::{Choice, Choices};
use crate::snapshot::{Entry, Link, Place, Row, Snapshot};

/// What the first process of a launch found out for all that come after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// Nothing yet: the process that reads this is the first one.
    Open,
    /// The places and what is there, for every program.
    Resolved(Snapshot),
    /// The rows, because some depend on the program.
    Choices(Choices),
    /// More than an environment has room for: every process reads the generation from the store.
    Stored,
}

/// The longest text of a view, in bytes.
pub const ROOM: usize = 64 * 1024;

/// What stands in the place of a view that is longer.
const STORED: &str = "stored";

/// Appends the fields of a view, each with a semicolon before it.
pub fn write(view: &View, to: &mut String) {
    let start = to.len();
    match view {
        View::Open => {}
        View::Resolved(snapshot) => write_places(snapshot, to),
        View::Choices(choices) => write_rows(choices, to),
        View::Stored => write_record(STORED, &[], to),
    }
    if to.len() - start > ROOM {
        to.truncate(start);
        write_record(STORED, &[], to);
    }
}

fn write_places(snapshot: &Snapshot, to: &mut String) {
    let (device, inode) = snapshot.root().unwrap_or_default();
    let committed = snapshot
        .places()
        .iter()
        .find_map(|place| match &place.entry {
            Entry::Link(link) => Some(link.committed),
            Entry::Hidden => None,
        });
    let committed = committed.unwrap_or_default();
    write!(to, ";root,{device},{inode},{committed}").expect("a string takes what it is given");
    for Place { dir, name, entry } in snapshot.places() {
        match entry {
            Entry::Link(link) if link.live => {
                write_record("live", &[dir, name, link.to.to_bytes(), &link.from], to);
            }
            Entry::Link(link) => write_record("link", &[dir, name, link.to.to_bytes()], to),
            Entry::Hidden => write_record("hidden", &[dir, name], to),
        }
    }
}

fn write_rows(choices: &Choices, to: &mut String) {
    write!(to, ";rows,{}", choices.committed).expect("a string takes what it is given");
    for row in &choices.rows {
        let kind = if row.live { "live" } else { "link" };
        let (from, target) = (row.from.as_bytes(), row.to.as_bytes());
        match &row.exe {
            Some(exe) => write_record(kind, &[from, target, exe.as_str().as_bytes()], to),
            None => write_record(kind, &[from, target], to),
        }
    }
    for target in &choices.private {
        write_record("private", &[target.as_bytes()], to);
    }
}

fn write_record(kind: &str, parts: &[&[u8]], to: &mut String) {
    to.push(';');
    to.push_str(kind);
    for part in parts {
        to.push(',');
        field::write(part, to);
    }
}

/// Reads the fields of a view; none if nobody can have written them.
pub fn read<'t>(generation: u64, mut fields: impl Iterator<Item = &'t str>) -> Option<View> {
    let Some(first) = fields.next() else {
        return Some(View::Open);
    };
    let mut head = first.split(',');
    match head.next()? {
        STORED => (head.next().is_none() && fields.next().is_none()).then_some(View::Stored),
        "root" => {
            let root = (number(head.next()?)?, number(head.next()?)?);
            let committed = number(head.next()?)?;
            let places = fields.map(|text| place(text, committed));
            let places = places.collect::<Option<Vec<_>>>()?;
            let root = Some(root).filter(|&root| root != (0, 0));
            let snapshot = Snapshot::inherited(generation, root, places);
            head.next().is_none().then_some(View::Resolved(snapshot))
        }
        "rows" => {
            let mut choices = Choices {
                generation,
                committed: number(head.next()?)?,
                ..Choices::default()
            };
            for text in fields {
                row(text, &mut choices)?;
            }
            head.next().is_none().then_some(View::Choices(choices))
        }
        _ => None,
    }
}

fn place(text: &str, committed: i64) -> Option<Place> {
    let mut parts = text.split(',');
    let kind = parts.next()?;
    let mut part = || field::read(parts.next()?);
    let (dir, name) = (part()?, part()?);
    let is_name = |name: &[u8]| !name.is_empty() && !name.iter().any(|byte| b"/\0".contains(byte));
    let is_place = dir.starts_with(b"/") && !dir.contains(&0) && is_name(&name);
    let entry = match kind {
        "link" | "live" => {
            let (live, to) = (kind == "live", part()?);
            let from = if live { part()? } else { Cow::default() };
            let row = Row {
                from: &from,
                to: &to,
                live,
            };
            Entry::Link(Link::at(&dir, &name, row, committed).ok()?)
        }
        "hidden" => Entry::Hidden,
        _ => return None,
    };
    (is_place && parts.next().is_none()).then(|| Place {
        dir: dir.into(),
        name: name.into(),
        entry,
    })
}

fn row(text: &str, choices: &mut Choices) -> Option<()> {
    let mut parts = text.split(',');
    let kind = parts.next()?;
    let mut part = || {
        let bytes = field::read(parts.next()?)?;
        String::from_utf8(bytes.into_owned()).ok()
    };
    let first = part()?;
    if kind == "private" {
        choices.private.push(first);
        return parts.next().is_none().then_some(());
    }
    let (to, exe) = (part()?, part());
    let exe = match exe {
        Some(text) => Some(Pattern::new(&text).ok()?),
        None => None,
    };
    choices.rows.push(Choice {
        from: first,
        to,
        live: match kind {
            "live" => true,
            "link" => false,
            _ => return None,
        },
        exe,
    });
    parts.next().is_none().then_some(())
}

/// Reads digits alone, after a minus where that can be: `parse` would take a plus sign as well.
pub fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}
