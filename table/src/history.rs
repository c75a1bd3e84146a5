//! Who made a generation, when, from where and why: the header of every committed table.

mod author;
mod moment;

use std::fmt::{self, Write as _};

pub use author::Author;
pub(crate) use moment::{now, now_in_seconds, seconds};

/// What starts each line of the header.
const MARK: &str = "#: ";

/// One commit, as its header tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The generation that it made.
    pub generation: u64,
    /// The generation that it was made from; 0 for the first.
    pub after: u64,
    /// Who made it; empty when the header does not say.
    pub who: String,
    /// When, as RFC 3339 in UTC; empty when the header does not say.
    pub when: String,
    /// From which host; empty when the header does not say.
    pub host: String,
    /// Why.
    pub reason: Option<String>,
}

impl Commit {
    /// Returns the header: comment lines for the top of the table.
    pub(crate) fn header(&self) -> String {
        let mut header = format!(
            "{MARK}generation {} after {}\n",
            self.generation, self.after
        );
        let mut line = |key, value: &str| {
            let value = in_one_line(value);
            // Writing to a String cannot fail.
            let _ = writeln!(header, "{MARK}{key} {value}");
        };
        line("who", &self.who);
        line("when", &self.when);
        line("host", &self.host);
        if let Some(reason) = &self.reason {
            line("reason", reason);
        }
        header
    }

    /// Reads the header of a text, which need not be a valid table.
    pub fn of_text(text: &str) -> Option<Commit> {
        let header = &text[..text.len() - without_header(text).len()];
        let mut lines = header.lines().filter_map(|line| line.strip_prefix(MARK));
        let (generation, after) = lines
            .next()?
            .strip_prefix("generation ")?
            .split_once(" after ")?;
        let mut commit = Commit {
            generation: generation.parse().ok()?,
            after: after.trim_end().parse().ok()?,
            who: String::new(),
            when: String::new(),
            host: String::new(),
            reason: None,
        };
        for line in lines {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            let value = value.trim_end_matches('\r').to_owned();
            match key {
                "who" => commit.who = value,
                "when" => commit.when = value,
                "host" => commit.host = value,
                "reason" => commit.reason = Some(value),
                _ => {}
            }
        }
        Some(commit)
    }
}

impl fmt::Display for Commit {
    /// Writes `by alice on nodea at 2031-05-07T09:12:44Z: roll 7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "by {} on {} at {}", self.who, self.host, self.when)?;
        self.reason
            .iter()
            .try_for_each(|reason| write!(f, ": {reason}"))
    }
}

/// Returns the text below the header: what the administrator wrote.
pub fn without_header(text: &str) -> &str {
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while rest.starts_with(MARK) {
        rest = rest.split_once('\n').map_or("", |(_, below)| below);
    }
    rest
}

/// Keeps a text in its one line: a comment ends where the line ends.
fn in_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\u{2028}' | '\u{2029}' => line.extend(letter.escape_unicode()),
            _ if letter.is_control() => line.extend(letter.escape_default()),
            _ => line.push(letter),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit() -> Commit {
        Commit {
            generation: 42,
            after: 41,
            who: "alice".to_owned(),
            when: "2031-05-07T09:12:44Z".to_owned(),
            host: "nodea".to_owned(),
            reason: Some("roll 7".to_owned()),
        }
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let mut rows = vec![commit(), commit()];
        rows[1].reason = None;
        for commit in rows {
            let text = format!("{}# a comment\nformat = 1\n", commit.header());
            assert_eq!(Commit::of_text(&text), Some(commit));
            assert_eq!(without_header(&text), "# a comment\nformat = 1\n");
        }
    }

    #[test]
    fn a_reason_of_many_lines_stays_in_its_line() {
        let mut commit = commit();
        commit.reason = Some("one\ngeneration = 7\r\0\u{85}\u{2028}two".to_owned());
        let header = commit.header();
        assert_eq!(header.lines().count(), 5);
        let read = Commit::of_text(&header).expect("a header");
        let escaped = r"one\ngeneration = 7\r\u{0}\u{85}\u{2028}two";
        assert_eq!(read.reason.as_deref(), Some(escaped));
    }

    #[test]
    fn a_text_without_a_header_has_no_commit_and_loses_nothing() {
        let rows = [
            "",
            "format = 1\n",
            "# generation 1 after 0\n",
            "#:generation 1 after 0\n",
        ];
        for text in rows {
            assert_eq!(Commit::of_text(text), None, "{text:?}");
            assert_eq!(without_header(text), text);
        }
        let broken = [
            "#: generation",
            "#: generation x after y",
            "#: who alice\n",
            "#: ",
        ];
        for text in broken {
            assert_eq!(Commit::of_text(text), None, "{text:?}");
            assert_eq!(without_header(text), "", "{text:?}");
        }
    }
}
