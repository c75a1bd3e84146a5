//! What a program asked the storage for, in order.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::bench::acknowledged;
use crate::calls::{Call, Fate, Watch};

/// A file or a directory, whatever its name; the directory that all happens in is 0.
pub type Id = usize;

/// One step.
#[derive(Clone, Debug)]
pub enum Step {
    /// A name in a directory becomes one of this file or directory, or nobody's.
    Name(Id, String, Option<Id>),
    /// A file gets the second name of the directory instead of the first.
    Rename(Id, String, String, Id),
    /// Bytes are written at this place of a file.
    Write(Id, u64, Vec<u8>),
    /// A file gets this length.
    Length(Id, u64),
    /// What was done to the file or directory is on the storage.
    Sync(Id),
    /// The administrator is told that this generation is committed.
    Acknowledge(u64),
}

/// Writes down what programs do below a directory.
pub struct Recorder {
    root: PathBuf,
    /// Whether the file system has hard links.
    has_links: bool,
    ids: BTreeMap<u64, Id>,
    /// Those of the ids that are directories.
    pub directories: Vec<Id>,
    /// What they did.
    pub steps: Vec<Step>,
    /// What is known of a call before it is made.
    pending: Option<Pending>,
}

struct Pending {
    position: u64,
    /// The last of its operands, before it could be removed.
    inode: Option<u64>,
}

impl Recorder {
    /// Watches what happens below this empty directory.
    pub fn new(root: &Path, has_links: bool) -> Self {
        let inode = inode(root).expect("it is there");
        Self {
            root: root.into(),
            has_links,
            ids: BTreeMap::from([(inode, 0)]),
            directories: vec![0],
            steps: Vec::new(),
            pending: None,
        }
    }

    /// Gives what was just made a number of its own, also where the file system gives an inode's again.
    fn made(&mut self, path: &Path) -> Id {
        let id = self.steps.len() + 1;
        self.ids.insert(inode(path).expect("it was just made"), id);
        id
    }

    fn id(&self, path: &Path) -> Id {
        let inode = inode(path).expect("it is there");
        *self.ids.get(&inode).expect("everything was made before us")
    }

    /// Returns the directory and the name that a path consists of.
    fn place(&self, path: &Path) -> (Id, String) {
        let name = path.file_name().expect("it is below the root");
        let parent = path.parent().expect("it is below the root");
        (self.id(parent), name.to_string_lossy().into_owned())
    }

    fn step(&self, call: &Call, result: i64, before: &Pending) -> Vec<Step> {
        let descriptor = || call.opened(call.argument(0) as i32);
        let count = usize::try_from(result).expect("errors are not told");
        let paths = call.paths();
        let last = || paths.last().expect("it has a name");
        let known = || before.inode.and_then(|inode| self.ids.get(&inode).copied());
        let step = match call.name() {
            "write" => Some(Step::Write(
                self.id(&descriptor()),
                before.position,
                call.bytes(1, count),
            )),
            "pwrite64" => Some(Step::Write(
                self.id(&descriptor()),
                call.argument(3),
                call.bytes(1, count),
            )),
            "ftruncate" => Some(Step::Length(self.id(&descriptor()), call.argument(1))),
            "fsync" | "fdatasync" => Some(Step::Sync(self.id(&descriptor()))),
            "linkat" => {
                let (dir, name) = self.place(last());
                Some(Step::Name(dir, name, Some(self.id(last()))))
            }
            "unlink" | "unlinkat" => {
                let (dir, name) = self.place(last());
                Some(Step::Name(dir, name, None))
            }
            "rename" | "renameat" | "renameat2" => {
                let ((dir, old), (other, new)) = (self.place(&paths[0]), self.place(last()));
                let id = self.id(last());
                if dir != other {
                    // Nothing says that both directories reach the storage at once.
                    let [gone, there] = [(dir, old, None), (other, new, Some(id))];
                    return [gone, there]
                        .map(|(dir, name, id)| Step::Name(dir, name, id))
                        .into();
                }
                Some(Step::Rename(dir, old, new, id))
            }
            "open" | "openat" if known().is_some() => None,
            "open" | "openat" | "mkdir" | "mkdirat" => {
                unreachable!("what is made was given a number")
            }
            "symlinkat" | "copy_file_range" | "rmdir" => panic!("{} is not known", call.name()),
            _ => None,
        };
        step.into_iter().collect()
    }
}

fn inode(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|found| found.ino())
}

impl Watch for Recorder {
    fn before(&mut self, call: &Call) -> Fate {
        self.pending = None;
        if !call.touches(&self.root) {
            return Fate::Made;
        }
        let is_written = ["ftruncate", "pwrite64"].contains(&call.name());
        if is_written && call.touches(&self.root.join("store/lock")) {
            // It says who holds the lock, to those who wait for it: nobody asks after a loss of power.
            return Fate::Made;
        }
        if call.name() == "linkat" && !self.has_links {
            return Fate::Failed(Errno::EPERM);
        }
        let position = match call.name() {
            "write" => call.position(call.argument(0) as i32),
            _ => 0,
        };
        let paths = call.paths();
        let inode = paths.last().and_then(|path| inode(path));
        self.pending = Some(Pending { position, inode });
        Fate::Made
    }

    fn after(&mut self, call: &Call, result: i64) {
        let Some(before) = self.pending.take() else {
            if call.name() == "write" && call.argument(0) == 1 {
                let said = call.bytes(1, usize::try_from(result).expect("errors are not told"));
                let number = acknowledged(&String::from_utf8_lossy(&said));
                self.steps.extend(number.map(Step::Acknowledge));
            }
            return;
        };
        let is_directory = match call.name() {
            "mkdir" | "mkdirat" => true,
            "open" | "openat" if before.inode.is_none() => false,
            _ => {
                let step = self.step(call, result, &before);
                self.steps.extend(step);
                return;
            }
        };
        let paths = call.paths();
        let path = paths.last().expect("it has a name");
        let (dir, name) = self.place(path);
        let id = self.made(path);
        if is_directory {
            self.directories.push(id);
        }
        self.steps.push(Step::Name(dir, name, Some(id)));
    }
}
