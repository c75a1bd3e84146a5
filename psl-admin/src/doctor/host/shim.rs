//! Whether the preload library is there, loads, and fits this host's libc.
use super::super::elf_versions::{self, Version};
use super::super::finding::Finding;
use super::super::libc;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::shim_file;
use psl_table::config::HostConfig;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};

/// A program that every host has, and that does nothing.
const PROGRAM: &str = "/bin/true";

/// Finds the library, compares versions, and starts a program with it.
pub fn check(host: &HostConfig) -> Vec<Finding> {
    match shim_file::find(host) {
        Err(failure) => vec![Finding::fail("shim", &failure)],
        Ok(shim) => vec![loads(&shim), baseline(&shim)],
    }
}

fn baseline(shim: &Path) -> Finding {
    const NAME: &str = "glibc";
    let own = libc::version();
    match elf_versions::needed(shim) {
        Err(error) => Finding::fail(
            NAME,
            &Failure::new(Exit::Refused, format!("cannot read {shim:?}: {error}"))
                .with_help("install the shim again"),
        ),
        Ok(None) => Finding::ok(NAME, format!("{own}; the shim needs no particular one")),
        Ok(Some(needed)) if Version::of(&own).is_some_and(|own| own < needed) => Finding::fail(
            NAME,
            &Failure::new(
                Exit::Refused,
                format!("{own}, and the shim needs {needed} or later"),
            )
            .with_help("install a build for an older glibc: docs/building.md says how one is made"),
        ),
        Ok(Some(needed)) => Finding::ok(NAME, format!("{own}; the shim needs {needed}")),
    }
}

/// Starts a program with the library, and has the loader tell of it.
fn loads(shim: &Path) -> Finding {
    const NAME: &str = "shim";
    let mut command = Command::new(PROGRAM);
    command
        .env_clear()
        .env("LD_PRELOAD", shim)
        .env("LD_DEBUG", "libs");
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            return Finding::warn(
                NAME,
                format!("{shim:?}; cannot execute {PROGRAM:?} to try it: {error}"),
                "start a program with it: `psl-admin run --member M -- CMD`",
            );
        }
    };
    match trouble(shim, &output) {
        None => Finding::ok(NAME, format!("{shim:?} loads into {PROGRAM}")),
        Some(why) => Finding::fail(
            NAME,
            &Failure::new(
                Exit::Refused,
                format!("{shim:?} does not load into {PROGRAM}: {why}"),
            )
            .with_help("install the shim of this host's machine and libc there"),
        ),
    }
}

/// Returns why the library did not start, as the loader says it.
fn trouble(shim: &Path, output: &Output) -> Option<String> {
    let said = String::from_utf8_lossy(&output.stderr);
    let shim = shim.to_string_lossy();
    let is_started = said
        .lines()
        .any(|line| line.contains("calling init: ") && line.ends_with(&*shim));
    if let Some(signal) = output.status.signal() {
        return Some(format!("the program is killed by signal {signal}"));
    }
    // 78: it refuses to go on with this configuration, which has a line of its own.
    let refused = Some(i32::from(Exit::NotStarted as u8));
    if is_started && (output.status.success() || output.status.code() == refused) {
        return None;
    }
    // ERROR: ld.so: object '...' from LD_PRELOAD cannot be preloaded (why): ignored.
    let ignored = said
        .lines()
        .find(|line| line.contains("cannot be preloaded"));
    let why = ignored.and_then(|line| line.rsplit_once(" ("));
    let why = why.and_then(|(_, why)| why.split_once("):"));
    if let Some((why, _)) = why {
        return Some(why.to_owned());
    }
    let missing = said
        .lines()
        .rfind(|line| line.contains("error") || line.contains("not found"));
    Some(match missing {
        Some(line) => line.trim().to_owned(),
        None => format!(
            "the loader passes over it, and the program ends with {}",
            output.status
        ),
    })
}
