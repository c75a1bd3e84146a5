//! What a running process says of itself: of which instance it is, and whom criteria take it for.
use crate::engine::Engine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::shim_file;
use procfs::process::{MMapPath, Process};
use procfs::{ProcError, ProcResult};
use psl_table::pinned::{self, Pinned};
use psl_table::subject::Subject;
use psl_table::table::Table;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// Which word of the auxiliary vector points to the program's path as executed; see getauxval(3).
const AT_EXECFN: u64 = 31;

/// The longest path that a program can be executed by.
const PATH_MAX: usize = 4096;

/// A process of an instance.
#[derive(Debug)]
pub struct Instance {
    /// What it says of itself; else what its environment carries.
    pub pinned: Pinned,
    /// The program's path as executed.
    pub program: Vec<u8>,
    /// Its number in its own procfs.
    pub own_pid: i32,
    uid: u32,
    environment: Vec<(Vec<u8>, Vec<u8>)>,
    has_shim: bool,
    /// It is the process itself that says so.
    is_registered: bool,
    /// Its mount namespace, by its inode number.
    namespace: u64,
}

impl Instance {
    /// Reads `/proc/PID`; a process that is no part of an instance is a failure.
    pub fn of_process(pid: i32) -> Result<Self, Failure> {
        let read = || -> ProcResult<_> {
            let process = Process::new(pid)?;
            let status = process.status()?;
            let environment = environment(pid)?;
            let maps = process.maps()?.into_iter();
            let files: Vec<_> = maps
                .filter_map(|map| match map.pathname {
                    MMapPath::Path(path) => Some(path),
                    _ => None,
                })
                .collect();
            let mapped = files.iter().any(|file| is_shim(file));
            let registered = files.iter().find_map(|file| registered(file));
            let program = executed(&process).or_else(|| {
                // Where its memory may not be read: what it executes, be it by another name.
                Some(process.exe().ok()?.into_os_string().into_vec())
            });
            let own_pid = status.nspid.and_then(|pids| pids.last().copied());
            let namespace = Path::new("/proc").join(pid.to_string()).join("ns/mnt");
            let namespace = namespace.metadata()?.ino();
            Ok((
                program,
                environment,
                status.euid,
                own_pid,
                mapped,
                registered,
                namespace,
            ))
        };
        let (program, environment, uid, own_pid, has_shim, registered, namespace) =
            read().map_err(|error| unreadable(pid, &error))?;
        let is_registered = registered.is_some();
        // The first process of a launch may have nothing in its environment, and others overwrite it.
        let pinned = match (variable(&environment, pinned::VARIABLE), registered) {
            (_, Some(registered)) => Ok(registered),
            (Some(carried), None) => Pinned::read(carried)
                .map_err(|error| Failure::new(Exit::Invalid, format!("process {pid}: {error}"))),
            (None, None) => Err(Failure::new(
                Exit::No,
                format!(
                    "process {pid} is no part of an instance: it has no {} in its environment",
                    pinned::VARIABLE
                ),
            )
            .with_help(
                "`psl-admin explain --member M PATH` explains what an instance of M would reach",
            )),
        }?;
        Ok(Self {
            pinned,
            program: program.unwrap_or_default(),
            own_pid: own_pid.unwrap_or(pid),
            uid,
            has_shim,
            is_registered,
            namespace,
            environment,
        })
    }

    /// Returns what makes it see its links; none when nothing does.
    pub fn engine(&self) -> Option<Engine> {
        match self.pinned.engine {
            pinned::Engine::Mount(namespace) => {
                (namespace == self.namespace).then_some(Engine::Mount)
            }
            pinned::Engine::Auto(_) | pinned::Engine::Preload => {
                self.has_shim.then_some(Engine::Preload)
            }
        }
    }

    /// Refuses a process that has read the table itself: what its environment carries is another process's generation.
    pub fn require_generation(&self, pid: i32) -> Result<(), Failure> {
        let own = |name| self.variable(name).unwrap_or_default();
        let is_mounted = matches!(self.pinned.engine, pinned::Engine::Mount(_));
        let why = if self.is_registered || is_mounted {
            return Ok(());
        } else if own("PSL_PIN") == b"process" {
            "PSL_PIN is \"process\""
        } else if own("PSL_MEMBER") != self.pinned.member.as_bytes() {
            "PSL_MEMBER is another member than that of the instance which started it"
        } else {
            return Ok(());
        };
        Err(Failure::new(
            Exit::No,
            format!("process {pid} does not tell its generation: it has read the table itself, for {why}"),
        )
        .with_help("`psl-admin explain --member M PATH` explains what it would reach if it were started again"))
    }

    /// Returns a variable that it was started with.
    pub fn variable(&self, name: &str) -> Option<&[u8]> {
        variable(&self.environment, name)
    }

    /// Describes it as criteria see it.
    pub fn subject(&self, table: &Table) -> Subject {
        let text = |name| {
            let value = self.variable(name)?;
            Some(String::from_utf8_lossy(value).into_owned())
        };
        let member = Some(self.pinned.member.as_str()).filter(|member| !member.is_empty());
        Subject::of_member(table, member)
            .with_user(table, self.uid)
            .or_attributes(table, text("PSL_APP"), text("PSL_APP_VERSION"))
            .with_exe(self.program.clone())
            .with_env(self.environment.clone())
    }
}

/// Reads what the name of a mapping says of the process that made it.
fn registered(mapping: &Path) -> Option<Pinned> {
    let name = mapping.to_str()?.strip_prefix("/memfd:")?;
    let text = name.strip_prefix(pinned::MAPPING)?;
    Pinned::read_mapping(text.strip_suffix(" (deleted)").unwrap_or(text))
}

/// Tells whether a mapped file is the shim: by its name, for another installation's is one, too.
fn is_shim(path: &Path) -> bool {
    let name = path.file_name().map_or(&[][..], OsStr::as_bytes);
    let name = name.strip_suffix(b" (deleted)").unwrap_or(name);
    name == shim_file::NAME.as_bytes()
}

fn variable<'e>(environment: &'e [(Vec<u8>, Vec<u8>)], name: &str) -> Option<&'e [u8]> {
    let mut found = environment.iter().filter(|(key, _)| key == name.as_bytes());
    found.next().map(|(_, value)| value.as_slice())
}

/// Reads what the process was started with, in its order.
fn environment(pid: i32) -> ProcResult<Vec<(Vec<u8>, Vec<u8>)>> {
    let path = Path::new("/proc").join(pid.to_string()).join("environ");
    let text = std::fs::read(path)?;
    let pairs = text.split(|&byte| byte == 0).filter_map(|pair| {
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        Some((pair[..equals].to_vec(), pair[equals + 1..].to_vec()))
    });
    Ok(pairs.collect())
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

fn unreadable(pid: i32, error: &ProcError) -> Failure {
    match error {
        ProcError::NotFound(_) => Failure::new(Exit::No, format!("there is no process {pid}")),
        ProcError::PermissionDenied(_) => Failure::new(
            Exit::Refused,
            format!("process {pid} belongs to somebody else, and may not be looked at"),
        )
        .with_help("its owner or root may"),
        ProcError::Io(error, _) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            unreadable(pid, &ProcError::PermissionDenied(None))
        }
        error => Failure::new(
            Exit::Storage,
            format!("cannot look at process {pid}: {error}"),
        ),
    }
}
