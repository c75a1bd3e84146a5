//! The two steps of `run`: psl-admin executes itself under the shim, and there, through the shim, the command.
//!
//! The second step makes sure that the shim is really in force before any command runs, and lets the shim's own `exec`
//! find the program that the member sees.
#![allow(unsafe_code, reason = "exec and dlsym are reached through libc")]
use crate::exit::Exit;
use crate::failure::Failure;
use crate::shim_file;
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

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
    pub fn begin(self, environment: Vec<(OsString, OsString)>) -> Failure {
        let marks = [MARK.into(), self.generation.to_string().into(), self.shim];
        let arguments = strings(marks.into_iter().chain(self.command));
        let variables = strings(environment.into_iter().map(|(mut name, value)| {
            name.push("=");
            name.push(value);
            name
        }));
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
        let exit = match error.kind() {
            io::ErrorKind::NotFound => Exit::NotFound,
            _ => Exit::NotExecutable,
        };
        Failure::new(exit, format!("cannot execute {program:?}: {error}"))
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

/// Arguments and variables come from this process's own, or from parsed names: none holds a NUL.
fn strings(texts: impl IntoIterator<Item = OsString>) -> Vec<CString> {
    texts
        .into_iter()
        .map(|text| CString::new(text.into_vec()).expect("no argument and no variable holds a NUL"))
        .collect()
}

fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    let end = std::iter::once(std::ptr::null());
    strings
        .iter()
        .map(|text| text.as_ptr())
        .chain(end)
        .collect()
}

/// Returns this process's environment with the variables of a launch in it: the shim stands before the caller's own
/// preloads, which keep their order.
pub fn environment(shim: &OsStr, variables: &[(&str, OsString)]) -> Vec<(OsString, OsString)> {
    let preloads = std::env::var_os("LD_PRELOAD").unwrap_or_default();
    let own = |name: &OsStr| name == "LD_PRELOAD" || variables.iter().any(|(own, _)| name == *own);
    let mut environment: Vec<_> = std::env::vars_os().filter(|(name, _)| !own(name)).collect();
    environment.push(("LD_PRELOAD".into(), preload(shim, preloads.as_bytes())));
    for (name, value) in variables {
        environment.push((name.into(), value.clone()));
    }
    environment
}

fn preload(shim: &OsStr, others: &[u8]) -> OsString {
    let mut list = shim.as_bytes().to_vec();
    let others = others.split(|byte| b" :".contains(byte));
    // A second shim, this one or another installation's, would resolve every name twice.
    let is_shim = |path: &[u8]| {
        let name = path.rsplit(|&byte| byte == b'/').next();
        path == shim.as_bytes() || name == Some(shim_file::NAME.as_bytes())
    };
    for other in others.filter(|other| !other.is_empty() && !is_shim(other)) {
        list.push(b':');
        list.extend_from_slice(other);
    }
    OsString::from_vec(list)
}
