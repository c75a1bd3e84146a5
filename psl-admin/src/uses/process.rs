//! What one process uses, by the links of proc(5) that lead to the files themselves.
use crate::uses::belongings::{Belongings, status};
use crate::uses::mounts::Mounts;
use crate::uses::{How, User};
use procfs::process::{Process, Stat};
use rustix::fs::{AtFlags, CWD, statat};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{read, read_dir, read_link};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What the kernel appends to the name of a file that has none any more.
const DELETED: &[u8] = b" (deleted)";

/// The flag of a process that is the kernel's own and has no files.
const KERNEL_THREAD: u32 = 0x0020_0000;

/// Whether a process could be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It could, or it is gone.
    Seen,
    /// Some of it could not.
    Forbidden,
}

/// Adds each use that a process makes of the tree.
pub fn examine(
    process: &Process,
    stat: &Stat,
    belongings: &Belongings,
    mounts: &mut Mounts,
    found: &mut BTreeSet<User>,
) -> Sight {
    if stat.flags & KERNEL_THREAD != 0 {
        return Sight::Seen;
    }
    let dir = PathBuf::from(format!("/proc/{}", process.pid()));
    let program = read_link(dir.join("exe"));
    let program = program.map_or_else(|_| stat.comm.clone(), |path| path.display().to_string());
    let mut look = Look {
        pid: process.pid(),
        program,
        belongings,
        found,
        is_forbidden: false,
    };
    let process = Task::of(dir, mounts);
    look.link(&process, "exe", How::Executes);
    look.links(&process, "map_files", How::Maps);
    let threads = look.listed(&process.dir.join("task"));
    look.forget_if_ended(&process, false);
    // A thread can have its own descriptors, directories and mounts.
    for dir in threads {
        let task = Task::of(dir, mounts);
        let was_forbidden = look.is_forbidden;
        look.link(&task, "cwd", How::WorksIn);
        look.link(&task, "root", How::Root);
        look.links(&task, "fd", How::Opens);
        match mounts.used_in(&task.dir, belongings) {
            Ok(used) => {
                for path in used {
                    look.add(How::Mounts, path);
                }
            }
            Err(error) => look.note(&error),
        }
        look.forget_if_ended(&task, was_forbidden);
    }
    match look.is_forbidden {
        true => Sight::Forbidden,
        false => Sight::Seen,
    }
}

/// A look at one process.
struct Look<'a> {
    pid: i32,
    program: String,
    belongings: &'a Belongings,
    found: &'a mut BTreeSet<User>,
    is_forbidden: bool,
}

impl Look<'_> {
    /// Looks at all links of a directory.
    fn links(&mut self, task: &Task, name: &str, how: How) {
        for link in self.listed(&task.dir.join(name)) {
            self.file(task, &link, how);
        }
    }

    fn link(&mut self, task: &Task, name: &str, how: How) {
        self.file(task, &task.dir.join(name), how);
    }

    /// Looks at the file that a link leads to.
    fn file(&mut self, task: &Task, link: &Path, how: How) {
        let text = match read_link(link) {
            Ok(text) => text,
            Err(error) => return self.note(&error),
        };
        // A pipe, a socket or the like has no path.
        if !text.is_absolute() {
            return;
        }
        let (name, is_deleted) = match text.as_os_str().as_bytes().strip_suffix(DELETED) {
            Some(name) => (Path::new(OsStr::from_bytes(name)), true),
            None => (text.as_path(), false),
        };
        let shown = task.reach(name);
        let is_held = match statat(CWD, link, AtFlags::empty()) {
            Ok(stat) if self.belongings.hold(&stat, &shown) => true,
            // A file may really be called so.
            Ok(_) if is_deleted && status(&task.reach(&text)).is_none() => {
                self.belongings.would_hold(&shown)
            }
            Ok(_) => false,
            // What a process maps may be examined only by those who may examine every process.
            Err(_) if is_deleted => self.belongings.would_hold(&shown),
            Err(_) => status(&shown).map_or_else(
                || self.belongings.would_hold(&shown),
                |stat| self.belongings.hold(&stat, &shown),
            ),
        };
        if is_held {
            self.add(how, text);
        }
    }

    fn listed(&mut self, dir: &Path) -> Vec<PathBuf> {
        let entries = read_dir(dir).and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect()
        });
        entries.unwrap_or_else(|error| {
            self.note(&error);
            Vec::new()
        })
    }

    /// What has gone is used no longer; anything else is a process that cannot be seen.
    fn note(&mut self, error: &io::Error) {
        let gone = [rustix::io::Errno::NOENT, rustix::io::Errno::SRCH];
        let errno = rustix::io::Errno::from_io_error(error);
        if !errno.is_some_and(|errno| gone.contains(&errno)) {
            self.is_forbidden = true;
        }
    }

    /// What could not be seen of a task that has ended is nothing: the kernel answers some questions about such a one
    /// with EACCES.
    fn forget_if_ended(&mut self, task: &Task, was_forbidden: bool) {
        self.is_forbidden &= was_forbidden || !task.has_ended();
    }

    fn add(&mut self, how: How, path: PathBuf) {
        self.found.insert(User {
            pid: self.pid,
            program: self.program.clone(),
            how,
            path,
        });
    }
}

/// A process or one of its threads.
struct Task {
    dir: PathBuf,
    is_in_own_namespace: bool,
}

impl Task {
    fn of(dir: PathBuf, mounts: &Mounts) -> Self {
        Self {
            is_in_own_namespace: mounts.are_those_of(&dir),
            dir,
        }
    }

    /// Tells whether it is gone, or will not run any more.
    fn has_ended(&self) -> bool {
        match read(self.dir.join("stat")) {
            // The state follows the name, which may have parentheses of its own.
            Ok(stat) => {
                let name = stat.iter().rposition(|&byte| byte == b')');
                let state = name.and_then(|end| stat.get(end + 2));
                state.is_some_and(|state| b"ZXx".contains(state))
            }
            Err(_) => !self.dir.exists(),
        }
    }

    /// Returns the path by which this process reaches what the task has. The kernel tells names from the root of the
    /// task's namespace, and in this process's own one from this process's root.
    fn reach(&self, name: &Path) -> PathBuf {
        match self.is_in_own_namespace {
            true => name.to_owned(),
            false => self
                .dir
                .join("root")
                .join(name.strip_prefix("/").unwrap_or(name)),
        }
    }
}
