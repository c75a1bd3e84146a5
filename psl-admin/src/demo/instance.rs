//! One instance of the server: how it is started first, and how its member is listed.
use crate::demo::admin::{self, Admin};
use crate::demo::board::Board;
use crate::demo::port::Port;
use crate::demo::process::Process;
use crate::demo::site::Site;
use crate::demo::standing::Standing;
use crate::demo::version::Version;
use crate::exit::Exit;
use crate::failure::Failure;
use std::time::{Duration, Instant};
use toml_edit::Array;

/// How long an instance may take until it is healthy.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// An instance, and the process that it was at first.
#[derive(Debug)]
pub struct Instance {
    /// Its member.
    pub member: &'static str,
    /// Its port, which it keeps.
    pub port: Port,
    /// Its place on the board.
    pub index: usize,
    first: Option<Process>,
}

impl Instance {
    /// Makes an instance that is not started yet, and gives it a place on the board.
    pub fn new(board: &Board, member: &'static str) -> Result<Self, Failure> {
        let port = Port::take()?;
        let index = board.change(|shown| {
            shown.standings.push(Standing::new(port.number));
            shown.standings.len() - 1
        });
        Ok(Self {
            member,
            port,
            index,
            first: None,
        })
    }

    /// Returns the command line of its server, by the configured path.
    fn command(&self, site: &Site) -> [String; 6] {
        [
            site.program(Version::One),
            "--port".to_owned(),
            self.port.number.to_string(),
            "--drain".to_owned(),
            "--while".to_owned(),
            site.leash(),
        ]
    }

    /// Returns its lines of members.toml.
    pub fn listed(&self, site: &Site) -> String {
        let (member, port) = (self.member, self.port.number);
        let command = Array::from_iter(self.command(site));
        format!(
            "[member.{member}]\ncommand = {command}\n\
             health = {{ http = \"http://127.0.0.1:{port}/health\" }}\n"
        )
    }

    /// Starts it as an administrator would, and waits until it is healthy.
    pub fn start(&mut self, admin: &Admin) -> Result<(), Failure> {
        let (board, server) = (&admin.board, self.command(&admin.site));
        let run = ["run", "--member", self.member, "--"];
        let server = server.iter().map(String::as_str);
        let command: Vec<_> = run.into_iter().chain(server).collect();
        let started = Instant::now();
        let process = self.first.insert(admin.start(&command)?);
        let id = process.id();
        let serves = board.wait(START_DEADLINE, |shown| {
            shown.standings[self.index].serves || process.has_ended()
        })?;
        if process.has_ended() {
            let ended = self
                .first
                .take()
                .expect("it was just started")
                .finish(board, Duration::ZERO)?;
            let typed = format!("psl-admin {}", command.join(" "));
            return Err(admin::failed(&typed, &ended));
        }
        if !serves {
            let member = self.member;
            let message = format!(
                "{member} (process {id}) was not healthy within {START_DEADLINE:?}, expected it to serve"
            );
            return Err(Failure::new(Exit::Failed, message));
        }
        let took = started.elapsed().as_millis();
        let said = format!("process {id} is healthy after {took} ms");
        admin.story.output(&said)
    }
}
