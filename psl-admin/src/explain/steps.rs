//! The steps of a walk, as they are shown.
use psl_table::snapshot::Link;
use psl_table::watch::{self, Watch};
use rustix::io::Errno;
use serde::Serialize;
use std::borrow::Cow;

/// What the walk found at a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// No symlink.
    Plain,
    /// The directory above.
    Up,
    /// A real symlink.
    Symlink,
    /// A link of procfs that stands for a file.
    Magic,
    /// A private link.
    Link,
    /// A private target that is not this member's.
    Hidden,
    /// The kernel refuses the name.
    Refused,
    /// One link too many.
    Loop,
}

/// One step.
#[derive(Debug)]
pub struct Step {
    /// The physical name, from the root on.
    pub at: Vec<u8>,
    pub kind: Kind,
    /// The text of a link.
    pub to: Option<Vec<u8>>,
    pub errno: Option<Errno>,
}

impl Step {
    /// Returns the directory and the name in it that were looked up; none where nothing was.
    pub fn looked_up(&self) -> Option<[&[u8]; 2]> {
        if matches!(self.kind, Kind::Up | Kind::Loop) {
            return None;
        }
        let slash = self.at.iter().rposition(|&byte| byte == b'/')?;
        Some([&self.at[..slash.max(1)], &self.at[slash + 1..]])
    }
}

/// Notes the steps of a walk that begins at the root.
#[derive(Debug, Default)]
pub struct Recorder {
    pub steps: Vec<Step>,
    /// The name of the last magic link, and the directory that it stands for.
    magic: Option<[Vec<u8>; 2]>,
}

impl Watch for Recorder {
    fn step(&mut self, at: &[u8], step: watch::Step<'_>) {
        let at = match step {
            watch::Step::Magic(_) => at.into(),
            _ => self.physical(at),
        };
        let (at, kind, to, errno) = match step {
            watch::Step::Plain => (at.into_owned(), Kind::Plain, None, None),
            watch::Step::Up => (at.into_owned(), Kind::Up, None, None),
            watch::Step::Symlink(to) => (at.into_owned(), Kind::Symlink, Some(to), None),
            watch::Step::Magic(to) => {
                self.magic = Some([at.to_vec(), to.to_vec()]);
                (at.into_owned(), Kind::Magic, Some(to), None)
            }
            watch::Step::Link { name, link } => {
                (joined(&at, name), Kind::Link, Some(text_of(link)), None)
            }
            watch::Step::Hidden { name } => {
                (joined(&at, name), Kind::Hidden, None, Some(Errno::NOENT))
            }
            watch::Step::Refused(errno) => (at.into_owned(), Kind::Refused, None, Some(errno)),
            watch::Step::OneTooMany => (at.into_owned(), Kind::Loop, None, Some(Errno::LOOP)),
        };
        self.steps.push(Step {
            at,
            kind,
            to: to.map(<[u8]>::to_vec),
            errno,
        });
    }
}

impl Recorder {
    /// Puts what a magic link stands for in its place.
    fn physical<'a>(&self, at: &'a [u8]) -> Cow<'a, [u8]> {
        let Some([magic, dir]) = &self.magic else {
            return at.into();
        };
        match at.strip_prefix(magic.as_slice()) {
            Some(below) if matches!(below, [] | [b'/', ..]) => {
                let mut path = dir.clone();
                for part in below
                    .split(|&byte| byte == b'/')
                    .filter(|part| !part.is_empty())
                {
                    if part == b".." {
                        let slash = path.iter().rposition(|&byte| byte == b'/');
                        path.truncate(slash.unwrap_or(0).max(1));
                    } else {
                        path = joined(&path, part);
                    }
                }
                path.into()
            }
            _ => at.into(),
        }
    }
}

/// Returns the name of an entry of a directory.
pub fn joined(dir: &[u8], name: &[u8]) -> Vec<u8> {
    let dir = dir.strip_suffix(b"/").unwrap_or(dir);
    [dir, b"/", name].concat()
}

fn text_of(link: &Link) -> &[u8] {
    link.to.to_bytes()
}
