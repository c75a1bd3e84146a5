//! What a member sees, asked from outside of its instances.
use crate::exit::Exit;
use crate::failure::Failure;
use psl_table::snapshot::Snapshot;
use psl_table::subject::Subject;
use psl_table::table::Table;
use psl_table::tree::Host;
use psl_table::walk::{End, Last, Scratch, walk};
use rustix::fs::{CWD, Mode, OFlags};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// Makes the snapshot that an instance of the member, started here by this user, would have.
pub fn of_member(table: &Table, member: &str) -> Result<Snapshot, Failure> {
    let variables = std::env::vars_os().map(|(name, value)| (name.into_vec(), value.into_vec()));
    let text = |name| std::env::var(name).ok();
    let subject = Subject::of_member(table, Some(member))
        .or_attributes(table, text("PSL_APP"), text("PSL_APP_VERSION"))
        .with_env(variables.collect());
    Snapshot::of(table, &subject, &Host).map_err(|errno| {
        let message =
            format!("the links of member {member:?} cannot be resolved on this host: {errno}");
        Failure::new(Exit::Invalid, message)
    })
}

/// Returns the physical path of what a process with this snapshot reaches by `path`.
pub fn physical(view: &Snapshot, path: &OsStr) -> io::Result<PathBuf> {
    let mut scratch = Scratch::new();
    let name = match walk(
        view,
        &Host,
        CWD,
        path.as_bytes(),
        Last::Followed,
        &mut scratch,
    )? {
        End::Name { name, .. } => name,
        End::Link(_) => return Err(io::ErrorKind::NotFound.into()),
    };
    let file = rustix::fs::openat(CWD, name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    let magic = format!("/proc/self/fd/{}", file.as_raw_fd());
    let physical = rustix::fs::readlink(magic, Vec::new())?;
    Ok(OsString::from_vec(physical.into_bytes()).into())
}
