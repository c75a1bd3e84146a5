//! The administrator of a demo: every command is the psl-admin of this very program, in a process of its own.
use crate::demo::board::Board;
use crate::demo::process::{Ended, Process};
use crate::demo::site::Site;
use crate::demo::story::Story;
use crate::exit::Exit;
use crate::failure::Failure;
use serde_json::Value;
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a command may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// Variables of the caller that would change what a program loads, or how `ls` writes.
const STRANGE: [&str; 3] = ["LD_PRELOAD", "LD_AUDIT", "QUOTING_STYLE"];

/// How a command that is followed has to end.
#[derive(Debug)]
pub enum End<'a> {
    /// By itself, with this exit code.
    Code(i32),
    /// It is killed, once it says this.
    KilledAt(&'a str),
}

/// Runs commands with the demo's own store and configuration, whatever the caller's environment says.
#[derive(Debug)]
pub struct Admin {
    /// The directory in which everything lies.
    pub site: Site,
    /// Where commands and their output are printed.
    pub story: Story,
    /// What tells that a command has ended.
    pub board: Arc<Board>,
    program: PathBuf,
    environment: Vec<(OsString, OsString)>,
}

impl Admin {
    /// Makes the administrator of a directory.
    pub fn new(site: Site, story: Story, board: Arc<Board>) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(|error| {
            let message = format!("cannot find where psl-admin is: {error}");
            Failure::new(Exit::Refused, message)
        })?;
        let mut environment: Vec<_> = std::env::vars_os()
            .filter(|(name, _)| !is_strange(name))
            .collect();
        environment.push(("PSL_CONFIG".into(), site.configuration().into()));
        environment.push(("XDG_CACHE_HOME".into(), site.cache().into()));
        // In a demo that is itself part of an instance, the shim would put a member back that is missing.
        environment.push(("PSL_MEMBER".into(), "".into()));
        Ok(Self {
            site,
            story,
            board,
            program,
            environment,
        })
    }

    /// Types and sets the variable that names the store, once that has been made.
    pub fn export_store(&mut self) -> Result<(), Failure> {
        let store = self.site.store();
        self.story.command(&format!("export PSL_STORE={store}"))?;
        self.environment.push(("PSL_STORE".into(), store.into()));
        Ok(())
    }

    /// Types and runs a command, and prints what it prints.
    pub fn show(&self, arguments: &[&str]) -> Result<(), Failure> {
        self.show_any(arguments, &[0]).map(drop)
    }

    /// Does the same for a command that may end with any of these exit codes, and returns the one.
    pub fn show_any(&self, arguments: &[&str], codes: &[i32]) -> Result<Option<i32>, Failure> {
        let typed = typed(arguments);
        self.story.command(&typed)?;
        let ended = self.ended(self.command(arguments), &typed, codes)?;
        self.story.output(&ended.stdout)?;
        Ok(ended.status.code())
    }

    /// Types and runs another program, without PSL, and prints what it prints.
    pub fn show_plain(&self, words: &[&str]) -> Result<(), Failure> {
        self.story.command(&joined(words))?;
        self.story.output(&self.run_plain(words)?)
    }

    /// Types and runs a command that goes on for a while, prints what it says as it says it, and fails when it does not
    /// come to this end.
    pub fn follow(&self, arguments: &[&str], end: &End<'_>) -> Result<(), Failure> {
        let typed = typed(arguments);
        self.story.command(&typed)?;
        let process = Process::start_joined(self.command(arguments), &self.board)?;
        let (mut offset, began) = (0, Instant::now());
        loop {
            let left = DEADLINE.saturating_sub(began.elapsed());
            let came = self
                .board
                .wait(left, |_| process.has_ended() || process.written() > offset)?;
            let has_ended = process.has_ended();
            let said = process.written_since(&mut offset)?;
            self.story.output(&said)?;
            match end {
                End::KilledAt(moment) if said.contains(moment) => {
                    self.story.command(&format!("kill -9 {}", process.id()))?;
                    return process.finish(&self.board, Duration::ZERO).map(drop);
                }
                End::Code(code) if has_ended => {
                    let ended = process.finish(&self.board, DEADLINE)?;
                    return match ended.status.code() == Some(*code) {
                        true => Ok(()),
                        false => Err(failed(&typed, &ended)),
                    };
                }
                End::KilledAt(_) if has_ended => {
                    let ended = process.finish(&self.board, DEADLINE)?;
                    return Err(failed(&typed, &ended));
                }
                _ if came => {}
                _ => {
                    let message = format!("`{typed}` did not end within {DEADLINE:?}");
                    return Err(Failure::new(Exit::Failed, message));
                }
            }
        }
    }

    /// Runs a command and returns what it prints.
    pub fn run(&self, arguments: &[&str]) -> Result<String, Failure> {
        self.printed(self.command(arguments), &typed(arguments))
    }

    /// Runs a command that may end with 0 or 1, and returns the JSON that it prints.
    pub fn json(&self, arguments: &[&str]) -> Result<Value, Failure> {
        let typed = typed(arguments);
        let printed = self.ended(self.command(arguments), &typed, &[0, 1])?.stdout;
        serde_json::from_str(&printed).map_err(|error| {
            let message = format!("`{typed}` printed {printed:?}, expected JSON: {error}");
            Failure::new(Exit::Failed, message)
        })
    }

    /// Runs another program, without PSL, and returns what it prints.
    pub fn run_plain(&self, words: &[&str]) -> Result<String, Failure> {
        self.printed(
            self.plain(OsStr::new(words[0]), &words[1..]),
            &joined(words),
        )
    }

    /// Types and starts a command in the background.
    pub fn start(&self, arguments: &[&str]) -> Result<Process, Failure> {
        let typed = typed(arguments);
        self.story.command(&format!("{typed} &"))?;
        Process::start(self.command(arguments), &self.board)
    }

    fn printed(&self, command: Command, typed: &str) -> Result<String, Failure> {
        Ok(self.ended(command, typed, &[0])?.stdout)
    }

    fn ended(&self, command: Command, typed: &str, codes: &[i32]) -> Result<Ended, Failure> {
        let ended = Process::start(command, &self.board)?.finish(&self.board, DEADLINE)?;
        match ended
            .status
            .code()
            .is_some_and(|code| codes.contains(&code))
        {
            true => Ok(ended),
            false => Err(failed(typed, &ended)),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.plain(self.program.as_os_str(), arguments)
    }

    fn plain(&self, program: &OsStr, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Tells of a command that ended badly; what psl-admin refused or could not store, the demo could not either.
pub fn failed(typed: &str, ended: &Ended) -> Failure {
    let exit = match ended.status.code() {
        Some(5) => Exit::Refused,
        Some(6) => Exit::Storage,
        _ => Exit::Failed,
    };
    let said = ended.stderr.trim();
    let said = said.strip_prefix("psl-admin: ").unwrap_or(said);
    Failure::new(exit, format!("`{typed}` failed ({}): {said}", ended.status))
}

fn typed(arguments: &[&str]) -> String {
    format!("psl-admin {}", joined(arguments))
}

/// Writes words as they would be typed, with quotes around those alone that need them.
fn joined(words: &[&str]) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "@%+=:,./_-".contains(letter);
    let quoted = words.iter().map(|word| {
        match !word.is_empty() && !word.starts_with('=') && word.chars().all(is_plain) {
            true => Cow::Borrowed(*word),
            false => shell_words::quote(word),
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

fn is_strange(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b"PSL_") || STRANGE.iter().any(|strange| name == *strange)
}
