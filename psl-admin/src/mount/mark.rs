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

/// Whether a mount of this namespace says whose it is.
fn is_marked() -> bool {
    fs::read("/proc/self/mountinfo").is_ok_and(|mounts| mark_in(&mounts).is_some())
}

/// Whose instance's a namespace is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The generation that its links are of.
    pub generation: u64,
    /// The member; empty when the instance has none.
    pub member: String,
}

/// Finds the mount that says whose a namespace is: see proc_pid_mountinfo(5) for the fields.
pub fn mark_in(mounts: &[u8]) -> Option<Mark> {
    let mounts = String::from_utf8_lossy(mounts);
    mounts.lines().find_map(|line| {
        let (_, rest) = line.split_once(" - tmpfs ")?;
        let source = rest.split(' ').next()?.strip_prefix(PREFIX)?;
        let (generation, member) = source.strip_prefix('g')?.split_once(';')?;
        Some(Mark {
            generation: generation.parse().ok()?,
            member: unescaped(member),
        })
    })
}

/// Reads the octal escapes of the characters that would end a field or begin an escape.
fn unescaped(member: &str) -> String {
    const ESCAPED: [(&str, &str); 5] = [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\043", "#"),
        ("\\134", "\\"),
    ];
    // The backslash comes last: what it begins then is no escape.
    let read = |text: String, (escape, plain): &(&str, &str)| text.replace(escape, plain);
    ESCAPED.iter().fold(member.to_owned(), read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_with_its_escapes_and_only_from_an_empty_mount() {
        let mark = |generation, member: &str| {
            Some(Mark {
                generation,
                member: member.into(),
            })
        };
        let rows = [
            ("tmpfs psl:g42;erp1 ro,size=4k", mark(42, "erp1")),
            ("tmpfs psl:g42; ro", mark(42, "")),
            ("tmpfs psl:g7;a\\040b;\\134040 ro", mark(7, "a b;\\040")),
            ("tmpfs psl:7;erp1 ro", None),
            ("tmpfs none ro", None),
            ("ext4 psl:g42;erp1 ro", None),
        ];
        for (end, expected) in rows {
            let line = format!("36 35 0:9 / /mnt rw shared:1 - {end}\n");
            assert_eq!(mark_in(line.as_bytes()), expected, "{end}");
        }
    }
}
