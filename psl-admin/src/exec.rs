//! Becoming another program: argument vectors for the kernel, and what is said when it refuses.
#![allow(unsafe_code, reason = "execve(2) takes pointers")]
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use std::ffi::{CString, OsStr, OsString, c_char};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::ptr::null;
use syscalls::{Sysno, syscall3};

/// The interpreter of scripts without a `#!` line, as execvp(3) knows it.
const SHELL: &str = "/bin/sh";

/// Returns the strings for a vector. Arguments and variables are this process's own, or come from parsed names: none
/// holds a NUL.
pub fn strings(texts: impl IntoIterator<Item = OsString>) -> Vec<CString> {
    texts
        .into_iter()
        .map(|text| CString::new(text.into_vec()).expect("no argument and no variable holds a NUL"))
        .collect()
}

/// Returns the `NAME=VALUE` strings of an environment.
pub fn variables(environment: Environment) -> Vec<CString> {
    strings(environment.into_iter().map(|(mut name, value)| {
        name.push("=");
        name.push(value);
        name
    }))
}

/// Returns the vector itself; it points to the strings, and ends in a null pointer.
pub fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    let end = std::iter::once(null());
    strings
        .iter()
        .map(|text| text.as_ptr())
        .chain(end)
        .collect()
}

/// Executes a file as the kernel finds it: no shim that this process itself runs under has a part in it.
///
/// Returns only when that fails.
pub fn become_file(file: &OsStr, arguments: &[OsString], environment: Environment) -> io::Error {
    execve(file, arguments.to_vec(), &variables(environment))
}

/// Does the same with a file that a command's name led to: one that the kernel takes for no program is a shell's script,
/// as to execvp(3).
pub fn become_command(file: &OsStr, arguments: &[OsString], environment: Environment) -> io::Error {
    let variables = variables(environment);
    let error = execve(file, arguments.to_vec(), &variables);
    if error.raw_os_error() != Some(libc::ENOEXEC) {
        return error;
    }
    let script = [SHELL.into(), file.to_owned()].into_iter();
    let arguments = script.chain(arguments.iter().skip(1).cloned());
    execve(SHELL.as_ref(), arguments.collect(), &variables)
}

fn execve(file: &OsStr, arguments: Vec<OsString>, variables: &[CString]) -> io::Error {
    let file = strings([file.to_owned()]).remove(0);
    let arguments = strings(arguments);
    let (argv, envp) = (pointers(&arguments), pointers(variables));
    // SAFETY: the path is a C string; both arrays hold C strings that outlive the call, and end in a null pointer.
    let answer = unsafe {
        syscall3(
            Sysno::execve,
            file.as_ptr().expose_provenance(),
            argv.as_ptr().expose_provenance(),
            envp.as_ptr().expose_provenance(),
        )
    };
    let errno = answer.expect_err("execve(2) returns only when it fails");
    io::Error::from_raw_os_error(errno.into_raw())
}

/// Says that a program could not be executed, with the exit code that a shell has for it.
pub fn failed(program: &OsStr, error: &io::Error) -> Failure {
    let exit = match error.kind() {
        io::ErrorKind::NotFound => Exit::NotFound,
        _ => Exit::NotExecutable,
    };
    Failure::new(exit, format!("cannot execute {program:?}: {error}"))
}

/// Lists the files that execvp(3) would try for a command, in its order.
pub fn candidates(command: &OsStr) -> Vec<OsString> {
    let name = command.as_bytes();
    if name.is_empty() || name.contains(&b'/') {
        return vec![command.to_owned()];
    }
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
    let directories = path.as_bytes().split(|&byte| byte == b':');
    directories
        .map(|directory| match directory {
            b"" => command.to_owned(),
            _ => OsString::from_vec([directory, b"/", name].concat()),
        })
        .collect()
}
