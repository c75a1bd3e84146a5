//! What psl-admin writes: data on standard output, talk on standard error.
use crate::exit::Exit;
use crate::failure::Failure;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use psl_table::error::Error;
use serde::Serialize;
use std::io::{self, Write};

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
    /// Prints bytes exactly as they are to standard output.
    pub fn print(&self, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
        written(io::stdout().lock().write_all(bytes.as_ref()))
    }

    /// Prints text with terminal styles to standard output; the styles go where no terminal shows them.
    pub fn print_styled(&self, text: &str) -> Result<(), Failure> {
        written(anstream::stdout().lock().write_all(text.as_bytes()))
    }

    /// Prints one JSON document and a newline to standard output.
    pub fn print_json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let mut text =
            serde_json::to_string_pretty(value).expect("these values have string keys only");
        text.push('\n');
        self.print(text)
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
        let _ = anstream::stderr().lock().write_all(text.as_bytes());
    }

    fn talk(&self, level: Level<'_>, message: &str) {
        if !self.quiet {
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
    let titled =
        |message: String| Group::with_title(Level::ERROR.with_name(PREFIX).primary_title(message));
    match failure {
        Failure::Table(error) => with_source(titled(error.to_string()), error),
        Failure::Edit(error) => {
            with_source(titled(error.to_string()), error).element(Level::HELP.message(UNCHANGED))
        }
        Failure::Helped { failure, help } => {
            group(failure).element(Level::HELP.message(help.as_str()))
        }
        Failure::Told { message, help, .. } => {
            let group = titled(message.clone());
            match help {
                Some(help) => group.element(Level::HELP.message(help.as_str())),
                None => group,
            }
        }
    }
}

fn with_source<'a>(group: Group<'a>, error: &'a Error) -> Group<'a> {
    let Some(source) = error.source_place() else {
        return group;
    };
    let line = Snippet::source(source.text.as_str());
    group.element(line.annotation(AnnotationKind::Primary.span(source.span.clone())))
}

/// A message that cannot be written (standard error is closed) has nowhere else to go.
fn show(report: &[Group<'_>]) {
    let _ = writeln!(anstream::stderr().lock(), "{}", rendered(report));
}

fn rendered(report: &[Group<'_>]) -> String {
    Renderer::styled().render(report)
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
