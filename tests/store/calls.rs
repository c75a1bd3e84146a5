//! A program that is run system call by system call: each is seen before it is made, and can be made to fail, or be the last.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use syscalls::Sysno;

use crate::registers;

/// One system call of the program.
pub struct Call {
    pid: Pid,
    number: u64,
    arguments: [u64; 6],
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is made.
    Made,
    /// It is not made, and returns this error.
    Failed(Errno),
    /// It is not made: the program is killed.
    Killed,
    /// It is not made for the time being: the program is stopped, and seen no more.
    Stopped,
}

/// Who decides what becomes of the calls.
pub trait Watch {
    /// Looks at a call before it is made.
    fn before(&mut self, call: &Call) -> Fate;

    /// Looks at a call that was made and has succeeded.
    fn after(&mut self, _call: &Call, _result: i64) {}
}

impl<F: FnMut(&Call) -> Fate> Watch for F {
    fn before(&mut self, call: &Call) -> Fate {
        self(call)
    }
}

/// How a program ended, and what it said.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status; none when it was killed.
    pub code: Option<i32>,
    /// What it wrote to its standard output.
    pub output: String,
    /// What it wrote to its standard error.
    pub errors: String,
}

/// Runs a program to its end, through all programs that it becomes; its children run unseen.
#[expect(
    clippy::zombie_processes,
    reason = "following it to its end waits for it"
)]
pub fn run(command: Command, watch: &mut impl Watch) -> Ended {
    let mut child = start(command);
    let code = match follow(id(&child), watch) {
        WaitStatus::Exited(_, code) => Some(code),
        _ => None,
    };
    let mut said = [String::new(), String::new()];
    let [output, errors] = &mut said;
    // They are less than a pipe holds, and end with the last process that has the pipe.
    let read = child
        .stdout
        .take()
        .expect("it is piped")
        .read_to_string(output);
    read.expect("it says text");
    let read = child
        .stderr
        .take()
        .expect("it is piped")
        .read_to_string(errors);
    read.expect("it says text");
    let [output, errors] = said;
    Ended {
        code,
        output,
        errors,
    }
}

/// Runs a program until it is stopped, and returns it; it goes on when it gets a SIGCONT.
pub fn run_until_stopped(command: Command, watch: &mut impl Watch) -> std::process::Child {
    let child = start(command);
    let left = follow(id(&child), watch);
    assert_eq!(left, WaitStatus::StillAlive, "it was to be stopped");
    child
}

fn start(mut command: Command) -> std::process::Child {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // SAFETY: ptrace is a bare system call.
    unsafe { command.pre_exec(|| ptrace::traceme().map_err(io::Error::from)) };
    let child = command.spawn().expect("the program can be started");
    let stopped = waitpid(id(&child), None);
    assert!(matches!(
        stopped,
        Ok(WaitStatus::Stopped(_, Signal::SIGTRAP))
    ));
    let options = Options::PTRACE_O_EXITKILL | Options::PTRACE_O_TRACESYSGOOD;
    let set = ptrace::setoptions(id(&child), options | Options::PTRACE_O_TRACEEXEC);
    set.expect("it is stopped");
    child
}

fn id(child: &std::process::Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}

/// Follows the program to its end, or until it is let go.
fn follow(pid: Pid, watch: &mut impl Watch) -> WaitStatus {
    let mut made = None;
    let mut failing = None;
    let mut signal = None;
    loop {
        // It may have been killed by somebody else, which waiting tells.
        let _ = ptrace::syscall(pid, signal.take());
        match waitpid(pid, Some(WaitPidFlag::__WALL)).expect("it is a child") {
            WaitStatus::PtraceSyscall(_) => {}
            WaitStatus::PtraceEvent(..) => continue,
            WaitStatus::Stopped(_, with) => {
                signal = Some(with);
                continue;
            }
            ended => return ended,
        }
        if let Some(call) = made.take() {
            match failing.take() {
                Some(errno) => registers::fail(pid, errno),
                None => {
                    let result = registers::result(pid);
                    if result >= 0 {
                        watch.after(&call, result);
                    }
                }
            }
            continue;
        }
        let (number, arguments) = registers::call(pid);
        let call = Call {
            pid,
            number,
            arguments,
        };
        match watch.before(&call) {
            Fate::Made => {}
            Fate::Failed(errno) => {
                registers::skip(pid);
                failing = Some(errno);
            }
            Fate::Killed => kill(pid, Signal::SIGKILL).expect("it is stopped"),
            Fate::Stopped => {
                ptrace::detach(pid, Signal::SIGSTOP).expect("it is stopped");
                return WaitStatus::StillAlive;
            }
        }
        made = Some(call);
    }
}

