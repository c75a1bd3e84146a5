//! The administrator's editor.
use crate::edit::interrupt::Interrupts;
use crate::exit::Exit;
use crate::failure::Failure;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitStatus};

/// Where an editor is named, the first that is set and not empty.
const VARIABLES: [&str; 2] = ["VISUAL", "EDITOR"];

/// The editor of those who name none.
const DEFAULT: &str = "vi";

/// Opens a file and returns when the editor has ended; fails when it failed.
pub fn open(file: &Path, interrupts: &Interrupts) -> Result<(), Failure> {
    let (words, source) = words()?;
    let named = format!("the editor {:?}{source}", shell_words::join(&words));
    let mut command = Command::new(&words[0]);
    let started = interrupts.start(command.args(&words[1..]).arg(file));
    let (mut editor, watched) = started.map_err(|error| {
        Failure::new(Exit::Usage, format!("cannot start {named}: {error}"))
            .with_help("set VISUAL or EDITOR to the editor that you use")
    })?;
    let status = editor.wait();
    drop(watched);
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(
            Exit::No,
            format!("{named} failed: {}, nothing is committed", how(status)),
        )),
        Err(error) => Err(Failure::new(
            Exit::Storage,
            format!("cannot wait for {named}: {error}"),
        )),
    }
}

/// Returns the editor's words, as a shell would split them, and which variable they are from.
fn words() -> Result<(Vec<String>, String), Failure> {
    let set = |name: &'static str| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty());
        value.map(|value| (name, value))
    };
    let Some((name, line)) = VARIABLES.into_iter().find_map(set) else {
        return Ok((vec![DEFAULT.into()], String::new()));
    };
    let words = split(&line).filter(|words| words.first().is_some_and(|word| !word.is_empty()));
    let words = words.ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            format!(
                "{name} is {line:?}, expected a command and its arguments, quoted as for a shell"
            ),
        )
    })?;
    Ok((words, format!(" of {name}")))
}

fn split(line: &OsString) -> Option<Vec<String>> {
    shell_words::split(line.to_str()?).ok()
}

fn how(status: ExitStatus) -> String {
    // It says `exit status: 1`, or `signal: 9 (SIGKILL)`.
    status.to_string().replacen(": ", " ", 1)
}
