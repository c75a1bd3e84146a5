//! From a program's name over the interpreters of scripts to the file that the kernel runs.
use crate::view;
use psl_table::executable::Uncovered;
use psl_table::executable::carriage::{Carriage, Told};
use psl_table::executable::script::{Header, MAX_DEPTH};
use psl_table::snapshot::Snapshot;
use psl_table::tree::PATH_MAX;
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::links::View;

/// One file on the way.
#[derive(Debug)]
pub struct Step {
    /// Its path, as it is named.
    pub path: OsString,
    /// Where that leads.
    pub physical: PathBuf,
    /// What its `#!` line tells the interpreter, if it is a script.
    pub argument: Option<OsString>,
}

/// The file at the end.
#[derive(Debug)]
pub struct Leaf {
    /// The file, if it may be read.
    pub file: Option<OwnedFd>,
    /// How it begins.
    pub beginning: Vec<u8>,
    /// What carries it.
    pub carriage: Carriage,
}

/// Follows a program as a process with this view would execute it: the scripts, and the file at the end.
///
/// Fails with the error of execve(2), and the step at which it comes.
pub fn follow(
    view: View<'_>,
    program: &OsStr,
    told: Told<'_>,
) -> Result<(Vec<Step>, Leaf), (OsString, io::Error)> {
    let mut steps: Vec<Step> = Vec::new();
    let mut path = program.to_owned();
    loop {
        let failed = |error| (path.clone(), error);
        let physical = executable(view.snapshot, &path).map_err(failed)?;
        let mut step = Step {
            path: path.clone(),
            physical,
            argument: None,
        };
        let Some(file) = open(&step.physical).map_err(|errno| failed(errno.into()))? else {
            steps.push(step);
            let leaf = Leaf {
                file: None,
                beginning: Vec::new(),
                carriage: Carriage::Uncovered(Uncovered::Unreadable),
            };
            return Ok((steps, leaf));
        };
        let mut header = Header::read(file.as_fd()).map_err(|errno| failed(errno.into()))?;
        let beginning = header.bytes().to_vec();
        let interpreter = header.interpreter().map_err(|errno| failed(errno.into()))?;
        let Some(interpreter) = interpreter else {
            let (mut origin, mut text) = (vec![0; PATH_MAX], vec![0; PATH_MAX]);
            let room = Some((&mut origin[..], &mut text[..]));
            let header = Header::read(file.as_fd()).map_err(|errno| failed(errno.into()))?;
            // What has no links needs no engine.
            let carriage = match view.snapshot.is_empty() {
                true => Carriage::Preload,
                false => Carriage::of(file.as_fd(), &header, told, &view, room),
            };
            steps.push(step);
            let leaf = Leaf {
                file: Some(file),
                beginning,
                carriage,
            };
            return Ok((steps, leaf));
        };
        if steps.len() == MAX_DEPTH {
            return Err(failed(Errno::LOOP.into()));
        }
        let text = |text: &std::ffi::CStr| OsStr::from_bytes(text.to_bytes()).to_owned();
        step.argument = interpreter.argument.map(text);
        path = text(interpreter.path);
        steps.push(step);
    }
}

/// Returns the file that a path leads to, if it may be executed.
fn executable(snapshot: &Snapshot, path: &OsStr) -> io::Result<PathBuf> {
    let physical = view::physical(snapshot, path)?;
    view::executable(snapshot, path)?;
    Ok(physical)
}

/// Opens a file that may be executed; none if it may not be read.
fn open(physical: &Path) -> Result<Option<OwnedFd>, Errno> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    match rustix::fs::openat(CWD, physical, flags, Mode::empty()) {
        Ok(file) => Ok(Some(file)),
        Err(Errno::ACCESS)
            if rustix::fs::accessat(CWD, physical, Access::EXEC_OK, AtFlags::EACCESS).is_ok() =>
        {
            Ok(None)
        }
        Err(errno) => Err(errno),
    }
}
