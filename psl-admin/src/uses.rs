//! Which processes of this host use a tree, by what they really hold and not by what they were started with.
mod belongings;
mod mounts;
mod process;
#[cfg(test)]
mod tests;

use crate::exit::Exit;
use crate::failure::Failure;
use belongings::Belongings;
use mounts::Mounts;
use process::{Sight, examine};
use rustix::process::getpid;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

/// How often the list of processes is read again, as long as it shows one that was not there before.
const PASSES: usize = 16;

/// How a process uses a file.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum How {
    /// It runs the file.
    Executes,
    /// It has the file in its memory.
    Maps,
    /// It has the file open.
    Opens,
    /// Its working directory is there.
    WorksIn,
    /// Its root directory is there.
    Root,
    /// Its mount namespace shows the file at another place, or something else at the file's place.
    Mounts,
}

/// A process that uses a tree.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct User {
    /// Its id, as this host counts.
    pub pid: i32,
    /// The program that it runs, or its name where that cannot be seen.
    pub program: String,
    /// How it uses the tree.
    pub how: How,
    /// The file, by the name that the process knows it by.
    pub path: PathBuf,
}

/// Who uses a tree, and how much of the host could be seen.
#[derive(Debug, Default)]
pub struct Uses {
    /// In the order of their ids; a process has an entry for each file and way.
    pub users: Vec<User>,
    /// How many processes may not be looked at: those of others, for whoever is not root.
    pub unseen: usize,
    /// Whether `/proc` shows only some of the host's processes: it is mounted with `hidepid`, or this is a container.
    pub is_partial: bool,
}

/// Finds the processes that map, execute, or hold open a file of the tree, that work in it or have it as their root,
/// and the mount namespaces in which it is mounted elsewhere. This process itself does not count.
///
/// # Errors
///
/// Fails when the tree cannot be read to its last directory: what is in there could be in use.
pub fn users_of(tree: &Path) -> Result<Uses, Failure> {
    let belongings = Belongings::of(tree)?;
    let mut mounts = Mounts::own(&belongings)?;
    let mut uses = Uses {
        is_partial: mounts.hides_processes(),
        ..Uses::default()
    };
    let mut found = BTreeSet::new();
    let mut seen = BTreeMap::new();
    for _ in 0..PASSES {
        let mut is_complete = true;
        for process in listed()? {
            // A process that has gone uses nothing, and an id can be another's by the next pass.
            let Ok(stat) = process.stat() else { continue };
            if stat.pid == getpid().as_raw_nonzero().get()
                || seen.insert(stat.pid, stat.starttime) == Some(stat.starttime)
            {
                continue;
            }
            is_complete = false;
            match examine(&process, &stat, &belongings, &mut mounts, &mut found) {
                Sight::Seen => {}
                Sight::Forbidden => uses.unseen += 1,
            }
        }
        if is_complete {
            break;
        }
    }
    uses.users = found.into_iter().collect();
    Ok(uses)
}

fn listed() -> Result<impl Iterator<Item = procfs::process::Process>, Failure> {
    let processes = procfs::process::all_processes().map_err(|error| {
        let message = format!("cannot see which processes there are: {error}");
        Failure::new(Exit::Storage, message).with_help("mount procfs on \"/proc\"")
    })?;
    Ok(processes.flatten())
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Executes => "executes",
            Self::Maps => "maps",
            Self::Opens => "holds open",
            Self::WorksIn => "works in",
            Self::Root => "has as its root",
            Self::Mounts => "mounts",
        })
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pid,
            program,
            how,
            path,
        } = self;
        write!(f, "pid {pid} ({program}) {how} {path:?}")
    }
}

impl fmt::Display for Uses {
    /// Writes one use for each process, and what could not be seen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first: Vec<_> = self.users.iter().collect();
        first.dedup_by_key(|user| user.pid);
        let mut said: Vec<_> = first.iter().map(ToString::to_string).collect();
        if said.is_empty() {
            said.push("no process that can be seen uses it".to_owned());
        }
        match self.unseen {
            0 => {}
            1 => said.push("cannot see 1 process of others".to_owned()),
            count => said.push(format!("cannot see {count} processes of others")),
        }
        if self.is_partial {
            said.push(
                "processes outside of this container, or hidden by hidepid, are not seen".into(),
            );
        }
        f.write_str(&said.join("; "))
    }
}
