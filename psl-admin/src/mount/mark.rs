//! How a namespace of the mount engine is recognised, whatever has become of the environment.
use super::refused;
use crate::failure::Failure;
use psl_table::pinned::{self, Mark, Pinned};
use std::fs;
use std::os::unix::ffi::OsStrExt;

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

/// Whether a mount of this namespace says whose it is.
fn is_marked() -> bool {
    fs::read("/proc/self/mountinfo").is_ok_and(|mounts| mark_in(&mounts).is_some())
}

/// Finds the mount that says whose a namespace is by its source: see proc_pid_mountinfo(5) for the fields.
pub fn mark_in(mounts: &[u8]) -> Option<Mark> {
    let mounts = String::from_utf8_lossy(mounts);
    mounts.lines().find_map(|line| {
        let (_, rest) = line.split_once(" - tmpfs ")?;
        Mark::read(rest.split(' ').next()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_only_from_an_empty_mount() {
        let rows = [
            ("tmpfs psl:1;g42;erp1;/psl ro,size=4k", Some(42)),
            ("tmpfs psl:1;g7; ro", Some(7)),
            ("tmpfs psl:7;erp1 ro", None),
            ("tmpfs none ro", None),
            ("ext4 psl:1;g42;erp1 ro", None),
        ];
        for (end, expected) in rows {
            let line = format!("36 35 0:9 / /mnt rw shared:1 - {end}\n");
            let mark = mark_in(line.as_bytes());
            assert_eq!(mark.map(|mark| mark.pinned.generation), expected, "{end}");
        }
    }
}
