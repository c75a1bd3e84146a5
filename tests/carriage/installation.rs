//! Two versions of an installation, compiled for the directory that they lie in.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use psl_tests::{host, shim, store};
use tempfile::TempDir;

/// Returns what a command says when all goes well.
#[track_caller]
pub fn said(mut command: Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("a shell runs");
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).expect("it is text")
}

/// What really lies at the installation's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupant {
    /// A symlink to the second version: what the kernel makes of it is the oracle.
    Symlink,
    /// The first version, which other members run.
    Version1,
    /// Nothing.
    Nothing,
}

/// Two versions below `shared`, and one link that the member has from `shared/version` to the second.
pub struct Installation {
    _dir: TempDir,
    root: PathBuf,
}

impl Installation {
    /// Makes one without programs.
    pub fn new() -> Self {
        let dir = TempDir::with_prefix("psl-").expect("a directory can be made");
        let root = dir.path().canonicalize().expect("it was just made");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&root, mode).expect("it is ours");
        for below in [
            "version1/bin",
            "version1/lib",
            "version2/bin",
            "version2/lib",
        ] {
            fs::create_dir_all(root.join("shared").join(below)).expect("it is ours");
        }
        let (from, to) = (root.join("shared/version"), root.join("shared/version2"));
        let member = store::MEMBER;
        let table = format!(
            "format = 1\ngeneration = 1\n\n[[link]]\nfrom = {from:?}\nto = {to:?}\nmember = \"{member}\"\n"
        );
        store::make(&root.join("store"), &table).expect("a store can be made");
        Self { _dir: dir, root }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns a text with the root in the place of `{}`.
    pub fn spell(&self, text: &str) -> String {
        text.replace("{}", &self.root.display().to_string())
    }

    /// Puts this at the installation's path.
    pub fn occupy(&self, occupant: Occupant) {
        let shared = self.root.join("shared");
        let place = shared.join("version");
        match fs::symlink_metadata(&place) {
            Ok(it) if it.is_dir() => fs::remove_dir_all(&place).expect("it is ours"),
            Ok(_) => fs::remove_file(&place).expect("it is ours"),
            Err(_) => {}
        }
        match occupant {
            Occupant::Nothing => {}
            Occupant::Symlink => symlink("version2", &place).expect("the place is free"),
            Occupant::Version1 => {
                let copied = Command::new("cp")
                    .arg("-a")
                    .args([shared.join("version1"), place])
                    .status();
                assert!(copied.expect("cp runs").success());
            }
        }
    }

    /// Compiles one of the C files below `tests/c`, for each version; `{version}` in the arguments is its directory.
    pub fn compile(&self, source: &str, to: &str, arguments: &[&str]) {
        for (number, version) in [("1", "version1"), ("2", "version2")] {
            let version_dir = self.root.join("shared").join(version);
            self.compile_once(
                source,
                &version_dir.join(to),
                &arguments
                    .iter()
                    .map(|it| it.replace("{version}", &version_dir.display().to_string()))
                    .chain([format!("-DVERSION=\"{number}\"")])
                    .collect::<Vec<_>>(),
            );
        }
    }

    /// Compiles one of the C files below `tests/c`.
    pub fn compile_once(&self, source: &str, to: &Path, arguments: &[String]) {
        let parent = to.parent().expect("it is a file");
        fs::create_dir_all(parent).expect("it is ours");
        let compiled = Command::new("cc")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("c").join(source))
            .arg("-o")
            .arg(to)
            .args(arguments.iter().map(|it| self.spell(it)))
            .output()
            .expect("there is a compiler");
        assert!(
            compiled.status.success(),
            "{source}, {arguments:?}: {compiled:?}"
        );
    }

    /// Writes a script of each version; `{}` is the root.
    pub fn script(&self, to: &str, text: &str) {
        for version in ["version1", "version2"] {
            let path = self.root.join("shared").join(version).join(to);
            fs::write(&path, self.spell(text)).expect("it is ours");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(&path, mode).expect("it is ours");
        }
    }

    /// Writes a host configuration with this line, and returns its path.
    pub fn configure(&self, line: &str) -> PathBuf {
        let path = self.root.join("psl.toml");
        fs::write(&path, format!("{line}\n")).expect("it is ours");
        path
    }

    /// Has a shell that is not part of an instance execute something as the member: it resolves the program's path
    /// without the links, as an administrator's shell does.
    pub fn outside(&self, directory: &str, variables: &[(&str, &str)], words: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        let preload = shim::library().display();
        let store = self.root.join("store");
        let mut line = format!(
            "export PSL_STORE={store:?} PSL_MEMBER={} LD_PRELOAD={preload}",
            store::MEMBER
        );
        for (name, value) in variables {
            line += &format!(" {name}='{}'", self.spell(value));
        }
        command
            .env_clear()
            .current_dir(self.root.join(directory))
            .args(["-c", &format!("{line}; exec {}", self.spell(words))]);
        command
    }

    /// The same without the engine, for the oracle.
    pub fn bare(&self, directory: &str, variables: &[(&str, &str)], words: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        let exports: String = variables
            .iter()
            .map(|(name, value)| format!("export {name}='{}'; ", self.spell(value)))
            .collect();
        command
            .env_clear()
            .current_dir(self.root.join(directory))
            .args(["-c", &format!("{exports}exec {}", self.spell(words))]);
        command
    }

    /// Returns the directory of a library, and of psl-admin beside it, that every user may read.
    pub fn engines(&self) -> PathBuf {
        let dir = self.root.join("engines");
        fs::create_dir_all(&dir).expect("it is ours");
        for file in [shim::library(), host::admin()] {
            let to = dir.join(file.file_name().expect("it is a file"));
            if !to.exists() {
                fs::hard_link(file, &to)
                    .or_else(|_| fs::copy(file, &to).map(|_| ()))
                    .expect("there is room");
            }
        }
        dir
    }

    /// Has a shell of the instance execute something.
    pub fn inside(&self, directory: &str, variables: &[(&str, &str)], words: &str) -> Command {
        let mut command = self.bare(directory, variables, words);
        command
            .env("LD_PRELOAD", shim::library())
            .env("PSL_STORE", self.root.join("store"))
            .env("PSL_MEMBER", store::MEMBER);
        command
    }
}
