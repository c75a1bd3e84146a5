//! What PSL leaves in a process: a mapping, mounts, variables.
use crate::engine::Engine;
use crate::instance::maps::{self, Mapping};
use crate::instance::marks::Marks;
use crate::shim_file;
use procfs::process::Process;
use psl_table::pinned::{self, Malformed, Mark, Pinned, View};
use std::ffi::OsStr;
use std::fs::read;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

/// Which word of the auxiliary vector points to the program's path as executed; see getauxval(3).
const AT_EXECFN: u64 = 31;

/// The longest path that a program can be executed by.
const PATH_MAX: usize = 4096;

/// What is in the name of a mapping by which a process tells what it is part of.
const REGISTERED: &str = "memfd:psl:";

/// The variables that make a process a part of an instance.
const VARIABLES: [&str; 2] = [pinned::VARIABLE, "PSL_MEMBER"];

/// What one process has of PSL.
#[derive(Debug)]
pub struct Traces {
    /// Its number.
    pub pid: i32,
    /// What it was started with, in its order.
    pub environment: Vec<(Vec<u8>, Vec<u8>)>,
    /// The files that it has in its memory.
    pub files: Vec<Mapping>,
    /// Its mount namespace, by its inode number.
    pub namespace: u64,
    registered: Option<Mark>,
    mark: Option<Mark>,
    has_shim: bool,
}

/// Why a process does not tell what it is part of.
#[derive(Debug, PartialEq, Eq)]
pub enum Silence {
    /// What its environment carries is damaged.
    Malformed(Malformed),
    /// It says nothing.
    Nothing,
}

impl Traces {
    /// Looks at a process; none when PSL has left nothing in it.
    ///
    /// # Errors
    ///
    /// Fails with `ENOENT` or `ESRCH` when it is gone, and with `EACCES` or `EPERM` when it may not be looked at.
    pub fn of(pid: i32, marks: &mut Marks) -> io::Result<Option<Self>> {
        let dir = PathBuf::from(format!("/proc/{pid}"));
        let text = read(dir.join("maps"))?;
        let is_mapped = |name| maps::may_name(&text, name);
        let environment = variables(&read(dir.join("environ"))?);
        let has_variables = VARIABLES
            .iter()
            .any(|name| value(&environment, name).is_some_and(|value| !value.is_empty()));
        let namespace = dir.join("ns/mnt").metadata()?.ino();
        let mark = marks.of(pid, namespace).cloned();
        if !is_mapped(REGISTERED) && !has_variables && mark.is_none() {
            return Ok(None);
        }
        let files = maps::files(&text);
        let registered = files.iter().find_map(maps::registered);
        if registered.is_none() && !has_variables && mark.is_none() {
            return Ok(None);
        }
        Ok(Some(Self {
            pid,
            has_shim: files
                .iter()
                .any(|file| maps::is_called(file, shim_file::NAME)),
            registered,
            environment,
            files,
            namespace,
            mark,
        }))
    }

    /// Returns what it is part of: as it says itself, as its mounts do, or as its environment carries it.
    ///
    /// The first process of a launch may have nothing in its environment, and others overwrite it.
    pub fn pinned(&self) -> Result<Pinned, Silence> {
        let carried = self.variable(pinned::VARIABLE).map(Pinned::read);
        if let Some(Mark {
            pinned: registered, ..
        }) = &self.registered
        {
            return Ok(match carried {
                // A mapping's name holds less than a member's.
                Some(Ok(carried)) if is_cut_from(registered, &carried) => Pinned {
                    member: carried.member,
                    ..registered.clone()
                },
                _ => registered.clone(),
            });
        }
        if let Some(mark) = &self.mark {
            return Ok(Pinned {
                engine: pinned::Engine::Mount(self.namespace),
                ..mark.pinned.clone()
            });
        }
        match carried {
            Some(carried) => carried.map_err(Silence::Malformed),
            None => Err(Silence::Nothing),
        }
    }

    /// Returns the store that it names itself, else the one that its environment names.
    pub fn store(&self) -> Option<PathBuf> {
        let marks = [&self.registered, &self.mark];
        let marked = marks
            .into_iter()
            .flatten()
            .find_map(|mark| mark.store.clone());
        marked.or_else(|| self.path("PSL_STORE"))
    }

    /// Returns the path that a variable holds.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        let value = self.variable(name).filter(|value| !value.is_empty())?;
        Some(OsStr::from_bytes(value).into())
    }

    /// Returns what its environment carries of the view that it has.
    pub fn carried(&self, pinned: &Pinned) -> Option<View> {
        let carried = Pinned::read(self.variable(pinned::VARIABLE)?).ok()?;
        let is_same = (carried.generation, &carried.member) == (pinned.generation, &pinned.member);
        is_same.then_some(carried.view)
    }

    /// Returns what makes it see its links; none when nothing does.
    pub fn engine(&self, pinned: &Pinned) -> Option<Engine> {
        match pinned.engine {
            pinned::Engine::Mount(namespace) => {
                (namespace == self.namespace).then_some(Engine::Mount)
            }
            pinned::Engine::Auto(_) | pinned::Engine::Preload => {
                (self.has_shim || self.registered.is_some()).then_some(Engine::Preload)
            }
        }
    }

    /// Tells whether the process itself says what it is part of, or its mounts do.
    pub fn says_so(&self) -> bool {
        self.registered.is_some() || self.mark.is_some()
    }

    /// Tells whether the shim is in its memory, whatever it does there.
    pub fn has_shim(&self) -> bool {
        self.has_shim
    }

    /// Returns a variable that it was started with.
    pub fn variable(&self, name: &str) -> Option<&[u8]> {
        value(&self.environment, name)
    }

    /// Returns the program's path as executed; what it executes, be it by another name, where its memory may not be
    /// read; nothing when it is gone.
    pub fn program(&self) -> Vec<u8> {
        let Ok(process) = Process::new(self.pid) else {
            return Vec::new();
        };
        let exe = || Some(process.exe().ok()?.into_os_string().into_vec());
        executed(&process).or_else(exe).unwrap_or_default()
    }
}

/// Tells whether a mapping's name is what was left of the member's.
fn is_cut_from(registered: &Pinned, carried: &Pinned) -> bool {
    registered.generation == carried.generation && carried.member.starts_with(&registered.member)
}

fn value<'e>(environment: &'e [(Vec<u8>, Vec<u8>)], name: &str) -> Option<&'e [u8]> {
    let mut found = environment.iter().filter(|(key, _)| key == name.as_bytes());
    found.next().map(|(_, value)| value.as_slice())
}

fn variables(text: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs = text.split(|&byte| byte == 0).filter_map(|pair| {
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        Some((pair[..equals].to_vec(), pair[equals + 1..].to_vec()))
    });
    pairs.collect()
}

/// Reads the program's path as executed from the process's memory.
fn executed(process: &Process) -> Option<Vec<u8>> {
    let address = *process.auxv().ok()?.get(&AT_EXECFN)?;
    let mut path = vec![0; PATH_MAX];
    // The page behind it may be missing: it lies at the end of the stack.
    let count = process.mem().ok()?.read_at(&mut path, address).ok()?;
    let end = path[..count].iter().position(|&byte| byte == 0)?;
    path.truncate(end);
    Some(path)
}
