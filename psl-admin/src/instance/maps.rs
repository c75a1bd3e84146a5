//! `/proc/PID/maps`: the files that a process has in its memory, and what it says there of itself.
use psl_table::pinned::Mark;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// What the kernel puts before the name of a file that lives in memory.
const IN_MEMORY: &str = "/memfd:";

/// What the kernel appends to the name of a file that has none.
const DELETED: &[u8] = b" (deleted)";

/// A file in the memory of a process, by its first mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The file's path as the kernel tells it.
    pub path: OsString,
    /// The name of the mapping below `/proc/PID/map_files`.
    pub range: String,
}

/// Lists the files of a maps file, each once.
pub fn files(text: &[u8]) -> Vec<Mapping> {
    let mut found = BTreeMap::new();
    for line in text.split(|&byte| byte == b'\n') {
        let Some((range, path)) = fields(line) else {
            continue;
        };
        found.entry(path).or_insert(range);
    }
    let mapping = |(path, range): (&[u8], &[u8])| Mapping {
        path: OsString::from_vec(unescaped(path)),
        range: unpadded(range),
    };
    found.into_iter().map(mapping).collect()
}

/// Reads what the name of a mapping says of the process that made it.
pub fn registered(file: &Mapping) -> Option<Mark> {
    let name = file.path.to_str()?.strip_prefix(IN_MEMORY)?;
    Mark::read(name.strip_suffix(" (deleted)").unwrap_or(name))
}

/// Tells whether a maps file can name a mapping that is called so; most have no such bytes at all.
pub fn may_name(text: &[u8], name: &str) -> bool {
    let first = name.as_bytes().first().copied();
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| Some(*byte) == first) {
        rest = &rest[at..];
        if rest.starts_with(name.as_bytes()) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// Tells whether a mapped file has this name, in whatever directory.
pub fn is_called(file: &Mapping, name: &str) -> bool {
    let own = Path::new(&file.path)
        .file_name()
        .map_or(&[][..], OsStr::as_bytes);
    own.strip_suffix(DELETED).unwrap_or(own) == name.as_bytes()
}

/// Returns the range and the path of a line; none where no file is mapped.
fn fields(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let slash = line.iter().position(|&byte| byte == b'/')?;
    let (head, path) = line.split_at(slash);
    let mut words = head
        .split(|&byte| byte == b' ')
        .filter(|word| !word.is_empty());
    let range = words.next()?;
    // Permissions, offset, device and inode; a name that is no path begins before its first slash.
    (words.count() == 4).then_some((range, path))
}

/// The kernel writes a newline in a path as `\012`, and nothing else in another way.
fn unescaped(path: &[u8]) -> Vec<u8> {
    const NEWLINE: &[u8] = b"\\012";
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&byte, after)) = rest.split_first() {
        match rest.strip_prefix(NEWLINE) {
            Some(after) => {
                bytes.push(b'\n');
                rest = after;
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    bytes
}

/// The names below map_files have no zeroes before the numbers.
fn unpadded(range: &[u8]) -> String {
    let range = String::from_utf8_lossy(range);
    let numbers = range
        .split('-')
        .map(|number| match number.trim_start_matches('0') {
            "" => "0",
            digits => digits,
        });
    numbers.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const MAPS: &[u8] = b"00400000-00401000 r-xp 00000000 08:01 12 /a b/c\\012d\n\
        7f00-7f01 r--p 00000000 08:01 13                         /lib/libpsl_shim.so (deleted)\n\
        7f02-7f03 r--p 00001000 08:01 12                         /a b/c\\012d\n\
        7f04-7f05 rw-p 00000000 00:00 0 \n\
        7f06-7f07 rw-p 00000000 00:00 0                          [anon:/x]\n\
        7f08-7f09 ---p 00000000 00:01 9                          /memfd:psl:1;g7,auto=mount;erp1 (deleted)\n";

    #[test]
    fn each_file_is_found_once_with_its_first_range() {
        let files = files(MAPS);
        let found: Vec<_> = files
            .iter()
            .map(|file| (file.path.to_str().unwrap(), file.range.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("/a b/c\nd", "400000-401000"),
                ("/lib/libpsl_shim.so (deleted)", "7f00-7f01"),
                ("/memfd:psl:1;g7,auto=mount;erp1 (deleted)", "7f08-7f09"),
            ]
        );
        assert!(is_called(&files[1], "libpsl_shim.so") && !is_called(&files[0], "libpsl_shim.so"));
    }

    #[test]
    fn only_a_file_in_memory_says_what_its_process_is_part_of() {
        let said: Vec<_> = files(MAPS).iter().filter_map(registered).collect();
        assert_eq!(
            (
                said.len(),
                said[0].pinned.generation,
                said[0].pinned.member.as_str()
            ),
            (1, 7, "erp1")
        );
        let forged = b"7f08-7f09 r--p 00000000 00:01 9 /tmp/memfd:psl:1;g7;erp1\n";
        assert_eq!(files(forged).iter().filter_map(registered).count(), 0);
        assert!(may_name(forged, "memfd:psl:") && !may_name(forged, "memfd:psm"));
    }
}
