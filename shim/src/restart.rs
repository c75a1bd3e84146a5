//! Before main: a program, or a library, that was loaded as if there were no links is loaded once more, with them.
//!
//! Whoever starts a member's program from outside of an instance has the kernel resolve its path: it finds the shared
//! one. So the right one is executed in its place: same arguments, environment, descriptors and signal mask.

use std::ffi::{CStr, CString, OsStr, c_char};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::ptr::null;

use psl_table::tree::{Host, Tree};
use psl_table::walk::{self, End, Last};
use rustix::fs::CWD;
use rustix::io::Errno;

use crate::asked::{self, Asked};
use crate::environment::{self, RESTARTED, Start};
use crate::hooks::exec::execve_next;
use crate::launch::{self, Arguments, Leaf, Program, carriage};
use crate::libraries::leads_near_link;
use crate::loaded::LinkMap;
use crate::resolve::{self, Operand, resolve_in};
use crate::scratch::Lease;

/// The file that this process executes.
const EXE: &CStr = c"/proc/self/exe";

/// What was loaded from where a link is, although the link leads elsewhere.
pub struct Mixed {
    what: &'static str,
    found: Vec<u8>,
    expected: Result<Vec<u8>, Errno>,
}

impl fmt::Display for Mixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            found,
            expected,
        } = self;
        let found = OsStr::from_bytes(found);
        write!(f, "the {what} {found:?} was loaded, but a link leads ")?;
        match expected {
            Ok(path) => write!(f, "to {:?}", OsStr::from_bytes(path)),
            Err(errno) => write!(f, "to where there is none ({errno})"),
        }
    }
}

/// Executes the program once more where it, or a library of it, lies behind a link; returns if all is as it has to be.
///
/// Fails with what is wrong when that was done already, or cannot be done.
pub fn mend(start: &Start, tree: &Asked, is_first: bool) -> Result<(), String> {
    let is_again = is_again(start);
    // It may mean another file once the working directory is another one.
    let may_move = |name: &CStr| !asked::stays(name.to_bytes());
    let before =
        (is_first && start.program.is_some_and(may_move)).then(|| started_by_script(start));
    let moved = match is_first {
        true => move_behind_links(tree)?,
        false => false,
    };
    if let Some((mixed, path, argv)) = program(start, tree, moved, before) {
        if is_again {
            return Err(mixed.to_string());
        }
        return Err(execute(start, &path, argv, &mixed));
    }
    let is_audited = is_audited(start);
    let library = library(tree);
    match (&library, start.program) {
        (Some(mixed), _) if is_again || is_audited => Err(mixed.to_string()),
        (None, _) if is_audited || !searches_links(start) => Ok(()),
        // It is loaded right, and asks for nothing else: there is no way to start it once more.
        (None, _) if is_again => Ok(()),
        (_, program) => {
            carriage::audit_next();
            let path = path_of_program(program);
            let argv = start.arguments;
            match library {
                Some(mixed) => Err(execute(start, &path, argv, &mixed)),
                None => Err(execute(start, &path, argv, &"libraries lie behind links")),
            }
        }
    }
}

/// Whether this process has been started once more already; the program does not learn of it.
fn is_again(start: &Start) -> bool {
    let Some(value) = start.get(RESTARTED) else {
        return false;
    };
    let own = rustix::process::getpid().to_string();
    // SAFETY: the block is the kernel's, and nobody else reads it yet.
    unsafe { environment::remove(start.environment, RESTARTED.as_bytes()) };
    value.as_bytes() == own.as_bytes()
}

