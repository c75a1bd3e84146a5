//! What psl-admin writes: data on standard output, talk on standard error.
use crate::exit::Exit;
use crate::failure::Failure;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use psl_table::error::Error;
use psl_table::visible;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

/// The prefix of every message, so that it can be told from the messages of a command that `run` starts.
const PREFIX: &str = "psl-admin";

/// What to know about an invalid table that nobody will find in the store.
const UNCHANGED: &str = "nothing was changed; the line is that of the table as it would be";

/// Writes the output of a verb in the form that the caller asked for.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    /// Data is printed as JSON.
    pub json: bool,
    /// Warnings and notes are not printed; errors are.
    pub quiet: bool,
}

impl Console {
    /// Prints text for people to standard output; what is hidden in it is escaped.
    pub fn print(&self, text: impl AsRef<str>) -> Result<(), Failure> {
        let text = visible::lines(text.as_ref());
        written(io::stdout().lock().write_all(text.as_bytes()))
    }

    /// Prints bytes for other programs exactly as they are to standard output; to a terminal as text for people.
    pub fn print_exactly(&self, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
        let bytes = bytes.as_ref();
        match io::stdout().is_terminal() {
            true => self.print(String::from_utf8_lossy(bytes)),
            false => written(io::stdout().lock().write_all(bytes)),
        }
    }

    /// Prints text with terminal styles to standard output; the styles go where no terminal shows them, and all else
    /// that is hidden is escaped.
    pub fn print_styled(&self, text: &str) -> Result<(), Failure> {
        written(anstream::stdout().lock().write_all(styled(text).as_bytes()))
    }

    /// Prints one JSON document and a newline to standard output.
    pub fn print_json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let mut text =
            serde_json::to_string_pretty(value).expect("these values have string keys only");
        text.push('\n');
        written(io::stdout().lock().write_all(plain_json(&text).as_bytes()))
    }

    /// Tells of something that is probably a mistake.
    pub fn warn(&self, message: &str) {
        self.talk(Level::WARNING.with_name("psl-admin: warning"), message);
    }

    /// Tells what has been done.
    pub fn note(&self, message: &str) {
        self.talk(Level::INFO.with_name(PREFIX), message);
    }

    /// Shows text with terminal styles beside a message, on standard error.
    pub fn aside_styled(&self, text: &str) {
        // Standard error may be closed; there is nowhere else to go.
        let _ = anstream::stderr().lock().write_all(styled(text).as_bytes());
    }

    fn talk(&self, level: Level<'_>, message: &str) {
        if !self.quiet {
            let message = visible::lines(message);
            show(&[Group::with_title(level.primary_title(message))]);
        }
    }
}

/// Shows a failure on standard error, with the offending line of an invalid file.
pub fn show_failure(failure: &Failure) {
    show(&[group(failure)]);
}

/// Returns how an error of the table crate is shown, in colours.
pub fn shown(error: Error) -> String {
    rendered(&[group(&Failure::Table(error))])
}

fn group(failure: &Failure) -> Group<'_> {
    let titled = |message: String| {
        let message = visible::lines(&message);
        Group::with_title(Level::ERROR.with_name(PREFIX).primary_title(message))
    };
    match failure {
        Failure::Table(error) => with_source(titled(error.to_string()), error),
        Failure::Edit(error) => {
            with_source(titled(error.to_string()), error).element(Level::HELP.message(UNCHANGED))
        }
        Failure::Helped { failure, help } => {
            group(failure).element(Level::HELP.message(visible::lines(help)))
        }
        Failure::Told { message, help, .. } => {
            let group = titled(message.clone());
            match help {
                Some(help) => group.element(Level::HELP.message(visible::lines(help))),
                None => group,
            }
        }
    }
}

fn with_source<'a>(group: Group<'a>, error: &'a Error) -> Group<'a> {
    let Some(source) = error.source_place() else {
        return group;
    };
    let line = Snippet::source(same_length(&source.text));
    group.element(line.annotation(AnnotationKind::Primary.span(source.span.clone())))
}

/// A message that cannot be written (standard error is closed) has nowhere else to go.
fn show(report: &[Group<'_>]) {
    let _ = writeln!(anstream::stderr().lock(), "{}", rendered(report));
}

fn rendered(report: &[Group<'_>]) -> String {
    Renderer::styled().render(report)
}

/// Escapes what is hidden in a JSON text: it can only be part of strings.
pub fn plain_json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            letter if letter != '\n' && visible::is_hidden(letter) => {
                let mut units = [0; 2];
                for unit in letter.encode_utf16(&mut units) {
                    plain.push_str(&format!("\\u{unit:04x}"));
                }
            }
            letter => plain.push(letter),
        }
    }
    plain
}

/// Escapes what is hidden in a text with terminal styles, but those.
pub fn styled(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\u{1b}[") {
        let (before, sequence) = rest.split_at(start);
        shown.push_str(&visible::lines(before));
        let is_parameter = |letter: char| letter.is_ascii_digit() || letter == ';';
        let end = sequence[2..].find(|letter| !is_parameter(letter));
        let end = end.map_or(sequence.len(), |end| end + 3);
        let (sequence, after) = match sequence.get(..end) {
            Some(style) if style.ends_with('m') => (style.to_owned(), &sequence[end..]),
            _ => (visible::line("\u{1b}["), &sequence[2..]),
        };
        shown.push_str(&sequence);
        rest = after;
    }
    shown + &visible::lines(rest)
}

/// Replaces what is hidden by letters of as many bytes: places in the text stay where they are.
fn same_length(text: &str) -> String {
    let shown = text.chars().map(|letter| match letter.len_utf8() {
        _ if matches!(letter, '\n' | '\t' | '\r') || !visible::is_hidden(letter) => letter,
        1 => '?',
        2 => '\u{a4}',
        3 => char::REPLACEMENT_CHARACTER,
        _ => '\u{1f6ab}',
    });
    shown.collect()
}

fn written(result: io::Result<()>) -> Result<(), Failure> {
    let result = result.and_then(|()| io::stdout().flush());
    result.map_err(|error| {
        Failure::new(
            Exit::Storage,
            format!("cannot write to standard output: {error}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_stay_and_nothing_else_that_steers_a_terminal() {
        let rows = [
            ("\u{1b}[1mbold\u{1b}[0m\n", "\u{1b}[1mbold\u{1b}[0m\n"),
            ("\u{1b}[38;5;1mred\u{1b}[m", "\u{1b}[38;5;1mred\u{1b}[m"),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("cut \u{1b}[3", "cut \\u{1b}[3"),
            ("\u{1b}[1\u{9b}m", "\\u{1b}[1\\u{9b}m"),
            ("\u{1b}[\u{1b}[1m", "\\u{1b}[\u{1b}[1m"),
        ];
        for (text, expected) in rows {
            assert_eq!(styled(text), expected);
        }
    }

    #[test]
    fn json_says_the_same_and_hides_nothing() {
        let text = "\u{1b}\u{9b}\u{202e}\u{7f}\u{e0001}\n ü";
        let json = plain_json(&serde_json::to_string(text).expect("it is a string"));
        assert_eq!(json, "\"\\u001b\\u009b\\u202e\\u007f\\udb40\\udc01\\n ü\"");
        let read: String = serde_json::from_str(&json).expect("it is JSON");
        assert_eq!(read, text);
    }

    #[test]
    fn a_line_at_fault_keeps_its_length() {
        let text = "a\u{1b}\u{9b}\u{202e}\u{e0001}b\n";
        let shown = same_length(text);
        assert_eq!(shown.len(), text.len());
        assert_eq!(visible::lines(&shown), shown);
    }
}
