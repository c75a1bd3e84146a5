//! A temporary directory with the trees, stores and libraries that are measured.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use psl_tests::store;
use tempfile::TempDir;

use crate::{trees, way};

/// The preload library.
pub const LIBRARY: &str = "libpsl_shim.so";

/// The command line.
pub const ADMIN: &str = "psl-admin";

/// Which store a process uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// Ten rows, one of them about the tree's link.
    Small,
    /// Ten thousand.
    Large,
}

impl Store {
    /// Returns how many rows it has.
    pub fn rows(self) -> usize {
        match self {
            Self::Small => 10,
            Self::Large => 10_000,
        }
    }
}

/// The directory; it goes when it is dropped.
pub struct Room {
    _dir: TempDir,
    path: PathBuf,
    built: PathBuf,
    fakechroot: OsString,
    /// What processes inherit.
    small: (String, String),
    large: (String, String),
}

impl Room {
    /// Makes all of it: some 65,000 files.
    pub fn new() -> io::Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix("psl-speed-")
            .permissions(Permissions::from_mode(0o755))
            .tempdir()?;
        let path = dir.path().canonicalize()?;
        let nothing = || (String::new(), String::new());
        let mut room = Self {
            _dir: dir,
            path,
            built: std::env::current_exe()?,
            fakechroot: trees::library_of("fakechroot")?,
            small: nothing(),
            large: nothing(),
        };
        trees::make(&room.tree())?;
        fs::write(room.path.join("empty.c"), "")?;
        trees::compile(&room.path.join("empty.c"), &room.empty(), &["-shared"])?;
        let calls = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/calls.c");
        trees::compile(&calls, &room.calls(), &["-O2"])?;
        fs::write(room.config(), format!("shim = {:?}\n", room.built(LIBRARY)))?;
        for which in [Store::Small, Store::Large] {
            let made = store::make(&room.store(which), &room.table(which.rows()));
            made.map_err(io::Error::other)?;
        }
        let inherited = |which| {
            let missing = || io::Error::other("an instance passes nothing on");
            way::inherited(&room, which).ok_or_else(missing)
        };
        (room.small, room.large) = (inherited(Store::Small)?, inherited(Store::Large)?);
        Ok(room)
    }

    /// The false root of fakechroot.
    pub fn root(&self) -> PathBuf {
        self.path.join("root")
    }

    /// What names are looked up in.
    pub fn tree(&self) -> PathBuf {
        self.root().join("tree")
    }

    /// The program that makes calls.
    pub fn calls(&self) -> PathBuf {
        self.path.join("calls")
    }

    /// A library with nothing in it.
    pub fn empty(&self) -> PathBuf {
        self.path.join("empty.so")
    }

    /// The host's configuration.
    pub fn config(&self) -> PathBuf {
        self.path.join("psl.toml")
    }

    /// The library of fakechroot.
    pub fn fakechroot(&self) -> &OsString {
        &self.fakechroot
    }

    /// What was built beside this program.
    pub fn built(&self, name: &str) -> PathBuf {
        self.built.with_file_name(name)
    }

    /// A store's directory.
    pub fn store(&self, which: Store) -> PathBuf {
        self.path.join(format!("store-{}", which.rows()))
    }

    /// Returns the variables that make a process an instance; its first one.
    pub fn variables(&self, which: Store) -> [(&'static str, OsString); 4] {
        [
            ("PSL_STORE", self.store(which).into()),
            ("PSL_MEMBER", "m".into()),
            ("PSL_CONFIG", self.config().into()),
            ("XDG_CACHE_HOME", self.path.join("cache").into()),
        ]
    }

    /// Makes a command that of a process which has inherited its links.
    pub fn enter(&self, command: &mut Command, which: Store) {
        let (name, value) = match which {
            Store::Small => &self.small,
            Store::Large => &self.large,
        };
        command
            .env("LD_PRELOAD", self.built(LIBRARY))
            .envs(self.variables(which))
            .env(name, value);
    }

    /// Returns a table of so many rows, all the member's, the last of them about the tree's link.
    fn table(&self, rows: usize) -> String {
        let mut table = String::from("format = 1\ngeneration = 1\n[member.m]\n");
        let tree = self.tree();
        let others = (1..rows).map(|row| (format!("other/from-{row}"), "file"));
        for (from, to) in others.chain([("link".to_owned(), "version2")]) {
            let (from, to) = (tree.join(from), tree.join(to));
            write!(
                table,
                "[[link]]\nfrom = {from:?}\nto = {to:?}\nmember = \"m\"\n"
            )
            .expect("a string takes what it is given");
        }
        table
    }
}