/// Where the calls that look at files have their operands: a descriptor, or a directory and a name in it.
const OPERANDS: &[(&str, &[Operand])] = {
    use Operand::{At, Descriptor, Name};
    &[
        ("access", &[Name(0)]),
        ("chdir", &[Name(0)]),
        ("chmod", &[Name(0)]),
        ("close", &[Descriptor(0)]),
        ("copy_file_range", &[Descriptor(0), Descriptor(2)]),
        ("faccessat", &[At(0)]),
        ("faccessat2", &[At(0)]),
        ("fchmod", &[Descriptor(0)]),
        ("fchmodat", &[At(0)]),
        ("fchown", &[Descriptor(0)]),
        ("fchownat", &[At(0)]),
        ("fcntl", &[Descriptor(0)]),
        ("fdatasync", &[Descriptor(0)]),
        ("flock", &[Descriptor(0)]),
        ("fstat", &[Descriptor(0)]),
        ("fstatfs", &[Descriptor(0)]),
        ("fsync", &[Descriptor(0)]),
        ("ftruncate", &[Descriptor(0)]),
        ("getdents64", &[Descriptor(0)]),
        ("ioctl", &[Descriptor(0)]),
        ("linkat", &[At(0), At(2)]),
        ("lseek", &[Descriptor(0)]),
        ("lstat", &[Name(0)]),
        ("mkdir", &[Name(0)]),
        ("mkdirat", &[At(0)]),
        ("newfstatat", &[At(0)]),
        ("open", &[Name(0)]),
        ("openat", &[At(0)]),
        ("pread64", &[Descriptor(0)]),
        ("pwrite64", &[Descriptor(0)]),
        ("read", &[Descriptor(0)]),
        ("readlink", &[Name(0)]),
        ("readlinkat", &[At(0)]),
        ("rename", &[Name(0), Name(1)]),
        ("renameat", &[At(0), At(2)]),
        ("renameat2", &[At(0), At(2)]),
        ("rmdir", &[Name(0)]),
        ("stat", &[Name(0)]),
        ("statx", &[At(0)]),
        ("symlinkat", &[At(1)]),
        ("unlink", &[Name(0)]),
        ("unlinkat", &[At(0)]),
        ("write", &[Descriptor(0)]),
    ]
};

/// Which argument an operand is.
#[derive(Clone, Copy)]
enum Operand {
    /// A descriptor.
    Descriptor(usize),
    /// A name, from the working directory.
    Name(usize),
    /// A directory's descriptor, which a name follows.
    At(usize),
}

impl Call {
    /// Returns the name of the system call.
    pub fn name(&self) -> &'static str {
        let number = usize::try_from(self.number).expect("it is small");
        Sysno::new(number).map_or("unknown", |number| number.name())
    }

    /// Returns an argument.
    pub fn argument(&self, index: usize) -> u64 {
        self.arguments[index]
    }

    /// Returns the paths of the files that it is about, symlinks unresolved; none when it is about no file.
    pub fn paths(&self) -> Vec<PathBuf> {
        let row = OPERANDS.iter().find(|(name, _)| *name == self.name());
        let operands = row.map_or(&[][..], |(_, operands)| operands);
        operands.iter().filter_map(|&it| self.path(it)).collect()
    }

    fn path(&self, operand: Operand) -> Option<PathBuf> {
        match operand {
            Operand::Descriptor(index) => self.descriptor(index),
            Operand::Name(index) => Some(self.working_directory()?.join(self.text(index)?)),
            Operand::At(index) => {
                let dir = match self.number_at(index) {
                    libc::AT_FDCWD => self.working_directory(),
                    _ => self.descriptor(index),
                };
                let name = self.text(index + 1)?;
                match name.as_os_str().is_empty() {
                    true => dir,
                    false if name.is_absolute() => Some(name),
                    false => Some(dir?.join(name)),
                }
            }
        }
    }

    fn number_at(&self, index: usize) -> i32 {
        // ABI: a descriptor is an int, and the upper half of the register means nothing.
        self.arguments[index] as i32
    }

    fn working_directory(&self) -> Option<PathBuf> {
        std::fs::read_link(format!("/proc/{}/cwd", self.pid)).ok()
    }

    fn descriptor(&self, index: usize) -> Option<PathBuf> {
        std::fs::read_link(self.opened(self.number_at(index))).ok()
    }

    /// Returns a path that leads to what a descriptor of the program leads to, whatever its name has become.
    pub fn opened(&self, descriptor: i32) -> PathBuf {
        format!("/proc/{}/fd/{descriptor}", self.pid).into()
    }

    /// Returns where in its file the next read or write of a descriptor begins.
    pub fn position(&self, descriptor: i32) -> u64 {
        let file = format!("/proc/{}/fdinfo/{descriptor}", self.pid);
        let text = std::fs::read_to_string(file).expect("it is open");
        let position = text.lines().find_map(|line| line.strip_prefix("pos:"));
        let position = position.and_then(|position| position.trim().parse().ok());
        position.expect("every descriptor has one")
    }

    /// Reads the name that an argument points at.
    fn text(&self, index: usize) -> Option<PathBuf> {
        let mut bytes = Vec::new();
        let mut byte = [0];
        while bytes.len() < 4096 {
            let at = self.arguments[index] + bytes.len() as u64;
            self.memory().read_exact_at(&mut byte, at).ok()?;
            if byte[0] == 0 {
                return Some(OsString::from_vec(bytes).into());
            }
            bytes.push(byte[0]);
        }
        None
    }

    /// Reads what an argument points at.
    pub fn bytes(&self, index: usize, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        let read = self
            .memory()
            .read_exact_at(&mut bytes, self.arguments[index]);
        read.expect("the kernel has just read it");
        bytes
    }

    fn memory(&self) -> std::fs::File {
        let memory = std::fs::File::open(format!("/proc/{}/mem", self.pid));
        memory.expect("who traces may read")
    }

    /// Tells whether it is about this directory, or something below it.
    pub fn touches(&self, dir: &Path) -> bool {
        self.paths().iter().any(|path| path.starts_with(dir))
    }
}
