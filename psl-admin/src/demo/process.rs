//! A program that the demo has started, and that does not outlive it.
use crate::demo::board::Board;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::parent_death;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

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
    pub fn start(command: Command, board: &Arc<Board>) -> Result<Self, Failure> {
        Self::start_with(command, [output_file()?, output_file()?], board)
    }

    /// Starts a program whose standard output and error are one stream, as on a terminal.
    pub fn start_joined(command: Command, board: &Arc<Board>) -> Result<Self, Failure> {
        let (both, name) = (output_file()?, command.get_program().to_owned());
        let again = both.try_clone().map_err(|error| cannot(&name, &error))?;
        Self::start_with(command, [both, again], board)
    }

    fn start_with(
        mut command: Command,
        output: [File; 2],
        board: &Arc<Board>,
    ) -> Result<Self, Failure> {
        let name = command.get_program().to_owned();
        let failed = |error| cannot(&name, &error);
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

    /// Returns what it has written since this offset, which moves behind it.
    pub fn written_since(&self, offset: &mut u64) -> Result<String, Failure> {
        let file = &self.output[0];
        let mut read = || {
            let end = file.metadata()?.len();
            let mut bytes = vec![0; usize::try_from(end.saturating_sub(*offset)).unwrap_or(0)];
            file.read_exact_at(&mut bytes, *offset)?;
            *offset = end;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        read().map_err(unreadable)
    }

    /// Tells how much it has written, in bytes.
    pub fn written(&self) -> u64 {
        self.output[0].metadata().map_or(0, |status| status.len())
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
            *text = read(file).map_err(unreadable)?;
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

fn output_file() -> Result<File, Failure> {
    tempfile::tempfile().map_err(|error| {
        let dir = std::env::temp_dir();
        let message = format!("cannot make a file in {dir:?}: {error}");
        Failure::new(Exit::Storage, message)
    })
}

fn cannot(name: &OsStr, error: &io::Error) -> Failure {
    Failure::new(Exit::Refused, format!("cannot execute {name:?}: {error}"))
}

fn unreadable(error: io::Error) -> Failure {
    let message = format!("cannot read a program's output: {error}");
    Failure::new(Exit::Storage, message)
}

fn read(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
