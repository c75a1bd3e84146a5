//! What an instance passes on to all its processes, in one variable.

use std::fmt;

use rustix::fs::{AtFlags, CWD};
use rustix::io::Errno;

use crate::config::OnUncovered;

mod field;
mod mark;
mod view;

pub use mark::{Mark, PREFIX, ROOM as MARK_ROOM};
pub use view::{ROOM, View};

/// The variable that carries it. It is internal: nobody but the shim and psl-admin writes it.
pub const VARIABLE: &str = "PSL_SNAPSHOT";

/// What a text begins with; another one is another version's.
const VERSION: &str = "1";

/// What an instance was started with: the generation, for whom, what makes its processes see it, and what they see.
///
/// As text it is `1;g42;erp1;VIEW;CHECKSUM` with any number of fields for the view (none where it is open), `g42,preload`,
/// `g42,auto=refuse` or `g42,mount=4026532177` where more is known of the engine, and a CRC-32 of all that precedes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// The generation of the table.
    pub generation: u64,
    /// The member; empty when the instance has none.
    pub member: String,
    /// What makes its processes see the links.
    pub engine: Engine,
    /// What they see.
    pub view: View,
}

/// What makes the processes of an instance see its links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The preload engine, and this for programs that it cannot carry; none before the host's configuration was asked.
    Auto(Option<OnUncovered>),
    /// The preload engine alone: programs that it cannot carry do not run.
    Preload,
    /// Mounts, in the mount namespace with this inode number.
    Mount(u64),
}

/// A text that nobody wrote as a [`Pinned`], or that was damaged on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    what: &'static str,
    beginning: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, beginning } = self;
        write!(
            f,
            "{VARIABLE} {what}: {beginning:?}, expected what an instance of this version passes on unchanged"
        )
    }
}

impl std::error::Error for Malformed {}

const POLICIES: [(&str, OnUncovered); 3] = [
    ("auto=mount", OnUncovered::Mount),
    ("auto=refuse", OnUncovered::Refuse),
    ("auto=warn", OnUncovered::Warn),
];

impl Pinned {
    /// Reads the bytes of the variable.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        /// How much of a text an error shows.
        const SHOWN: usize = 60;
        let malformed = |what| Malformed {
            what,
            beginning: String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]).into(),
        };
        let text = std::str::from_utf8(bytes).map_err(|_| malformed("is not text"))?;
        let (body, sum) = text.rsplit_once(';').ok_or(malformed("is cut"))?;
        let version = body.split(';').next().unwrap_or_default();
        if version != VERSION {
            return Err(malformed("is of another version"));
        }
        if sum != checksum(body) {
            return Err(malformed("was changed or cut"));
        }
        Self::read_body(body).ok_or(malformed("makes no sense"))
    }

    fn read_body(body: &str) -> Option<Self> {
        let mut fields = body.split(';').skip(1);
        let head = fields.next()?.strip_prefix('g')?;
        let (generation, engine) = match head.split_once(',') {
            None => (head, Engine::Auto(None)),
            Some((generation, "preload")) => (generation, Engine::Preload),
            Some((generation, engine)) => match engine.strip_prefix("mount=") {
                Some(namespace) => (generation, Engine::Mount(view::number(namespace)?)),
                None => {
                    let (_, policy) = POLICIES.iter().find(|(text, _)| *text == engine)?;
                    (generation, Engine::Auto(Some(*policy)))
                }
            },
        };
        let generation = view::number(generation)?;
        let member = field::read(fields.next()?)?.into_owned();
        Some(Self {
            generation,
            member: String::from_utf8(member).ok()?,
            engine,
            view: view::read(generation, fields)?,
        })
    }

    /// Whether the calling process sees the links as mounts; fails as [`mount_namespace`].
    pub fn is_mounted(&self) -> Result<bool, Errno> {
        match self.engine {
            Engine::Mount(namespace) => Ok(mount_namespace()? == namespace),
            Engine::Auto(_) | Engine::Preload => Ok(false),
        }
    }
}

impl Pinned {
    /// Returns everything but the view.
    fn head(&self) -> String {
        let mut body = format!("{VERSION};g{}", self.generation);
        match self.engine {
            Engine::Auto(None) => {}
            Engine::Auto(Some(policy)) => {
                let known = POLICIES.iter().find(|(_, known)| *known == policy);
                body.push(',');
                body.push_str(known.map_or("", |(text, _)| text));
            }
            Engine::Preload => body.push_str(",preload"),
            Engine::Mount(namespace) => body.push_str(&format!(",mount={namespace}")),
        }
        body.push(';');
        field::write(self.member.as_bytes(), &mut body);
        body
    }
}

impl fmt::Display for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut body = self.head();
        view::write(&self.view, &mut body);
        write!(f, "{body};{}", checksum(&body))
    }
}

