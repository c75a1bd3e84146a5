//! A command that succeeds.
use crate::members::bounded::{self, End, Leftovers, Until};
use crate::members::hooks;
use psl_table::members::Command;

/// How much of a failed command's last line is shown, in characters.
const SHOWN: usize = 200;

/// Runs the command; nothing that it starts outlives the probe.
pub fn probe(command: &Command, until: &Until<'_>) -> Result<(), String> {
    let argv = command.argv();
    let name = shell_words::join(&argv);
    let failed = |error| format!("`{name}` cannot be run: {error}");
    let file = tempfile::tempfile().map_err(failed)?;
    let (end, output) =
        bounded::run(hooks::prepared(&argv), file, until, Leftovers::Killed).map_err(failed)?;
    match end {
        End::Exited(status) if status.success() => Ok(()),
        End::Exited(status) => {
            let said = output.lines().last().unwrap_or_default().trim();
            let visible = said.chars().filter(|letter| !letter.is_control());
            let said: String = visible.take(SHOWN).collect();
            let colon = if said.is_empty() { "" } else { ": " };
            Err(format!("`{name}` failed ({status}){colon}{said}"))
        }
        End::Late | End::Abandoned => Err(format!("`{name}` did not end in time")),
    }
}
