//! Names that can be in a table: absolute paths and member names.

use std::fmt;

/// The longest path, in bytes: Linux's PATH_MAX without the final NUL.
pub const PATH_MAX: usize = 4095;

/// The longest member name, in bytes: members name files in the store.
pub const MEMBER_MAX: usize = 255;

/// An absolute path without `.`, `..`, empty components or a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AbsPath(String);

impl AbsPath {
    /// Takes a path that is spelt in the one way that the table allows.
    pub fn new(path: &str) -> Result<AbsPath, Flaw> {
        if path.is_empty() {
            return Err(Flaw::Empty);
        }
        if !path.starts_with('/') {
            return Err(Flaw::Relative);
        }
        if path.len() > PATH_MAX {
            return Err(Flaw::LongPath(path.len()));
        }
        if path.contains('\0') {
            return Err(Flaw::Nul);
        }
        if path == "/" {
            return Ok(AbsPath(path.to_owned()));
        }
        let mut components = path.as_bytes()[1..].split(|&byte| byte == b'/');
        if components.all(|part| !matches!(part, b"" | b"." | b"..")) {
            return Ok(AbsPath(path.to_owned()));
        }
        let has_dot = path[1..].split('/').any(|part| matches!(part, "." | ".."));
        Err(match has_dot {
            true => Flaw::Dot,
            false if path.contains("//") => Flaw::EmptyComponent,
            false => Flaw::TrailingSlash,
        })
    }

    /// Returns the path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the components from the root on; none for `/`.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// Returns the path without its last component; none for `/`.
    pub fn parent(&self) -> Option<&str> {
        match self.0.rsplit_once('/')? {
            ("", "") => None,
            ("", _) => Some("/"),
            (parent, _) => Some(parent),
        }
    }

    /// Returns the last component; none for `/`.
    pub fn file_name(&self) -> Option<&str> {
        self.components().next_back()
    }

    /// Tells whether the path is `dir` or lies below it, component by component.
    pub fn is_within(&self, dir: &AbsPath) -> bool {
        dir.0 == "/"
            || self
                .0
                .strip_prefix(&dir.0)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for AbsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for AbsPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<std::path::Path> for AbsPath {
    fn as_ref(&self) -> &std::path::Path {
        self.0.as_ref()
    }
}

/// Returns a path that starts with a slash, and before it the directories above it, without the root.
pub(crate) fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.match_indices('/').skip(1).map(|(end, _)| end);
    ends.chain([path.len()]).map(|end| &path[..end])
}

/// Checks that a member can have this name.
///
/// Members name files in the store and values in the environment.
pub fn check_member(name: &str) -> Result<(), Flaw> {
    if name.is_empty() {
        Err(Flaw::NoMember)
    } else if name == "." || name == ".." || name.contains('/') {
        Err(Flaw::MemberSlash)
    } else if name.chars().any(char::is_control) {
        Err(Flaw::MemberControl)
    } else if name.len() > MEMBER_MAX {
        Err(Flaw::LongMember(name.len()))
    } else {
        Ok(())
    }
}

/// What is wrong with a path or a member's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// No path at all.
    Empty,
    /// A path that does not start with a slash.
    Relative,
    /// A path of this many bytes.
    LongPath(usize),
    /// A path with a NUL byte.
    Nul,
    /// A path with a `.` or `..` component.
    Dot,
    /// A path with two slashes in a row.
    EmptyComponent,
    /// A path with a slash at its end.
    TrailingSlash,
    /// The root, where no link can be.
    Root,
    /// No member name at all.
    NoMember,
    /// A member name that cannot be a file name.
    MemberSlash,
    /// A member name with a control character.
    MemberControl,
    /// A member name of this many bytes.
    LongMember(usize),
}

impl Flaw {
    /// Returns the message for a name with this flaw.
    pub fn of(self, name: &str) -> String {
        format!("{:?} {self}", Shortened(name).to_string())
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::Empty => write!(f, "is empty, expected an absolute path"),
            Flaw::Relative => write!(f, "is relative, expected an absolute path"),
            Flaw::LongPath(len) => write!(f, "has {len} bytes, expected at most {PATH_MAX}"),
            Flaw::Nul => write!(f, "has a NUL character, expected none"),
            Flaw::Dot => write!(
                f,
                "has a `.` or `..` component, expected the path without it"
            ),
            Flaw::EmptyComponent => write!(f, "has an empty component, expected single slashes"),
            Flaw::TrailingSlash => write!(f, "ends in a slash, expected the path without it"),
            Flaw::Root => write!(f, "is the root, expected a path below it"),
            Flaw::NoMember => write!(f, "is empty, expected a member's name"),
            Flaw::MemberSlash => write!(f, "cannot be a file name, expected a name without slash"),
            Flaw::MemberControl => write!(f, "has a control character, expected none"),
            Flaw::LongMember(len) => write!(f, "has {len} bytes, expected at most {MEMBER_MAX}"),
        }
    }
}

impl std::error::Error for Flaw {}

/// A name, cut where it would drown the message.
struct Shortened<'a>(&'a str);

impl fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(64) {
            Some((cut, _)) if self.0.len() > PATH_MAX.min(MEMBER_MAX) => {
                write!(f, "{}...", &self.0[..cut])
            }
            _ => f.write_str(self.0),
        }
    }
}