/// Has a working directory in what a link covers exchanged for the one that the link leads to.
fn move_behind_links(tree: &Asked) -> Result<bool, String> {
    let mut path = [0; psl_table::tree::PATH_MAX];
    let Ok(length) = Host.path_of(CWD, &mut path[..]) else {
        return Ok(false);
    };
    let Ok(here) = CString::new(&path[..length]) else {
        return Ok(false);
    };
    let Some(leads) = other_file(tree, &here, &here) else {
        return Ok(false);
    };
    let moved = leads.and_then(|to| rustix::process::chdir(OsStr::from_bytes(&to)));
    match moved {
        Ok(()) => Ok(true),
        Err(errno) => Err(format!(
            "the working directory {here:?} lies at a link that leads to no such directory: {errno}; change to another one first"
        )),
    }
}

/// Whether the kernel was given a script, and executed its interpreter.
fn started_by_script(start: &Start) -> bool {
    start
        .program
        .is_some_and(|name| Host.identity(CWD, name) != Host.identity(CWD, EXE))
}

/// Finds out whether the program is another than links lead to, and how to execute that one.
fn program(
    start: &Start,
    tree: &Asked,
    moved: bool,
    script_before: Option<bool>,
) -> Option<(Mixed, CString, Arguments)> {
    let exe = link_text(EXE)?;
    // What was executed by a descriptor is what it is.
    let by_name = |name: &&CStr| {
        let name = name.to_bytes();
        !name.starts_with(b"/dev/fd/") && !name.starts_with(b"/proc/self/fd/")
    };
    if let Some(name) = start.program.filter(by_name) {
        let found = past_no_link(tree, name);
        if found.as_ref() == Some(&exe) {
            return None;
        }
        let own = Host.identity(CWD, EXE).ok()?;
        // No script, and past no link: the program's own path, below, has on its way what leads to a relative name.
        let is_itself = found.is_some() && !moved && Host.identity(CWD, name) == Ok(own);
        if !is_itself && let Some(expected) = leaf(start, name, own, moved) {
            let mixed = Mixed {
                what: "program",
                found: exe,
                expected,
            };
            let is_script = script_before.unwrap_or_else(|| started_by_script(start));
            let argv = match is_script {
                // SAFETY: the kernel's vector has the script's name, and ends with a null pointer.
                true => unsafe { from_script(start.arguments, name) },
                false => start.arguments,
            };
            return Some((mixed, name.to_owned(), argv));
        }
    }
    let path = CString::new(exe).ok()?;
    let expected = other_file(tree, &path, EXE)?;
    let mixed = Mixed {
        what: "program",
        found: path.as_bytes().to_vec(),
        expected,
    };
    Some((mixed, path, start.arguments))
}

/// Returns what a name leads to past no link, as far as it has been walked; none if a link may have a part in it.
fn past_no_link(tree: &Asked, name: &CStr) -> Option<Vec<u8>> {
    let mut lease = Lease::take()?;
    let snapshot = resolve::snapshot()?;
    let name = name.to_bytes();
    match walk::walk(snapshot, tree, CWD, name, Last::Followed, &mut lease) {
        Ok(End::Name {
            name,
            through_link: false,
            through_magic: false,
            ..
        }) => Some(name.to_bytes().to_vec()),
        _ => None,
    }
}

/// Returns what the kernel has to execute for a name, if that is another file than this program.
fn leaf(
    start: &Start,
    name: &CStr,
    own: (u64, u64),
    moved: bool,
) -> Option<Result<Vec<u8>, Errno>> {
    let mut judge = |leaf: Leaf| {
        // SAFETY: a launch hands on C strings.
        let path = unsafe { CStr::from_ptr(leaf.path) };
        let is_other = (leaf.is_rewritten || moved) && Host.identity(CWD, path) != Ok(own);
        Ok(is_other.then(|| path.to_bytes().to_vec()))
    };
    let program = Program::of(name.as_ptr());
    // SAFETY: the arguments are this process's own.
    unsafe { launch::leaf(program, start.arguments, start.environment, &mut judge) }.transpose()
}

