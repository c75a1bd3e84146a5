//! One line of a manifest: what a path is.
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};
use rustix::fs::{FileType, Stat, major, minor};
use std::fmt;

/// What is escaped in a path besides all that is not ASCII: what would end a word, and what escapes.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

/// Stands where a kind of file has nothing to say.
const NOTHING: &str = "-";

/// What a path is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The kind of file.
    pub kind: &'static str,
    /// The permissions, with set-user-ID and its like.
    pub mode: u32,
    /// The owner.
    pub user: u32,
    /// The group.
    pub group: u32,
    /// A regular file's size in bytes.
    pub size: Option<u64>,
    /// The time of the last modification: seconds since the epoch, and nanoseconds.
    pub modified: (i64, u32),
    /// A regular file's BLAKE3 hash, a symlink's target, a device's number.
    pub content: Option<Vec<u8>>,
}

/// The kinds of files by the names that a manifest gives them.
const KINDS: [(FileType, &str); 7] = [
    (FileType::RegularFile, "file"),
    (FileType::Directory, "directory"),
    (FileType::Symlink, "symlink"),
    (FileType::Fifo, "fifo"),
    (FileType::CharacterDevice, "character"),
    (FileType::BlockDevice, "block"),
    (FileType::Socket, "socket"),
];

impl Record {
    /// Takes what a status tells; the content of files and symlinks is the caller's to add.
    pub fn of(stat: &Stat) -> Self {
        let kind = FileType::from_raw_mode(stat.st_mode);
        let named = KINDS.iter().find(|(known, _)| *known == kind);
        let is_device = matches!(kind, FileType::CharacterDevice | FileType::BlockDevice);
        let device = || format!("{}:{}", major(stat.st_rdev), minor(stat.st_rdev));
        Self {
            kind: named.map_or("unknown", |(_, name)| name),
            mode: stat.st_mode & 0o7777,
            user: stat.st_uid,
            group: stat.st_gid,
            size: (kind == FileType::RegularFile).then_some(stat.st_size.unsigned_abs()),
            modified: (
                stat.st_mtime,
                u32::try_from(stat.st_mtime_nsec).unwrap_or_default(),
            ),
            content: is_device.then(|| device().into_bytes()),
        }
    }

    /// Writes the line without its end.
    pub fn line(&self, path: &[u8]) -> String {
        format!("{self} {}", escaped(path))
    }

    /// Reads a line: the path, and what it is. None when it is no such line.
    pub fn parse(line: &str) -> Option<(Vec<u8>, Self)> {
        let mut words = line.split(' ');
        let mut word = || words.next();
        let kind = word()?;
        let record = Self {
            kind: KINDS.iter().find(|(_, name)| *name == kind)?.1,
            mode: u32::from_str_radix(word()?, 8).ok()?,
            user: word()?.parse().ok()?,
            group: word()?.parse().ok()?,
            size: optional(word()?, |size| size.parse().ok())?,
            modified: {
                let (seconds, nanoseconds) = word()?.split_once('.')?;
                (seconds.parse().ok()?, nanoseconds.parse().ok()?)
            },
            content: optional(word()?, |content| Some(unescaped(content)))?,
        };
        let path = unescaped(word()?);
        words.next().is_none().then_some((path, record))
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            mode,
            user,
            group,
            ..
        } = self;
        write!(f, "{kind} {mode:04o} {user} {group} ")?;
        match self.size {
            Some(size) => write!(f, "{size}")?,
            None => f.write_str(NOTHING)?,
        }
        let (seconds, nanoseconds) = self.modified;
        write!(f, " {seconds}.{nanoseconds:09} ")?;
        match &self.content {
            // A target of this name has to differ from none.
            Some(content) if content == NOTHING.as_bytes() => f.write_str("%2D"),
            Some(content) => f.write_str(&escaped(content)),
            None => f.write_str(NOTHING),
        }
    }
}

/// Escapes bytes, so that they are one word of ASCII.
pub fn escaped(bytes: &[u8]) -> String {
    percent_encode(bytes, ESCAPED).to_string()
}

fn unescaped(word: &str) -> Vec<u8> {
    percent_decode_str(word).collect()
}

fn optional<T>(word: &str, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    match word {
        NOTHING => Some(None),
        word => read(word).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_written_is_read_as_it_was() {
        for (path, content, size) in [
            (&b"bin/app"[..], Some(&b"0123abcd"[..]), Some(7)),
            (b"a b\n\xff%41", Some(b"../x y\\\"\t"), None),
            (b"-", Some(b"-"), None),
            (b".", None, None),
        ] {
            let record = Record {
                kind: "symlink",
                mode: 0o4755,
                user: 0,
                group: u32::MAX,
                size,
                modified: (-1, 5),
                content: content.map(<[u8]>::to_vec),
            };
            let line = record.line(path);
            assert!(
                line.is_ascii() && !line.contains(|c: char| c.is_ascii_control()),
                "{line:?}"
            );
            assert_eq!(
                Record::parse(&line),
                Some((path.to_vec(), record)),
                "{line}"
            );
        }
    }

    #[test]
    fn what_is_no_line_is_refused() {
        for line in [
            "",
            "file",
            "file 0644 0 0 - 1.0 -",
            "file 0644 0 0 - 1.0 - a b",
            "pipe 0644 0 0 - 1.0 - a",
            "file 9 0 0 - 1.0 - a",
            "file 0644 -1 0 - 1.0 - a",
            "file 0644 0 0 x 1.0 - a",
            "file 0644 0 0 - 1 - a",
        ] {
            assert_eq!(Record::parse(line), None, "{line}");
        }
    }
}
