//! Commands that end within a deadline, whatever they do, and whose output is bounded.
use crate::members::trouble::Trouble;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How much of an output is shown, from its end, in bytes.
const SHOWN: u64 = 64 << 10;

/// How large the file of an output may become while its command runs, in bytes.
const KEPT: u64 = 1 << 20;

/// How often a wait looks whether it was abandoned.
const TICK: Duration = Duration::from_millis(100);

/// How long the kernel may take to end what was killed.
pub const KILLED: Duration = Duration::from_secs(5);

/// How long something may take, and who may end it before.
#[derive(Clone, Copy)]
pub struct Until<'a> {
    /// When it has to end.
    pub deadline: Instant,
    /// Tells whether the administrator does not want to wait any longer.
    pub abandoned: &'a (dyn Fn() -> bool + Sync),
}

impl<'a> Until<'a> {
    /// Allows this long from this moment on.
    pub fn within(limit: Duration, abandoned: &'a (dyn Fn() -> bool + Sync)) -> Self {
        Self {
            deadline: Instant::now() + limit,
            abandoned,
        }
    }

    /// Ends earlier, if `limit` from this moment on is earlier.
    pub fn at_most(self, limit: Duration) -> Self {
        Self {
            deadline: self.deadline.min(Instant::now() + limit),
            ..self
        }
    }

    /// Returns what is left.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Sleeps; returns false when the deadline is over.
    pub fn pause(&self, length: Duration) -> Result<bool, Trouble> {
        let end = self.deadline.min(Instant::now() + length);
        loop {
            if (self.abandoned)() {
                return Err(Trouble::Abandoned);
            }
            let now = Instant::now();
            if now >= end {
                return Ok(now < self.deadline);
            }
            thread::sleep((end - now).min(TICK));
        }
    }
}

/// How a command ended.
#[derive(Debug)]
pub enum End {
    /// By itself.
    Exited(ExitStatus),
    /// It was killed with its whole process group when its time was over.
    Late,
    /// It was killed because nobody wanted to wait any longer.
    Abandoned,
}

/// What becomes of the processes that a command leaves in its process group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leftovers {
    /// They stay: they may be the instance that the command was to start.
    Stay,
    /// They are killed.
    Killed,
}

/// Runs a command in a process group of its own, its output in `file`; returns how it ended and the end of its output.
pub fn run(
    mut command: Command,
    file: File,
    until: &Until<'_>,
    leftovers: Leftovers,
) -> io::Result<(End, String)> {
    // A file that is appended to can be emptied while others write.
    fcntl_setfl(&file, OFlags::APPEND)?;
    command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file.try_clone()?)
        .process_group(0);
    let child = command.spawn()?;
    let end = wait(child, &file, until, leftovers)?;
    Ok((end, tail(&file)?))
}

fn wait(mut child: Child, file: &File, until: &Until<'_>, leftovers: Leftovers) -> io::Result<End> {
    let pid = Pid::from_child(&child);
    let kill = || {
        // What fails here is a group that is gone already.
        let _ = kill_process_group(pid, Signal::KILL);
    };
    let pidfd = pidfd_open(pid, PidfdFlags::empty()).inspect_err(|_| kill())?;
    loop {
        if has_ended(&pidfd, until.left().min(TICK))? {
            if leftovers == Leftovers::Killed {
                kill();
            }
            return Ok(End::Exited(child.wait()?));
        }
        if file.metadata()?.len() > KEPT {
            keep_end(file)?;
        }
        let abandoned = (until.abandoned)();
        if abandoned || until.left().is_zero() {
            kill();
            if has_ended(&pidfd, KILLED)? {
                child.wait()?;
            }
            return Ok(if abandoned { End::Abandoned } else { End::Late });
        }
    }
}

/// Waits until the process of a pidfd has ended; returns false when `limit` is over first.
pub fn has_ended(pidfd: impl AsFd, limit: Duration) -> io::Result<bool> {
    let end = Instant::now() + limit;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).map_err(io::Error::other)?;
        let mut watched = [PollFd::new(&pidfd, PollFlags::IN)];
        match poll(&mut watched, Some(&timeout)) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(true),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Empties the file but for its end.
fn keep_end(mut file: &File) -> io::Result<()> {
    let end = tail(file)?;
    file.set_len(0)?;
    io::Write::write_all(&mut file, end.as_bytes())
}

/// Returns the end of a file as text.
pub fn tail(mut file: &File) -> io::Result<String> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(SHOWN)))?;
    let mut bytes = Vec::new();
    file.take(SHOWN).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
