//! The administrator of a demo: every command is the psl-admin of this very program, in a process of its own.
use crate::demo::board::Board;
use crate::demo::process::{Ended, Process};
use crate::demo::site::Site;
use crate::demo::story::Story;
use crate::exit::Exit;
use crate::failure::Failure;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// How long a command may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// Variables of the caller that would change what a program loads, or how `ls` writes.
const STRANGE: [&str; 3] = ["LD_PRELOAD", "LD_AUDIT", "QUOTING_STYLE"];

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

    /// Types and runs a command that changes the table; returns the generation that it made.
    pub fn change(&self, arguments: &[&str]) -> Result<u64, Failure> {
        self.story.command(&typed(arguments))?;
        let printed = self.run(arguments)?;
        self.story.output(&printed)?;
        let generation = printed
            .trim()
            .strip_prefix("generation ")
            .and_then(|number| number.parse().ok());
        generation.ok_or_else(|| {
            let message = format!(
                "`{}` printed {printed:?}, expected a generation",
                typed(arguments)
            );
            Failure::new(Exit::Failed, message)
        })
    }

    /// Runs a command and returns what it prints.
    pub fn run(&self, arguments: &[&str]) -> Result<String, Failure> {
        self.printed(self.command(arguments), &typed(arguments))
    }

    /// Runs another program, without PSL, and returns what it prints.
    pub fn run_plain(&self, words: &[&str]) -> Result<String, Failure> {
        self.printed(
            self.plain(OsStr::new(words[0]), &words[1..]),
            &words.join(" "),
        )
    }

    /// Types and starts a command in the background.
    pub fn start(&self, arguments: &[&str]) -> Result<Process, Failure> {
        self.story.command(&format!("{} &", typed(arguments)))?;
        Process::start(self.command(arguments), &self.board)
    }

    fn printed(&self, command: Command, typed: &str) -> Result<String, Failure> {
        let ended = Process::start(command, &self.board)?.finish(&self.board, DEADLINE)?;
        if ended.status.success() {
            return Ok(ended.stdout);
        }
        Err(failed(typed, &ended))
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
    format!("psl-admin {}", arguments.join(" "))
}

fn is_strange(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b"PSL_") || STRANGE.iter().any(|strange| name == *strange)
}
