//! The ways in which a process can be started that are compared.

use std::path::Path;
use std::process::Command;

use psl_table::pinned::VARIABLE;

use crate::room::{ADMIN, LIBRARY, Room, Store};

/// What libfakechroot leaves as it is, so that the system's programs are the same for everybody.
const SYSTEM: &str = "/usr:/bin:/lib:/lib64:/etc:/proc:/dev:/sys:/opt";

/// How a process is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// As it is; what lies behind a link is reached through a real symlink.
    Bare,
    /// With an empty library preloaded.
    Empty,
    /// With the preload library, and none of its variables.
    Inert,
    /// As a process of an instance of the preload engine, which has inherited its links.
    Preload,
    /// The same of a member with ten thousand links.
    Wide,
    /// As an instance of the mount engine.
    Mount,
    /// With the target bound to the place by bubblewrap.
    Bubblewrap,
    /// In a false root.
    Fakechroot,
    /// With the target bound to the place by ptrace(2).
    Proot,
}

impl Way {
    /// All of them, in the order of the columns.
    pub const ALL: [Self; 9] = [
        Self::Bare,
        Self::Empty,
        Self::Inert,
        Self::Preload,
        Self::Wide,
        Self::Mount,
        Self::Bubblewrap,
        Self::Fakechroot,
        Self::Proot,
    ];

    /// Returns what its column is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Empty => "empty .so",
            Self::Inert => "inert",
            Self::Preload => "preload",
            Self::Wide => "preload, 10,000 links",
            Self::Mount => "mount",
            Self::Bubblewrap => "bubblewrap",
            Self::Fakechroot => "fakechroot",
            Self::Proot => "proot",
        }
    }

    /// Whether it is somebody else's, or needs what not every kernel grants: its column may stay empty.
    pub fn may_be_missing(self) -> bool {
        matches!(
            self,
            Self::Mount | Self::Bubblewrap | Self::Fakechroot | Self::Proot
        )
    }

    /// Returns a command that starts a program so.
    pub fn command(self, room: &Room, program: &Path) -> Command {
        let tree = room.tree();
        let (target, place) = (tree.join("version2"), tree.join("link"));
        let mut command = match self {
            Self::Mount => {
                let mut command = Command::new(room.built(ADMIN));
                command
                    .args(["run", "--engine", "mount", "--member", "m", "--"])
                    .arg(program);
                command
            }
            Self::Bubblewrap => {
                let mut command = Command::new("/usr/bin/bwrap");
                command
                    .args(["--dev-bind", "/", "/", "--bind"])
                    .args([&target, &place])
                    .arg(program);
                command
            }
            Self::Proot => {
                let mut command = Command::new("/usr/bin/proot");
                let bound = format!("{}:{}", target.display(), place.display());
                command.args(["-b", &bound]).arg(program);
                command
            }
            _ => Command::new(program),
        };
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .current_dir(&tree);
        match self {
            Self::Empty => _ = command.env("LD_PRELOAD", room.empty()),
            Self::Inert => _ = command.env("LD_PRELOAD", room.built(LIBRARY)),
            Self::Preload => room.enter(&mut command, Store::Small),
            Self::Wide => room.enter(&mut command, Store::Large),
            Self::Mount => _ = command.envs(room.variables(Store::Small)),
            Self::Fakechroot => {
                command
                    .env("LD_PRELOAD", room.fakechroot())
                    .env("FAKECHROOT_BASE", room.root())
                    .env("FAKECHROOT_EXCLUDE_PATH", SYSTEM);
            }
            Self::Bare | Self::Bubblewrap | Self::Proot => {}
        }
        command
    }

    /// Returns how such a process spells the tree.
    pub fn spelling(self, room: &Room) -> String {
        match self {
            Self::Fakechroot => String::from("/tree"),
            _ => room.tree().display().to_string(),
        }
    }
}

/// Returns the variable by which a process inherits its links, read from one that has them.
pub fn inherited(room: &Room, store: Store) -> Option<(String, String)> {
    let mut command = Command::new("/usr/bin/env");
    command
        .env_clear()
        .env("LD_PRELOAD", room.built(LIBRARY))
        .envs(room.variables(store));
    // What a process passes on is only seen in the next one.
    command.arg("/usr/bin/env");
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (_, value) = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .find(|(name, _)| *name == VARIABLE)?;
    Some((VARIABLE.to_owned(), value.to_owned()))
}
