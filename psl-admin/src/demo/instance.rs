//! One instance of the server, started as an administrator would and stopped by signal.
use crate::demo::admin::{self, Admin};
use crate::demo::board::Board;
use crate::demo::port::Port;
use crate::demo::process::Process;
use crate::demo::traffic::{Phase, Traffic};
use crate::demo::version::Version;
use crate::exit::Exit;
use crate::failure::Failure;
use std::time::{Duration, Instant};

/// How long an instance may take to answer after its start.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// An instance, which runs or not.
#[derive(Debug)]
pub struct Instance {
    /// Its member.
    pub member: &'static str,
    /// Its port, which it keeps.
    pub port: Port,
    /// Its place on the board.
    pub index: usize,
    process: Option<Process>,
}

impl Instance {
    /// Makes an instance that is not started yet, and gives it a place on the board.
    pub fn new(board: &Board, member: &'static str) -> Result<Self, Failure> {
        let port = Port::take()?;
        let index = board.change(|traffic| {
            traffic.push(Traffic::new());
            traffic.len() - 1
        });
        Ok(Self {
            member,
            port,
            index,
            process: None,
        })
    }

    /// Starts it by the configured path, and waits until it answers; `expected` is the version to answer with.
    pub fn start(&mut self, admin: &Admin, expected: Version) -> Result<(), Failure> {
        let board = &admin.board;
        let (program, port) = (
            admin.site.program(Version::One),
            self.port.number.to_string(),
        );
        let command = [
            "run",
            "--member",
            self.member,
            "--",
            &program,
            "--port",
            &port,
        ];
        let started = Instant::now();
        board.change(|traffic| traffic[self.index].expected = expected);
        let process = self.process.insert(admin.start(&command)?);
        let id = process.id();
        board.change(|traffic| traffic[self.index].phase = Phase::Starting(id));
        let answered = board.wait(START_DEADLINE, |traffic| {
            traffic[self.index].phase == Phase::Serving || process.has_ended()
        })?;
        if process.has_ended() {
            let ended = self
                .process
                .take()
                .expect("it was just started")
                .stop(board)?;
            return Err(admin::failed(
                &format!("psl-admin {}", command.join(" ")),
                &ended,
            ));
        }
        if !answered {
            let message = format!(
                "{} (process {id}) did not answer within {START_DEADLINE:?}",
                self.member
            );
            return Err(Failure::new(Exit::Failed, message));
        }
        let took = started.elapsed().as_millis();
        admin
            .story
            .output(&format!("process {id} answers after {took} ms"))
    }

    /// Stops it with SIGTERM, and waits until it has ended.
    pub fn stop(&mut self, admin: &Admin) -> Result<(), Failure> {
        let Some(process) = self.process.take() else {
            return Ok(());
        };
        let board = &admin.board;
        let (id, asked) = (process.id(), Instant::now());
        admin.story.command(&format!("kill {id}"))?;
        board.change(|traffic| traffic[self.index].phase = Phase::Down);
        let ended = process.stop(board)?;
        if !ended.status.success() {
            return Err(admin::failed(&format!("kill {id}"), &ended));
        }
        let took = asked.elapsed().as_millis();
        admin
            .story
            .output(&format!("{} has ended after {took} ms", self.member))
    }

    /// Fails when a request to it failed, or was answered wrongly.
    pub fn check(&self, board: &Board) -> Result<(), Failure> {
        match &board.traffic()[self.index].trouble {
            None => Ok(()),
            Some(trouble) => Err(Failure::new(
                Exit::Failed,
                format!("{}: {trouble}", self.member),
            )),
        }
    }
}
