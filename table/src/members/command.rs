//! A command: a list of arguments, or a line for the shell.

use toml::Spanned;
use toml::de::DeValue;

use crate::document::Fields;
use crate::error::Result;

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A program and its arguments; at least the program.
    List(Vec<String>),
    /// A line for `sh -c`.
    Shell(String),
}

impl Command {
    /// Returns the program and its arguments.
    pub fn argv(&self) -> Vec<&str> {
        match self {
            Command::List(list) => list.iter().map(String::as_str).collect(),
            Command::Shell(line) => vec!["sh", "-c", line],
        }
    }

    pub(super) fn parse(fields: &Fields<'_>, key: &str) -> Result<Option<Command>> {
        let Some(value) = fields.value(key) else {
            return Ok(None);
        };
        let refuse = |span, flaw| {
            let message = format!("`{key}` {flaw}");
            Err(fields.document.invalid(span, message))
        };
        let strings = match value.get_ref() {
            DeValue::String(line) => vec![Spanned::new(value.span(), &**line)],
            DeValue::Array(_) => fields.strings(key)?.unwrap_or_default(),
            _ => return Err(fields.wrong_type(key, value, "a list of arguments or a string")),
        };
        let program = strings.first();
        match program {
            None => return refuse(value.span(), "is an empty list, expected a program"),
            Some(program) if program.get_ref().trim().is_empty() => {
                return refuse(program.span(), "names no program, expected one");
            }
            Some(_) => {}
        }
        if let Some(nul) = strings
            .iter()
            .find(|string| string.get_ref().contains('\0'))
        {
            return refuse(nul.span(), "has a NUL character, expected none");
        }
        Ok(Some(match value.get_ref() {
            DeValue::String(line) => Command::Shell(line.clone().into_owned()),
            _ => Command::List(
                strings
                    .iter()
                    .map(|string| (*string.get_ref()).to_owned())
                    .collect(),
            ),
        }))
    }
}
