//! The two steps of `run`: psl-admin executes itself under the shim, and there, through the shim, the command.
//!
//! The second step makes sure that the shim is really in force before any command runs, and lets the shim's own `exec`
//! find the program that the member sees.
#![allow(unsafe_code, reason = "exec and dlsym are reached through libc")]
use crate::environment::Environment;
use crate::exec::{self, pointers, strings, variables};
use crate::exit::Exit;
use crate::failure::Failure;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;

/// The `argv[0]` that marks the second step; no file has this name, so no shell passes it on.
const MARK: &str = "psl-admin: launch";

/// The second step of a launch.
#[derive(Debug)]
pub struct Launch {
    /// The generation that the shim must carry.
    pub generation: u64,
    /// The shim's file, for messages.
    pub shim: OsString,
    /// The command and its arguments.
    pub command: Vec<OsString>,
}

/// Returns the launch whose second step this process is, if it is one.
pub fn requested() -> Option<Launch> {
    let mut arguments = std::env::args_os();
    if arguments.next()? != MARK {
        return None;
    }
    Some(Launch {
        generation: arguments.next()?.to_str()?.parse().ok()?,
        shim: arguments.next()?,
        command: arguments.collect(),
    })
}

impl Launch {
    /// Executes psl-admin again, as the second step, with this environment. Returns only when that fails.
    pub fn begin(self, environment: Environment) -> Failure {
        let marks = [MARK.into(), self.generation.to_string().into(), self.shim];
        let arguments = strings(marks.into_iter().chain(self.command));
        let variables = variables(environment);
        let (argv, envp) = (pointers(&arguments), pointers(&variables));
        // SAFETY: the path is a C string; both arrays hold C strings that outlive the call, and end in a null pointer.
        unsafe { libc::execve(c"/proc/self/exe".as_ptr(), argv.as_ptr(), envp.as_ptr()) };
        let error = io::Error::last_os_error();
        Failure::new(
            Exit::NotExecutable,
            format!("cannot execute \"/proc/self/exe\": {error}"),
        )
    }

    /// Executes the command through the shim. Returns only when that fails.
    pub fn execute(self) -> Failure {
        if let Err(failure) = self.check_shim() {
            return failure;
        }
        let command = strings(self.command);
        let argv = pointers(&command);
        let Some(program) = command.first() else {
            return Failure::new(Exit::Usage, "a command is missing");
        };
        // SAFETY: the array holds C strings that outlive the call, and ends in a null pointer.
        unsafe { libc::execvp(program.as_ptr(), argv.as_ptr()) };
        let error = io::Error::last_os_error();
        exec::failed(OsStr::from_bytes(program.to_bytes()), &error)
    }

    fn check_shim(&self) -> Result<(), Failure> {
        let (shim, expected) = (&self.shim, self.generation);
        match shim_generation() {
            Some(generation) if generation == expected => Ok(()),
            Some(generation) => Err(Failure::new(
                Exit::Refused,
                format!(
                    "the shim {shim:?} holds generation {generation}, expected generation {expected}"
                ),
            )),
            None => Err(
                Failure::new(Exit::Refused, format!("the shim {shim:?} did not load")).with_help(
                    format!(
                        "`LD_DEBUG=libs LD_PRELOAD={} /bin/true` says why",
                        shim.to_string_lossy()
                    ),
                ),
            ),
        }
    }
}

/// Asks the shim for the generation of its snapshot; `None` when no shim is loaded.
fn shim_generation() -> Option<u64> {
    // SAFETY: the name is a C string; a lookup in the global scope has no other requirement.
    let symbol = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"psl_shim_generation".as_ptr()) };
    if symbol.is_null() {
        return None;
    }
    // SAFETY: the shim exports this name with this prototype only.
    let ask =
        unsafe { std::mem::transmute::<*mut libc::c_void, unsafe extern "C" fn() -> u64>(symbol) };
    // SAFETY: the shim lets it be called at any time after its own start-up, which came before `main`.
    Some(unsafe { ask() })
}
