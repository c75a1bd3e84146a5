//! The directory of a demo: the first version of the server, and a place for the others and the store.
use crate::demo::version::Version;
use crate::exit::Exit;
use crate::failure::Failure;
use rustix::fs::{FlockOperation, StatVfsMountFlags, flock};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The file name of the server that the versions are made of.
const SERVER: &str = "psl-demo-server";

/// The host configuration that holds in the demo, instead of this host's own.
const CONFIGURATION: &str = "psl.toml";

/// What is locked as long as the demo goes on: instances end when nobody holds it any more.
const LEASH: &str = "demo.lock";

/// The directory, which is removed when this is dropped.
#[derive(Debug)]
pub struct Site {
    leash: Option<File>,
    dir: TempDir,
    root: String,
    keep: bool,
}

impl Site {
    /// Makes the directory with the first version in it, in $TMPDIR or /tmp.
    pub fn make(keep: bool) -> Result<Self, Failure> {
        let server = server()?;
        let mut builder = tempfile::Builder::new();
        let builder = builder
            .prefix("psl-demo-")
            .permissions(Permissions::from_mode(0o700));
        let dir = builder.tempdir();
        let dir = dir.map_err(failed("make a directory in", &std::env::temp_dir()))?;
        refuse_noexec(dir.path())?;
        let root = dir.path().canonicalize();
        let root = root.map_err(failed("resolve", dir.path()))?;
        let root = root.into_os_string().into_string().map_err(|root| {
            Failure::new(
                Exit::Refused,
                format!("{root:?} is not UTF-8, which a table cannot name"),
            )
            .with_help("set TMPDIR to another directory")
        })?;
        let mut site = Self {
            leash: None,
            dir,
            root,
            keep,
        };
        site.install(&server, Version::One)?;
        site.write(CONFIGURATION, "# all defaults\n")?;
        let leash = site.write(LEASH, "")?;
        flock(&leash, FlockOperation::LockExclusive)
            .map_err(|errno| failed("lock", Path::new(&site.leash()))(errno.into()))?;
        site.leash = Some(leash);
        site.dir.disable_cleanup(keep);
        Ok(site)
    }

    /// Returns the path of a name in the directory.
    pub fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.root)
    }

    /// Returns where the store belongs.
    pub fn store(&self) -> String {
        self.path("store")
    }

    /// Returns the path of what programs keep for later.
    pub fn cache(&self) -> String {
        self.path("cache")
    }

    /// Returns the path of the host configuration.
    pub fn configuration(&self) -> String {
        self.path(CONFIGURATION)
    }

    /// Returns the path of what the demo has locked.
    pub fn leash(&self) -> String {
        self.path(LEASH)
    }

    /// Makes the store's file that says how members are started, stopped and checked.
    pub fn list_members(&self, text: &str) -> Result<(), Failure> {
        self.write("store/members.toml", text).map(drop)
    }

    /// Returns the path at which every instance is configured to find its server, and at which the links live.
    pub fn place(&self) -> String {
        self.path(Version::One.tree())
    }

    /// Returns the physical path of a version's program.
    pub fn program(&self, version: Version) -> String {
        self.path(&format!("{}/bin/server", version.tree()))
    }

    /// Tells whether the directory stays.
    pub fn is_kept(&self) -> bool {
        self.keep
    }

    /// Returns the directory itself.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Removes the directory, unless it is kept.
    pub fn close(mut self) -> Result<(), Failure> {
        let path = PathBuf::from(&self.root);
        if self.keep {
            // Instances that are started in it later are nobody's to end.
            return fs::remove_file(self.leash()).map_err(failed("remove", &path));
        }
        self.leash = None;
        self.dir.close().map_err(failed("remove", &path))
    }

    fn install(&self, server: &Path, version: Version) -> Result<(), Failure> {
        for part in ["bin", "share"] {
            let path = PathBuf::from(self.path(version.tree())).join(part);
            let mut builder = fs::DirBuilder::new();
            let made = builder.mode(0o755).recursive(true).create(&path);
            made.map_err(failed("make", &path))?;
        }
        let program = PathBuf::from(self.program(version));
        fs::copy(server, &program)
            .and_then(|_| fs::set_permissions(&program, Permissions::from_mode(0o755)))
            .map_err(failed("write", &program))?;
        let file = |name: &str| format!("{}/share/{name}", version.tree());
        self.write(&file("release"), &format!("{}\n", version.number()))?;
        self.write(&file("page"), &format!("{}\n", version.page()))?;
        Ok(())
    }

    /// Writes a file that nobody else can write, whatever the umask: a configuration has to be trusted.
    fn write(&self, name: &str, text: &str) -> Result<File, Failure> {
        let path = PathBuf::from(self.path(name));
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o644).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes()).map(|()| file))
            .map_err(failed("write", &path))
    }
}

/// Finds the server, which is built and installed beside psl-admin.
fn server() -> Result<PathBuf, Failure> {
    let program = std::env::current_exe().map_err(failed(
        "find where psl-admin is by",
        Path::new("/proc/self/exe"),
    ))?;
    let server = program.with_file_name(SERVER);
    if server.is_file() {
        return Ok(server);
    }
    let message = format!("the demo's server is missing, looked for {server:?}");
    Err(Failure::new(Exit::Refused, message)
        .with_help("`cargo build --release` builds it; it belongs beside psl-admin"))
}

fn refuse_noexec(dir: &Path) -> Result<(), Failure> {
    let found = rustix::fs::statvfs(dir).map_err(|errno| failed("examine", dir)(errno.into()))?;
    if !found.f_flag.contains(StatVfsMountFlags::NOEXEC) {
        return Ok(());
    }
    let message = format!("no program can be executed in {dir:?}: it is mounted with `noexec`");
    Err(Failure::new(Exit::Refused, message).with_help("set TMPDIR to another directory"))
}

fn failed(doing: &str, path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let message = format!("cannot {doing} {path:?}");
    move |error| {
        Failure::new(Exit::Storage, format!("{message}: {error}"))
            .with_help("TMPDIR says where the demo makes its directory")
    }
}
