//! A program that the demo has started, and that does not outlive it.
use crate::demo::board::Board;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::parent_death;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a program may take to end after SIGTERM.
const STOP_DEADLINE: Duration = Duration::from_secs(5);

/// A running program, in a process group of its own so that Ctrl-C is the demo's alone. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    ended: Arc<AtomicBool>,
    /// Waits for the end without collecting the child, so that its id stays its own; none when it is collected.
    watcher: Option<JoinHandle<()>>,
    output: [File; 2],
}

/// How a program ended, and what it wrote.
#[derive(Debug)]
pub struct Ended {
    /// The exit code or the signal.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Process {
    /// Starts a program. Only from the main thread: the kernel kills the program when the thread that started it ends.
    pub fn start(mut command: Command, board: &Arc<Board>) -> Result<Self, Failure> {
        let name = command.get_program().to_owned();
        let failed =
            |error| Failure::new(Exit::Refused, format!("cannot execute {name:?}: {error}"));
        let file = || {
            tempfile::tempfile().map_err(|error| {
                let dir = std::env::temp_dir();
                Failure::new(
                    Exit::Storage,
                    format!("cannot make a file in {dir:?}: {error}"),
                )
            })
        };
        let output = [file()?, file()?];
        let [stdout, stderr] = output.each_ref().map(File::try_clone);
        command
            .stdin(Stdio::null())
            .stdout(stdout.map_err(failed)?)
            .stderr(stderr.map_err(failed)?);
        command.process_group(0);
        parent_death::bind(&mut command);
        let mut process = Self {
            child: command.spawn().map_err(failed)?,
            ended: Arc::new(AtomicBool::new(false)),
            watcher: None,
            output,
        };
        process.watch(board).map_err(|error| {
            let _ = process.child.kill().and_then(|()| process.child.wait());
            failed(error)
        })?;
        Ok(process)
    }

    /// Returns its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Tells whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Stops it with SIGTERM, and with SIGKILL when it takes too long.
    pub fn stop(self, board: &Board) -> Result<Ended, Failure> {
        let _ = kill_process(self.pid(), Signal::TERM);
        board.wait(STOP_DEADLINE, |_| self.has_ended())?;
        self.collect()
    }

    /// Waits until it ends by itself, and kills it after `limit`.
    pub fn finish(self, board: &Board, limit: Duration) -> Result<Ended, Failure> {
        board.wait(limit, |_| self.has_ended())?;
        self.collect()
    }

    fn collect(mut self) -> Result<Ended, Failure> {
        let status = self.end();
        let mut text = [String::new(), String::new()];
        for (file, text) in self.output.iter_mut().zip(&mut text) {
            *text = read(file).map_err(|error| {
                Failure::new(
                    Exit::Storage,
                    format!("cannot read a program's output: {error}"),
                )
            })?;
        }
        let [stdout, stderr] = text;
        let status = status.map_err(|error| {
            Failure::new(Exit::Refused, format!("cannot wait for a program: {error}"))
        })?;
        Ok(Ended {
            status,
            stdout,
            stderr,
        })
    }

    fn watch(&mut self, board: &Arc<Board>) -> io::Result<()> {
        let (pid, ended, board) = (self.pid(), Arc::clone(&self.ended), Arc::clone(board));
        let watch = move || {
            let until = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            let _ = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), until));
            // Relaxed: the board's lock orders it for whoever waits there.
            board.change(|_| ended.store(true, Ordering::Relaxed));
        };
        self.watcher = Some(thread::Builder::new().spawn(watch)?);
        Ok(())
    }

    /// Kills what is left of its group, and collects it.
    fn end(&mut self) -> io::Result<ExitStatus> {
        if let Some(watcher) = self.watcher.take() {
            let _ = kill_process_group(self.pid(), Signal::KILL);
            let _ = watcher.join();
        }
        self.child.wait()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // What fails here is a child that is gone already.
        let _ = self.end();
    }
}

fn read(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
