//! What a member sees, asked from outside of its instances.
use crate::exit::Exit;
use crate::failure::Failure;
use psl_table::criteria::Criteria;
use psl_table::name::AbsPath;
use psl_table::snapshot::Snapshot;
use psl_table::subject::Subject;
use psl_table::table::Table;
use psl_table::tree::Host;
use psl_table::walk::{End, Last, Scratch, walk};
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;
use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Makes the snapshot that an instance of the member, started here by this user, would have.
pub fn of_member(table: &Table, member: &str) -> Result<Snapshot, Failure> {
    of_program(table, Some(member), OsStr::new(""))
}

/// Makes the snapshot that this program would have as an instance of the member, if it is any member's.
pub fn of_program(
    table: &Table,
    member: Option<&str>,
    program: &OsStr,
) -> Result<Snapshot, Failure> {
    Snapshot::of(table, &subject(table, member, program), &Host).map_err(|errno| {
        let whose = member.map_or("no member".into(), |member| format!("member {member:?}"));
        let message = format!("the links of {whose} cannot be resolved on this host: {errno}");
        Failure::new(Exit::Invalid, message)
    })
}

/// Describes this program, if one is named, as an instance of the member, started here by this user.
pub fn subject(table: &Table, member: Option<&str>, program: &OsStr) -> Subject {
    let variables = std::env::vars_os().map(|(name, value)| (name.into_vec(), value.into_vec()));
    let text = |name| std::env::var(name).ok();
    let subject = Subject::of_member(table, member)
        .or_attributes(table, text("PSL_APP"), text("PSL_APP_VERSION"))
        .with_env(variables.collect());
    if program.is_empty() {
        subject
    } else {
        subject.with_exe(program.as_bytes())
    }
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

/// Succeeds when a process with this snapshot, and this one's rights, could execute what it reaches by `path`.
pub fn executable(view: &Snapshot, path: &OsStr) -> io::Result<()> {
    let file = physical(view, path)?;
    if file.metadata()?.is_dir() {
        return Err(Errno::ACCESS.into());
    }
    Ok(rustix::fs::accessat(
        CWD,
        &file,
        Access::EXEC_OK,
        AtFlags::EACCESS,
    )?)
}

/// The places of all links, whoever has them.
pub struct Places<'t> {
    table: &'t Table,
    froms: HashSet<&'t Path>,
}

impl<'t> Places<'t> {
    /// Collects them.
    pub fn of(table: &'t Table) -> Self {
        let froms = table.links.iter().map(|link| link.from.as_ref()).collect();
        Self { table, froms }
    }

    /// Tells whether a path does not exist for those whom the criteria mean.
    ///
    /// A path behind a link that only some of them have may well be there, and so may what cannot be examined.
    pub fn is_missing(&self, criteria: &Criteria, path: &AbsPath) -> bool {
        if !self.is_behind_one(path) {
            return is_missing_here(path.as_ref());
        }
        let member = criteria.member.as_deref();
        match member.map(|member| of_member(self.table, member)) {
            Some(Ok(view)) => {
                physical(&view, path.as_str().as_ref()).is_err_and(|error| says_missing(&error))
            }
            _ => false,
        }
    }

    /// Tells whether a path leads through a link that some process has.
    pub fn is_behind_one(&self, path: &AbsPath) -> bool {
        let path: &Path = path.as_ref();
        path.ancestors().any(|dir| self.froms.contains(dir))
    }
}

/// Tells whether a path does not exist for this process, which has no links.
pub fn is_missing_here(path: &Path) -> bool {
    path.metadata().is_err_and(|error| says_missing(&error))
}

fn says_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
