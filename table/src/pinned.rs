//! What an instance passes on to all its processes, in one variable.

use std::fmt;
use std::str::FromStr;

use rustix::fs::{AtFlags, CWD};
use rustix::io::Errno;

/// The variable that carries it. It is internal: nobody but the shim and psl-admin writes it.
pub const VARIABLE: &str = "PSL_SNAPSHOT";

/// The generation that an instance was started with, for whom, and what makes its processes see it.
///
/// As text it is `g<generation>;<member>`, with `,preload` or `,mount=<namespace>` before the semicolon where one engine
/// alone may carry the instance. The member is the last part, for its name may hold every character that separates the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// The generation of the table.
    pub generation: u64,
    /// The member; empty when the instance has none.
    pub member: String,
    /// What makes its processes see the links.
    pub engine: Engine,
}

/// What makes the processes of an instance see its links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The preload engine, and for programs that it cannot carry whatever the host is configured to do.
    Auto,
    /// The preload engine alone: programs that it cannot carry do not run.
    Preload,
    /// Mounts, in the mount namespace with this inode number.
    Mount(u64),
}

/// A text that nobody wrote as a [`Pinned`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    text: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text } = self;
        write!(
            f,
            "{VARIABLE} is {text:?}, expected what an instance passes on"
        )
    }
}

impl std::error::Error for Malformed {}

impl Pinned {
    /// Reads the bytes of the variable.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        match std::str::from_utf8(bytes) {
            Ok(text) => text.parse(),
            Err(_) => Err(Malformed {
                text: String::from_utf8_lossy(bytes).into(),
            }),
        }
    }

    /// Whether the calling process sees the links as mounts; fails as [`mount_namespace`].
    pub fn is_mounted(&self) -> Result<bool, Errno> {
        match self.engine {
            Engine::Mount(namespace) => Ok(mount_namespace()? == namespace),
            Engine::Auto | Engine::Preload => Ok(false),
        }
    }
}

impl fmt::Display for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            generation,
            member,
            engine,
        } = self;
        write!(f, "g{generation}")?;
        match engine {
            Engine::Auto => {}
            Engine::Preload => f.write_str(",preload")?,
            Engine::Mount(namespace) => write!(f, ",mount={namespace}")?,
        }
        write!(f, ";{member}")
    }
}

impl FromStr for Pinned {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed { text: text.into() };
        let (head, member) = text.split_once(';').ok_or_else(malformed)?;
        let head = head.strip_prefix('g').ok_or_else(malformed)?;
        let (generation, engine) = match head.split_once(',') {
            None => (head, Engine::Auto),
            Some((generation, "preload")) => (generation, Engine::Preload),
            Some((generation, engine)) => {
                let namespace = engine.strip_prefix("mount=").and_then(number);
                (generation, Engine::Mount(namespace.ok_or_else(malformed)?))
            }
        };
        Ok(Self {
            generation: number(generation).ok_or_else(malformed)?,
            member: member.into(),
            engine,
        })
    }
}

/// Reads digits alone: `parse` would take a sign as well.
fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// Returns the inode number of the calling process's mount namespace.
///
/// Fails with `ENOENT` where no procfs is mounted.
pub fn mount_namespace() -> Result<u64, Errno> {
    let namespace = rustix::fs::statat(CWD, c"/proc/self/ns/mnt", AtFlags::empty())?;
    Ok(namespace.st_ino)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_whatever_the_member_is_called() {
        for member in [
            "",
            "erp1",
            "a;b",
            "x,mount=7;y",
            ",mount=7",
            "g1;z",
            "\u{fc} m",
        ] {
            let mounts = [0, u64::MAX].map(Engine::Mount);
            for engine in mounts.into_iter().chain([Engine::Auto, Engine::Preload]) {
                let pinned = Pinned {
                    generation: 42,
                    member: member.into(),
                    engine,
                };
                assert_eq!(Pinned::read(pinned.to_string().as_bytes()), Ok(pinned));
            }
        }
    }

    #[test]
    fn other_texts_are_malformed() {
        for text in [
            "",
            "42;m",
            "g;m",
            "g42",
            "g+42;m",
            "g-1;m",
            "g42 ;m",
            "g42,mount=;m",
            "g42,mount=x;m",
            "g42,mount=1",
            "g42,other=1;m",
            "g42,preload,mount=1;m",
            "g99999999999999999999;m",
        ] {
            let malformed = Pinned::read(text.as_bytes()).expect_err(text);
            assert_eq!(
                malformed.to_string(),
                format!("PSL_SNAPSHOT is {text:?}, expected what an instance passes on")
            );
        }
        assert!(Pinned::read(b"g42;\xff").is_err());
    }

    #[test]
    fn only_the_namespace_of_the_process_has_its_mounts() {
        let own = mount_namespace().expect("tests have a procfs");
        let mounted = |engine| {
            let member = String::new();
            let pinned = Pinned {
                generation: 1,
                member,
                engine,
            };
            pinned.is_mounted().expect("tests have a procfs")
        };
        assert_eq!(
            [Engine::Auto, Engine::Mount(own), Engine::Mount(own + 1)].map(mounted),
            [false, true, false]
        );
    }
}
