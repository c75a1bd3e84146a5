//! Which program a command's name leads to, for a member.
use crate::exec;
use crate::failure::Failure;
use crate::view;
use psl_table::snapshot::Snapshot;
use psl_table::table::Table;
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::io;

/// Finds the program of a command as the member does, and what that program sees: the one depends on the other.
pub fn find(
    table: &Table,
    member: Option<&str>,
    command: &OsStr,
) -> Result<(OsString, Snapshot), Failure> {
    find_with(command, |program| view::of_program(table, member, program))
}

/// Does the same for whoever sees what `view` says of a program.
pub fn find_with(
    command: &OsStr,
    view: impl Fn(&OsStr) -> Result<Snapshot, Failure>,
) -> Result<(OsString, Snapshot), Failure> {
    let mut reason = io::Error::from(Errno::NOENT);
    let candidates = exec::candidates(command);
    let is_only_one = candidates.len() == 1;
    for program in candidates {
        let view = view(&program)?;
        match view::executable(&view, &program) {
            // The kernel says what is wrong with it.
            _ if is_only_one => return Ok((program, view)),
            Ok(()) => return Ok((program, view)),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => reason = error,
            Err(_) => {}
        }
    }
    Err(exec::failed(command, &reason))
}
