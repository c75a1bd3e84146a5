//! A running instance: what it is told, what it says, the processes that it consists of, and its end.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use procfs::process::{self, Process};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open};

/// How long anything may take that an instance is asked for.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A process group that was started as one command; what is left of it is killed when this is dropped.
pub struct Instance {
    child: Child,
    is_over: bool,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Instance {
    /// Starts a command, whose output and errors are read as one stream of lines.
    pub fn start(mut command: Command) -> Self {
        let (reader, writer) = io::pipe().expect("a pipe can be made");
        let errors = writer.try_clone().expect("a descriptor can be duplicated");
        command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(writer)
            .stderr(errors);
        let child = command.spawn().expect("the command can be started");
        // It holds the writing end: the stream would not end with the instance.
        drop(command);
        let (send, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
                // Nobody may listen any more.
                let _ = send.send(String::from_utf8_lossy(&line).into_owned());
            }
        });
        Self {
            child,
            is_over: false,
            lines,
            said: Vec::new(),
        }
    }

    /// Writes a line to its standard input.
    #[track_caller]
    pub fn tell(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().expect("it is not closed");
        let told = writeln!(stdin, "{line}").and_then(|()| stdin.flush());
        told.unwrap_or_else(|error| panic!("{error}; it said {:#?}", self.said));
    }

    /// Waits for the next line that it says.
    #[track_caller]
    pub fn next_line(&mut self) -> String {
        let line = self.lines.recv_timeout(DEADLINE);
        let line = line.unwrap_or_else(|error| panic!("{error}; it said {:#?}", self.said));
        self.said.push(line.clone());
        line
    }

    /// Waits for a line with this text in it.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        let start = Instant::now();
        while start.elapsed() < DEADLINE {
            let line = self.next_line();
            if line.contains(text) {
                return line;
            }
        }
        panic!("{text:?} did not come; it said {:#?}", self.said);
    }

    /// Sends its first process a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.id(), signal).expect("it runs, or was not waited for");
    }

    /// Closes its standard input, waits until all its processes are gone, and returns what it had not been asked for yet.
    #[track_caller]
    pub fn end(mut self) -> (ExitStatus, Vec<String>) {
        drop(self.child.stdin.take());
        wait_until_gone(self.id());
        let mut rest = Vec::new();
        // The stream ends when the last process that could write to it does.
        loop {
            match self.lines.recv_timeout(DEADLINE) {
                Ok(line) => rest.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(error) => panic!("{error}; it said {:#?} {rest:#?}", self.said),
            }
        }
        self.is_over = true;
        let status = self.child.wait().expect("it has ended");
        (status, rest)
    }

    /// Returns the living processes that it consists of.
    pub fn processes(&self) -> Vec<Process> {
        let group = self.id().as_raw_nonzero().get();
        process::all_processes()
            .expect("/proc is mounted")
            .filter_map(Result::ok)
            .filter(|process| {
                let stat = process.stat();
                stat.is_ok_and(|stat| stat.pgrp == group && stat.state != 'Z')
            })
            .collect()
    }

    /// Returns the number of its first process.
    pub fn id(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if !self.is_over {
            // Until it is waited for, its number is nobody else's.
            let _ = kill_process_group(self.id(), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// Waits until a process has ended, whoever its parent is.
#[track_caller]
pub fn wait_until_gone(pid: Pid) {
    let process = match pidfd_open(pid, PidfdFlags::empty()) {
        Err(Errno::SRCH) => return,
        opened => opened.expect("a process can be waited for"),
    };
    let deadline = Timespec::try_from(DEADLINE).expect("it is short");
    let ended = poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&deadline));
    assert_eq!(ended, Ok(1), "process {pid} does not end");
}
