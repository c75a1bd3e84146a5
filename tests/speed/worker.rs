//! A process that makes one call as often as it is told, and tells how long that took.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::room::Room;
use crate::way::Way;

/// The process; it ends when this is dropped.
pub struct Worker {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts it; `{tree}` in what it is to do is the tree.
    pub fn start(room: &Room, way: Way, call: &[String]) -> io::Result<Self> {
        let tree = way.spelling(room);
        let mut command = way.command(room, &room.calls());
        command.args(
            call.iter()
                .map(|argument| argument.replace("{tree}", &tree)),
        );
        Self::of(command)
    }

    fn of(mut command: Command) -> io::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("it is piped");
        Ok(Self {
            child,
            stdin,
            stdout: BufReader::new(stdout),
        })
    }

    /// Has it make so many calls; returns how long each took, in nanoseconds.
    pub fn time(&mut self, calls: u64) -> io::Result<f64> {
        let stdin = self.stdin.as_mut().expect("it is open until the end");
        writeln!(stdin, "{calls}")?;
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        let elapsed: f64 = line
            .trim()
            .parse()
            .map_err(|_| io::Error::other("it ended"))?;
        Ok(elapsed / calls as f64)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The end of its input is the end of it.
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}