/// Returns the part of an interpreter's arguments that begins with its script.
unsafe fn from_script(argv: Arguments, script: &CStr) -> Arguments {
    let mut at = argv;
    // SAFETY: the caller's promise.
    unsafe {
        while !(*at).is_null() {
            if CStr::from_ptr(*at) == script {
                return at;
            }
            at = at.add(1);
        }
    }
    argv
}

/// Returns a name of the program that leads to it once more.
fn path_of_program(program: Option<&CStr>) -> CString {
    match program {
        Some(name) if !name.to_bytes().starts_with(b"/dev/fd/") => name.to_owned(),
        _ => EXE.to_owned(),
    }
}

/// Finds a library that is another than links lead to.
fn library(tree: &Asked) -> Option<Mixed> {
    let objects = LinkMap::own()?.namespace();
    let has_path = |object: &&LinkMap| object.name().to_bytes().contains(&b'/');
    objects.filter(has_path).find_map(|object| {
        let name = object.name();
        let expected = other_file(tree, name, name)?;
        let found = object.file().unwrap_or_else(|| name.to_bytes().to_vec());
        // What the name leads to without links need not be what was loaded.
        (expected.as_ref() != Ok(&found)).then_some(Mixed {
            what: "library",
            found,
            expected,
        })
    })
}

/// Whether anything that is loaded has the loader search for libraries behind links.
fn searches_links(start: &Start) -> bool {
    if let Some(list) = start.get("LD_LIBRARY_PATH")
        && leads_near_link(list.as_bytes(), b"")
    {
        return true;
    }
    let Some(own) = LinkMap::own() else {
        return false;
    };
    own.namespace().any(|object| {
        let lists = [object.rpath(), object.runpath()];
        if lists == [None, None] || object.is_kernels() {
            return false;
        }
        let origin = object.directory();
        lists
            .iter()
            .flatten()
            .any(|list| leads_near_link(list, &origin))
    })
}

/// Whether the loader was told to ask this library where others lie.
pub fn is_audited(start: &Start) -> bool {
    let own = environment::own_audit().map_or(&b""[..], CStr::to_bytes);
    let list = start.get("LD_AUDIT").map_or(&b""[..], OsStr::as_bytes);
    list.split(|&byte| byte == b':').any(|entry| entry == own)
}

/// Returns where a path leads to through links, if that is another file than `real` is; none if no link has a part in it.
fn other_file(tree: &Asked, path: &CStr, real: &CStr) -> Option<Result<Vec<u8>, Errno>> {
    let answer = |operand: Operand<'_>| match operand {
        Operand::Given => None,
        Operand::Rewritten(name) => match Host.identity(CWD, name) {
            Ok(found) if Host.identity(CWD, real) == Ok(found) => None,
            Ok(_) => Some(Ok(name.to_bytes().to_vec())),
            Err(errno) => Some(Err(errno)),
        },
        Operand::Link(_) => Some(Err(Errno::LOOP)),
        Operand::Error(errno) => Some(Err(errno)),
    };
    resolve_in(tree, path, answer)
}

fn link_text(link: &CStr) -> Option<Vec<u8>> {
    let text = rustix::fs::readlinkat(CWD, link, Vec::new()).ok()?;
    Some(text.into_bytes())
}

/// Executes a program in this one's place; returns why that failed.
fn execute(start: &Start, path: &CStr, argv: Arguments, why: &dyn fmt::Display) -> String {
    let mark = CString::new(format!("{RESTARTED}={}", rustix::process::getpid()))
        .expect("a number has no NUL");
    // SAFETY: the block is the kernel's; the arguments end with a null pointer.
    unsafe {
        let own = environment::strings(start.environment).map(CStr::as_ptr);
        let envp: Vec<*const c_char> = own.chain([mark.as_ptr(), null()]).collect();
        execve_next(path.as_ptr(), argv, envp.as_ptr());
        let errno = Errno::from_raw_os_error(*libc::__errno_location());
        format!("{why}, and {path:?} could not be executed: {errno}")
    }
}
