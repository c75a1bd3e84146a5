//! Reading from storage that may never answer: a child does it, and may be left behind.
#![allow(unsafe_code, reason = "a child is made by a raw system call")]

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::pipe::PipeFlags;
use rustix::process::{Pid, Signal, WaitOptions};
use syscalls::Sysno;

use crate::error::{Class, Error, Result};

/// What an answer ends with when it is whole; before it comes the kind of failure, or this, too.
const DONE: u8 = 0;

/// `__WALL`: the child is one that wait(2) of nobody else finds.
const ALL: WaitOptions = WaitOptions::from_bits_retain(0x4000_0000);

/// Has a child do `work`, and returns its text; the child holds no descriptor of this process.
///
/// Fails with [`Error::Slow`], for `path`, when that takes longer than `limit`. Before main, and in programs with one
/// thread: no other one's locks are held in the child.
pub(super) fn within(
    path: &Path,
    limit: Duration,
    work: impl FnOnce() -> Result<String>,
) -> Result<String> {
    let start = Instant::now();
    let failed = |doing| move |errno| Error::io(doing, path, errno);
    let (reader, writer) =
        rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(failed("make a pipe to read"))?;
    // No signal tells of its end: whoever this process becomes knows nothing of it.
    // SAFETY: the child has a copy of this process's memory, and does not return from here.
    let child = unsafe { syscalls::syscall5(Sysno::clone, 0, 0, 0, 0, 0) };
    let child = match child {
        Ok(0) => {
            close_others(&writer);
            answer(&writer, work())
        }
        Ok(child) => i32::try_from(child).ok().and_then(Pid::from_raw),
        Err(errno) => {
            let errno = Errno::from_raw_os_error(errno.into_raw());
            return Err(failed("make a process to read")(errno));
        }
    };
    drop(writer);
    let read = read_until(&reader, start + limit);
    if let Some(child) = child {
        if read.is_none() {
            // What waits for the storage in the kernel ends when that answers.
            let _ = rustix::process::kill_process(child, Signal::KILL);
        }
        let now = if read.is_none() {
            WaitOptions::NOHANG
        } else {
            WaitOptions::empty()
        };
        let _ = retry_on_intr(|| rustix::process::waitpid(Some(child), ALL | now));
    }
    let Some(read) = read else {
        return Err(Error::Slow {
            path: path.to_owned(),
            limit,
        });
    };
    told(read.map_err(failed("read"))?).ok_or_else(|| failed("read")(Errno::IO))?
}

/// Writes the answer, and ends the process.
fn answer(writer: &OwnedFd, work: Result<String>) -> ! {
    let (kind, text) = match work {
        Ok(text) => (DONE, text),
        Err(error) => (error.class().code(), error.to_string()),
    };
    let answer = [&[kind], text.as_bytes(), &[DONE]].concat();
    let mut rest = &*answer;
    while let Ok(written @ 1..) = retry_on_intr(|| rustix::io::write(writer, rest)) {
        rest = &rest[written..];
    }
    loop {
        // SAFETY: it ends this process, which has nothing to be done at its end.
        let _ = unsafe { syscalls::syscall1(Sysno::exit_group, 0) };
    }
}

/// Closes what this process was given: whoever reads from a pipe is not to wait for a child that hangs.
fn close_others(kept: &OwnedFd) {
    let kept = kept.as_raw_fd().unsigned_abs() as usize;
    let last = u32::MAX as usize;
    for (from, to) in [(0, kept.wrapping_sub(1)), (kept + 1, last)] {
        if from <= to && to <= last {
            // SAFETY: nothing here uses them. A kernel before 5.9 cannot, and keeps them.
            let _ = unsafe { syscalls::syscall3(Sysno::close_range, from, to, 0) };
        }
    }
}

/// Reads all that is written; none if that does not end in time.
fn read_until(reader: &OwnedFd, end: Instant) -> Option<rustix::io::Result<Vec<u8>>> {
    let mut answer = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        let left = end.checked_duration_since(Instant::now())?;
        let left = Timespec::try_from(left).ok();
        match poll(&mut [PollFd::new(reader, PollFlags::IN)], left.as_ref()) {
            Ok(0) | Err(Errno::INTR) => continue,
            Ok(_) => {}
            Err(errno) => return Some(Err(errno)),
        }
        match retry_on_intr(|| rustix::io::read(reader, &mut chunk)) {
            Ok(0) => return Some(Ok(answer)),
            Ok(count) => answer.extend_from_slice(&chunk[..count]),
            Err(errno) => return Some(Err(errno)),
        }
    }
}

/// Takes an answer apart; none if it is not whole.
fn told(answer: Vec<u8>) -> Option<Result<String>> {
    let (&kind, rest) = answer.split_first()?;
    let (&DONE, text) = rest.split_last()? else {
        return None;
    };
    let text = String::from_utf8(text.to_vec()).ok()?;
    if kind == DONE {
        return Some(Ok(text));
    }
    let class = Class::ALL.into_iter().find(|class| class.code() == kind)?;
    Some(Err(Error::Told {
        message: text,
        class,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_answers_whatever_the_length_and_says_what_failed() {
        let path = Path::new("/the/store");
        let limit = Duration::from_secs(60);
        for length in [0, 1, 100_000, 10_000_000] {
            let text = "\u{e4}\0".repeat(length);
            let answer = within(path, limit, || Ok(text.clone()));
            assert!(answer.is_ok_and(|answer| answer == text), "{length}");
        }
        let lost = || Error::LostTable { path: path.into() };
        let answer = within(path, limit, || Err(lost())).expect_err("it failed");
        assert_eq!(answer.to_string(), lost().to_string());
        assert_eq!(answer.class(), lost().class());
    }

    #[test]
    fn a_child_that_hangs_or_dies_is_no_answer() {
        let path = Path::new("/the/store");
        let start = Instant::now();
        let limit = Duration::from_millis(200);
        let hung = within(path, limit, || {
            loop {
                rustix::thread::sched_yield();
            }
        });
        let hung = hung.expect_err("it never answers").to_string();
        assert!(
            hung.contains("/the/store") && hung.contains("start_deadline"),
            "{hung}"
        );
        assert!(start.elapsed() >= limit && start.elapsed() < Duration::from_secs(30));
        let died = within(path, Duration::from_secs(60), || {
            let own = rustix::process::getpid();
            rustix::process::kill_process(own, Signal::KILL).expect("it is its own");
            Ok("never".into())
        });
        assert!(matches!(died, Err(Error::Io { .. })));
    }
}
