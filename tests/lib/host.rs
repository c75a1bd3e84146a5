//! A host with a store, psl-admin to change it, and room for trees and instances.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::{cargo, shim};

/// A directory with a host configuration and a store; it goes when it is dropped.
pub struct Host {
    _dir: TempDir,
    path: PathBuf,
}

/// Whether these are processes of a container: what others run on the machine is not seen then.
pub fn is_contained() -> bool {
    let own = fs::read_link("/proc/self/ns/pid").expect("procfs is there");
    // The number of the namespace that a kernel begins with.
    own.as_os_str() != "pid:[4026531836]"
}

impl Host {
    /// Makes one whose store knows these members.
    pub fn new(members: &[&str]) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("psl-")
            .permissions(Permissions::from_mode(0o755))
            .tempdir()
            .expect("a directory can be made");
        let path = dir.path().canonicalize().expect("it was just made");
        let host = Self { _dir: dir, path };
        let config = format!(
            "store = {:?}\nshim = {:?}\n",
            host.path("store"),
            shim::library()
        );
        host.write("psl.toml", &config);
        host.admin(["init".as_ref(), host.path("store").as_os_str()]);
        for member in members {
            host.admin(["member", "set", member, "app=test"]);
        }
        host
    }

    /// Returns the path of a name in the host's directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file, and the directories that lead to it; `{host}` in the text is the host's directory.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        let parent = path.parent().expect("it is below the host's directory");
        fs::create_dir_all(parent).expect("its directory can be made");
        let text = text.replace("{host}", &self.path.display().to_string());
        fs::write(&path, text).expect("a file can be written");
    }

    /// Copies a file, with its permissions.
    pub fn copy(&self, source: &Path, name: &str) {
        let path = self.path(name);
        let parent = path.parent().expect("it is below the host's directory");
        fs::create_dir_all(parent).expect("its directory can be made");
        fs::copy(source, path).expect("a file can be copied");
    }

    /// Makes a file a program.
    pub fn allow_to_execute(&self, name: &str) {
        let mode = Permissions::from_mode(0o755);
        fs::set_permissions(self.path(name), mode).expect("it is ours");
    }

    /// Copies a tree as an administrator would.
    pub fn copy_tree(&self, source: &str, name: &str) {
        let mut command = self.command("cp");
        command.arg("-a").args([self.path(source), self.path(name)]);
        let status = command.status().expect("cp runs");
        assert!(status.success(), "{command:?} ended with {status}");
    }

    /// Replaces some bytes of a file by others, wherever they are.
    pub fn patch(&self, name: &str, old: &[u8], new: &[u8]) {
        assert_eq!(old.len(), new.len(), "a program's bytes keep their places");
        let mut bytes = fs::read(self.path(name)).expect("a file can be read");
        let places: Vec<_> = (0..bytes.len())
            .filter(|&at| bytes[at..].starts_with(old))
            .collect();
        assert!(!places.is_empty(), "{name} has something to replace");
        for at in places {
            bytes[at..at + new.len()].copy_from_slice(new);
        }
        fs::write(self.path(name), bytes).expect("a file can be written");
    }

    /// Returns a command in the environment that all of this host's have in common.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.path("home"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env("PSL_CONFIG", self.path("psl.toml"))
            .current_dir(&self.path);
        command
    }

    /// Has psl-admin do something, and returns what it prints.
    #[track_caller]
    pub fn admin(&self, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> String {
        let mut command = self.command(admin());
        let output = command.args(arguments).output().expect("psl-admin runs");
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{command:?} ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("psl-admin prints text")
    }

    /// Gives a member a link; both names are in the host's directory.
    #[track_caller]
    pub fn link(&self, member: &str, from: &str, to: &str) {
        let (from, to) = (self.path(from), self.path(to));
        let options = ["add", "--member", member].map(OsStr::new);
        self.admin(
            options
                .into_iter()
                .chain([from.as_os_str(), to.as_os_str()]),
        );
    }

    /// Takes a member's link away.
    #[track_caller]
    pub fn unlink(&self, member: &str, from: &str) {
        let from = self.path(from);
        let options = ["remove", "--member", member].map(OsStr::new);
        self.admin(options.into_iter().chain([from.as_os_str()]));
    }

    /// Returns a command that starts an instance of a member.
    pub fn run(&self, member: &str, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.command(admin());
        command.args(["run", "--member", member, "--"]).arg(program);
        command
    }

    /// Returns a command that starts an instance of a member by the mount engine.
    pub fn mounted(&self, member: &str, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.command(admin());
        command
            .args(["run", "--member", member, "--engine", "mount", "--"])
            .arg(program);
        command
    }

    /// Returns a command that the variables alone make an instance of a member.
    pub fn preloaded(&self, member: &str, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.command(program);
        command
            .env("LD_PRELOAD", shim::library())
            .env("PSL_MEMBER", member);
        command
    }
}

/// Returns the path of psl-admin.
pub fn admin() -> &'static Path {
    static ADMIN: OnceLock<PathBuf> = OnceLock::new();
    ADMIN.get_or_init(|| cargo::build("psl-admin", "psl-admin"))
}