fn checksum(text: &str) -> String {
    format!("{:08x}", crc32fast::hash(text.as_bytes()))
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
    use glob::Pattern;
    use proptest::prelude::*;

    use super::*;
    use crate::choices::{Choice, Choices};
    use crate::snapshot::{Row, Snapshot};
    use crate::tree::Host;

    fn pinned(member: &str, engine: Engine, view: View) -> Pinned {
        Pinned {
            generation: 42,
            member: member.into(),
            engine,
            view,
        }
    }

    fn resolved() -> View {
        let row = |from, to, live| Row { from, to, live };
        let rows = [
            row(b"/nowhere/v;1" as &[u8], b"/nowhere/v,2", false),
            row("/nowhere/\u{fc} %".as_bytes(), b"/nowhere/w", true),
        ];
        let hidden = [b"/nowhere/secret".as_slice()];
        let snapshot = Snapshot::new(42, 1_700_000_000, &rows, &hidden, &Host);
        View::Resolved(snapshot.expect("no link leads in a circle"))
    }

    fn choices() -> View {
        let choice = |from: &str, exe: Option<&str>| Choice {
            from: from.into(),
            to: "/to".into(),
            live: exe.is_some(),
            exe: exe.map(|exe| Pattern::new(exe).expect("it is one")),
        };
        View::Choices(Choices {
            generation: 42,
            committed: -1,
            rows: vec![choice("/a", Some("*/fire,fox*")), choice("/a", None)],
            private: vec!["/p".into()],
        })
    }

    #[test]
    fn what_is_written_is_read_back() {
        let engines = [
            Engine::Auto(None),
            Engine::Auto(Some(OnUncovered::Mount)),
            Engine::Auto(Some(OnUncovered::Refuse)),
            Engine::Auto(Some(OnUncovered::Warn)),
            Engine::Preload,
            Engine::Mount(u64::MAX),
        ];
        for member in ["", "erp1", "a;b", "x,mount=7;y", "%3b", "\u{fc} m"] {
            for engine in engines {
                for view in [View::Open, resolved(), choices(), View::Stored] {
                    let pinned = pinned(member, engine, view);
                    let text = pinned.to_string();
                    assert_eq!(Pinned::read(text.as_bytes()), Ok(pinned), "{text}");
                }
            }
        }
    }

    #[test]
    fn a_view_without_room_is_left_to_the_store() {
        let from = "/f".repeat(2000);
        let rows = (0..20).map(|number| format!("{from}{number}"));
        let rows: Vec<_> = rows.collect();
        let rows: Vec<_> = rows
            .iter()
            .map(|from| Row {
                from: from.as_bytes(),
                to: b"/to",
                live: false,
            })
            .collect();
        let snapshot = Snapshot::new(42, 0, &rows, &[], &Host).expect("no circle");
        let large = pinned("m", Engine::Preload, View::Resolved(snapshot));
        let text = large.to_string();
        let read = Pinned::read(text.as_bytes()).expect("it is one");
        assert_eq!((read.generation, read.view), (42, View::Stored));
        assert!(text.len() < 100, "{text}");
    }

    #[test]
    fn a_text_that_was_changed_or_cut_anywhere_is_malformed() {
        let text = pinned("erp1", Engine::Auto(Some(OnUncovered::Mount)), resolved()).to_string();
        for length in 0..text.len() {
            assert!(Pinned::read(&text.as_bytes()[..length]).is_err());
        }
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                assert!(Pinned::read(&bytes).is_err(), "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn texts_with_a_checksum_may_still_make_no_sense() {
        for body in [
            "1",
            "1;",
            "1;42;m",
            "1;g;m",
            "1;g42",
            "1;g+42;m",
            "1;g42,mount=;m",
            "1;g42,other=1;m",
            "1;g42;m;root",
            "1;g42;m;root,1,2",
            "1;g42;m;root,1,2,3;link,/a,b",
            "1;g42;m;root,1,2,3;link,a,b,/c",
            "1;g42;m;root,1,2,3;link,/a,b/c,/c",
            "1;g42;m;root,1,2,3;link,/a,b,/c,d",
            "1;g42;m;root,1,2,3;live,/a,b,/c",
            "1;g42;m;root,1,2,3;live,/a,b,/c,/d,e",
            "1;g42;m;root,1,2,3;link,/a,b%00,/c",
            "1;g42;m;root,1,2,3;other,/a,b,/c",
            "1;g42;m;rows",
            "1;g42;m;rows,1;link,/a",
            "1;g42;m;rows,1;link,/a,/b,[",
            "1;g42;m;stored;link",
            "1;g99999999999999999999;m",
        ] {
            let text = format!("{body};{}", checksum(body));
            let malformed = Pinned::read(text.as_bytes()).expect_err(body);
            assert!(malformed.to_string().contains("no sense"), "{malformed}");
        }
        let other = "2;g42;m";
        let text = format!("{other};{}", checksum(other));
        let malformed = Pinned::read(text.as_bytes()).expect_err(other);
        assert!(
            malformed.to_string().contains("another version"),
            "{malformed}"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_odd_to_be_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            // A checksum that agrees lets everything behind it be read.
            let body = [b"1;g1;m;", bytes.as_slice()].concat();
            if let Ok(body) = std::str::from_utf8(&body) {
                let text = format!("{body};{}", checksum(body));
                if let Ok(pinned) = Pinned::read(text.as_bytes()) {
                    prop_assert_eq!(Pinned::read(pinned.to_string().as_bytes()), Ok(pinned));
                }
            }
            prop_assert!(Pinned::read(&bytes).is_err());
        }
    }

    #[test]
    fn only_the_namespace_of_the_process_has_its_mounts() {
        let own = mount_namespace().expect("tests have a procfs");
        let mounted = |engine| {
            let pinned = pinned("", engine, View::Open);
            pinned.is_mounted().expect("tests have a procfs")
        };
        assert_eq!(
            [Engine::Preload, Engine::Mount(own), Engine::Mount(own + 1)].map(mounted),
            [false, true, false]
        );
    }
}
