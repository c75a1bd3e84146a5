//! A probe's run in a tree of its own.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::fixture::{self, Occupant};
use crate::script::Call;
use crate::{programs, shim, store};

/// How the preload library is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// Not at all.
    Absent,
    /// Without any variable of its own.
    Inert,
    /// For the member.
    Engine,
}

/// A directory with a tree, a store and what probes are told; it goes when it is dropped.
pub struct Bench {
    _dir: TempDir,
    path: PathBuf,
    /// The tree's directory, and those above it, below `path`.
    root: PathBuf,
    probe: PathBuf,
    has_programs: bool,
}

impl Bench {
    /// Makes one for this probe; its store has the table of the fixture.
    pub fn new(probe: &Path) -> Self {
        Self::at("root".into(), probe)
    }

    /// Makes one whose tree lies so deep that no random name leads out of what is ours.
    pub fn deep(probe: &Path) -> Self {
        const DEPTH: usize = 20;
        Self::at("d/".repeat(DEPTH) + "root", probe)
    }

    fn at(root: String, probe: &Path) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("psl-")
            .permissions(Permissions::from_mode(0o755))
            .tempdir()
            .expect("a directory can be made");
        let path = dir.path().canonicalize().expect("it was just made");
        let bench = Self {
            _dir: dir,
            path,
            root: root.into(),
            probe: probe.into(),
            has_programs: false,
        };
        let table = store::table_for(&bench.root());
        store::make(&bench.store(), &table).expect("a store can be made");
        bench
    }

    /// Makes one whose trees have programs: copies of the probe, and scripts.
    pub fn with_programs(probe: &Path) -> Self {
        let mut bench = Self::new(probe);
        bench.has_programs = true;
        bench
    }

    /// The tree; it is at the same path in every run, so that runs can be compared text by text.
    pub fn root(&self) -> PathBuf {
        self.path.join(&self.root)
    }

    /// The store.
    pub fn store(&self) -> PathBuf {
        self.path.join("store")
    }

    /// Puts a fresh tree in place.
    pub fn build(&self, occupant: Occupant) {
        let root = self.root();
        let top = self.root.components().next().expect("a path is not empty");
        let top = self.path.join(top);
        if top.exists() {
            self.open_locked();
            fs::remove_dir_all(&top).expect("the last tree can be removed");
        }
        let above = root.parent().expect("it is below the bench");
        fs::create_dir_all(above).expect("directories can be made");
        fixture::build(&root, occupant).expect("the tree can be made");
        if self.has_programs {
            programs::add(&root, &self.probe).expect("programs can be added");
        }
    }

    /// Returns a command that runs under the counting allocator and, if wanted, under the preload library.
    pub fn command(&self, program: &Path, library: Library) -> Command {
        let mut command = Command::new(program);
        let counting = shim::counting_allocator().display();
        let both = || format!("{}:{counting}", shim::library().display());
        let path = ["shared/missing", "shared/erp2", "shared/version", "beside"];
        let path = path.map(|dir| self.root().join(dir));
        let path =
            std::env::join_paths(path.iter().map(PathBuf::as_path).chain([Path::new("/bin")]));
        command
            .env_clear()
            .env("PATH", path.expect("no colon is in a temporary name"))
            .env("XDG_CACHE_HOME", self.path.join("cache"));
        match library {
            Library::Absent => command.env("LD_PRELOAD", counting.to_string()),
            Library::Inert => command.env("LD_PRELOAD", both()),
            Library::Engine => command
                .env("LD_PRELOAD", both())
                .env("PSL_STORE", self.store())
                .env("PSL_MEMBER", store::MEMBER),
        };
        command
    }

    /// Has a probe make these calls in a fresh tree, with the private links unless they are symlinks there.
    ///
    /// Returns a line for each call and one more, of what has changed in the end.
    pub fn play(&self, occupant: Occupant, user: Option<u32>, script: &[Call]) -> Vec<String> {
        self.build(occupant);
        self.play_as_it_is(library_for(occupant), occupant, user, script)
    }

    /// Has a probe make these calls in a fresh tree of the user's, each where the one before has left everything.
    ///
    /// Returns as [`Bench::play`] does; a call whose start is empty begins in the working directory.
    pub fn play_on(&self, occupant: Occupant, user: Option<u32>, script: &[Call]) -> Vec<String> {
        self.build(occupant);
        if let Some(user) = user {
            for (path, _) in fixture::nodes(&self.root(), occupant) {
                lchown(self.root().join(path), Some(user), Some(user)).expect("root may");
            }
        }
        let library = library_for(occupant);
        self.tell("sequence", library, occupant, user, script)
    }

    /// Has a probe make these calls in the tree as it lies there.
    pub fn play_as_it_is(
        &self,
        library: Library,
        occupant: Occupant,
        user: Option<u32>,
        script: &[Call],
    ) -> Vec<String> {
        self.tell("play", library, occupant, user, script)
    }

    fn tell(
        &self,
        how: &str,
        library: Library,
        occupant: Occupant,
        user: Option<u32>,
        script: &[Call],
    ) -> Vec<String> {
        let told = self.path.join("script");
        let lines: Vec<_> = script.iter().map(|call| format!("{call}\n")).collect();
        fs::write(&told, lines.concat()).expect("the script can be written");
        let name = Occupant::ALL.iter().find(|(_, it)| *it == occupant);
        let mut command = self.command(&self.probe, library);
        command
            .arg(how)
            .arg(self.root())
            .arg(name.expect("all are listed").0)
            .args(user.map(|user| user.to_string()))
            .stdin(File::open(&told).expect("it was just written"));
        let output = command.output().expect("a probe runs");
        let lines: Vec<String> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(String::from)
            .collect();
        assert!(
            output.status.success() && lines.len() == script.len() + 1,
            "a probe ended with {} at {:?}: {}",
            output.status,
            script.get(lines.len()).map(Call::to_string),
            String::from_utf8_lossy(&output.stderr),
        );
        lines
    }

    /// Lets the owner remove the directories that nobody may read.
    fn open_locked(&self) {
        for locked in fixture::LOCKED {
            // It is missing where a tree could not be finished.
            let _ = fs::set_permissions(self.root().join(locked), Permissions::from_mode(0o755));
        }
    }
}

/// The links are symlinks, or the library's.
fn library_for(occupant: Occupant) -> Library {
    match occupant {
        Occupant::Itself => Library::Absent,
        _ => Library::Engine,
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.open_locked();
    }
}
