//! What instances do that live for long: they read, and say what changes.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

/// How often something is read.
const PERIOD: Duration = Duration::from_millis(5);

/// How many reads are told at once.
const TOLD: u64 = 200;

/// Reads a live link and a fixed one, and says each text of the live one; ends with a wrong one, or when nobody listens.
pub fn read(live: &Path, fixed: &Path) -> ExitCode {
    let first = fs::read_to_string(fixed).unwrap_or_default();
    let mut last = String::new();
    let mut reads = 0;
    loop {
        let [text, again] = [live, fixed].map(fs::read_to_string);
        let text = match (text, again) {
            (Ok(text), Ok(again)) if again == first && is_whole(&text) => text,
            found => return told(&format!("wrong {found:?}, the fixed one was {first:?}")),
        };
        reads += 1;
        if text != last {
            if told(&format!("live {text}")) == ExitCode::FAILURE {
                return ExitCode::FAILURE;
            }
            last = text;
        }
        if reads % TOLD == 0 && told(&format!("reads {TOLD}")) == ExitCode::FAILURE {
            return ExitCode::FAILURE;
        }
        thread::sleep(PERIOD);
    }
}

/// A data file has its number twice.
fn is_whole(text: &str) -> bool {
    text.split_once(' ')
        .is_some_and(|(one, other)| !one.is_empty() && one == other)
}

/// Says one line.
fn told(line: &str) -> ExitCode {
    match rustix::io::write(rustix::stdio::stdout(), format!("{line}\n").as_bytes()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Writes down which version it was started with, and when that changes meanwhile.
pub fn serve(file: &Path, state: &Path) -> ExitCode {
    let first = fs::read_to_string(file).unwrap_or_default();
    let write = |text: &str| fs::write(state, text).is_ok();
    let mut is_written = write(first.trim_end());
    loop {
        thread::sleep(PERIOD * 4);
        let found = fs::read_to_string(file);
        if found.as_ref().ok() != Some(&first) {
            is_written &= write(&format!("{} and then {found:?}", first.trim_end()));
            thread::sleep(Duration::from_secs(1));
        }
        if !is_written {
            return ExitCode::FAILURE;
        }
    }
}
