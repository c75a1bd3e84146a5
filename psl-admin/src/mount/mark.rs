//! How a namespace of the mount engine is recognised, whatever has become of the environment.
use super::refused;
use crate::failure::Failure;
use psl_table::pinned::{self, Pinned};
use std::fs;
use std::os::unix::ffi::OsStrExt;

/// What the source of an empty mount begins with.
const PREFIX: &str = "psl:";

/// Returns the source of empty mounts, which `/proc/PID/mountinfo` shows: `psl:g42;erp1`.
pub fn name(pinned: &Pinned) -> String {
    let Pinned {
        generation, member, ..
    } = pinned;
    format!("{PREFIX}g{generation};{member}")
}

/// Refuses to start an instance inside one of the mount engine.
///
/// Its mounts would show through: places and targets are other files here than on the host. To take them back is not in
/// the power of an ordinary user, for whom the kernel locks them.
pub fn refuse_inside() -> Result<(), Failure> {
    let is_told = std::env::var_os(pinned::VARIABLE)
        .and_then(|text| Pinned::read(text.as_bytes()).ok())
        .is_some_and(|pinned| pinned.is_mounted() == Ok(true));
    if !is_told && !is_marked() {
        return Ok(());
    }
    Err(refused(
        "this is the mount namespace of an instance, whose links would show through in another one",
    )
    .with_help("start the other instance outside, from a process of the host"))
}

/// Whether a mount of this namespace says whose it is: see proc_pid_mountinfo(5) for the fields.
fn is_marked() -> bool {
    fs::read_to_string("/proc/self/mountinfo").is_ok_and(|mounts| {
        mounts.lines().any(|line| {
            line.split_once(" - tmpfs ")
                .is_some_and(|(_, source)| source.starts_with(PREFIX))
        })
    })
}
