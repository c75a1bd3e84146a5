//! Members that commands of their own start and stop.
use crate::members::bounded::{self, End, Leftovers, Until};
use crate::members::trouble::{State, Trouble};
use psl_table::members::Command;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process;

/// What a command is for, and the states that its failures end in.
pub struct Kind {
    name: &'static str,
    failed: State,
    hung: State,
}

/// A start command.
pub const START: Kind = Kind {
    name: "start",
    failed: State::StartFailed,
    hung: State::StartHung,
};

/// A stop command.
pub const STOP: Kind = Kind {
    name: "stop",
    failed: State::StopFailed,
    hung: State::StopHung,
};

/// Runs it; what it leaves running stays, and may go on writing to the log.
pub fn run(command: &Command, log: &Path, until: &Until<'_>, kind: &Kind) -> Result<(), Trouble> {
    let name = kind.name;
    let failed = |error| {
        Trouble::new(
            kind.failed,
            format!("its {name} command cannot be run: {error}"),
        )
    };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    let file = options.mode(0o600).open(log).map_err(failed)?;
    let command = prepared(&command.argv());
    let (end, output) = bounded::run(command, file, until, Leftovers::Stay).map_err(failed)?;
    match end {
        End::Exited(status) if status.success() => Ok(()),
        End::Exited(status) => {
            let message = format!("its {name} command failed ({status})");
            Err(Trouble::new(kind.failed, message).with_output(output))
        }
        End::Late => {
            let message = format!("its {name} command did not end in time, and was killed");
            Err(Trouble::new(kind.hung, message).with_output(output))
        }
        End::Abandoned => Err(Trouble::Abandoned),
    }
}

/// Makes a command of arguments, at least a program.
pub fn prepared(argv: &[&str]) -> process::Command {
    let (program, arguments) = argv.split_first().expect("a command has a program");
    let mut command = process::Command::new(program);
    command.args(arguments).current_dir("/");
    command
}
