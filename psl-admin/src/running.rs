//! `running/` in the store: which instances `psl-admin run` has started, on whatever host.
mod entry;
mod life;

use crate::failure::Failure;
use crate::members::detached::process::Identity;
use crate::store_file;
use psl_table::store::{Store, Trust};
use rustix::fs::{AtFlags, Dir, Mode, OFlags, fchmod, openat, renameat, statat, unlinkat};
use rustix::io::{Errno, retry_on_intr};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub use entry::{Entry, Launched};
pub use life::{Here, Life};

/// The directory's name in the store.
const RUNNING: &str = "running";

/// The longest entry that is read, in bytes.
const LONGEST: u64 = 64 << 10;

/// What the name of a file that is being written ends with.
const ASIDE: &str = ".aside";

/// How long nobody takes to write one.
const WRITTEN: Duration = Duration::from_secs(24 * 60 * 60);

/// The mode of what is made, whatever the umask.
const FILE_MODE: Mode = Mode::from_raw_mode(0o644);

/// An instance that was registered, as far as it can be judged from here.
#[derive(Clone, Debug)]
pub struct Registration {
    /// What it says.
    pub entry: Entry,
    /// Its file.
    pub file: PathBuf,
    /// Whether the instance's first process still is there.
    pub life: Life,
}

/// A file in `running/` that is called like an entry and is none.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// The file.
    pub file: PathBuf,
    /// Why it is none.
    pub why: String,
}

/// What `running/` holds.
#[derive(Debug, Default)]
pub struct Registrations {
    /// In the order of their names.
    pub found: Vec<Registration>,
    /// What is malformed, or of another format.
    pub skipped: Vec<Skipped>,
}

/// Reads all registrations of a store, those of dead instances among them. Nothing is changed.
///
/// # Errors
///
/// Fails when the directory is there and cannot be listed; a single file that cannot be read is skipped by its name.
pub fn registrations(store: &Store, here: &Here) -> Result<Registrations, Failure> {
    let directory = store.dir().join(RUNNING);
    let trust = store.trust();
    let found = match open(store.dir(), trust) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Registrations::default());
        }
        opened => opened.and_then(|opened| read_all((&opened, trust), &directory, here, |_| true)),
    };
    found.map_err(|error| store_file::failed("list", &directory, &error))
}

/// Returns the first processes of a member's instances that are registered in a store's directory, and run here. What
/// cannot be read is none.
pub fn alive((store, trust): (&Path, Trust), member: &str) -> Vec<Identity> {
    let read = |opened: OwnedFd| read_all((&opened, trust), store, &Here::new(), |_| true);
    let all = open(store, trust).and_then(read).unwrap_or_default();
    let own = all.found.into_iter();
    let own = own.filter(|found| found.entry.launched.member == member);
    own.filter_map(|found| match found.life {
        Life::Alive(pid) => Identity::of(u32::try_from(pid).ok()?),
        Life::Dead | Life::Unknown => None,
    })
    .collect()
}

/// Reads the entries whose names are wanted.
fn read_all(
    (opened, trust): (&OwnedFd, Trust),
    directory: &Path,
    here: &Here,
    is_wanted: impl Fn(&str) -> bool,
) -> io::Result<Registrations> {
    let mut names = names(opened)?;
    names.retain(|name| entry::is_name(name) && is_wanted(name));
    names.sort_unstable();
    let mut all = Registrations::default();
    for name in names {
        let file = directory.join(&name);
        match read((opened, trust), &name, &file) {
            Ok(Some(entry)) => {
                let life = here.life_of(&entry);
                all.found.push(Registration { entry, file, life });
            }
            // Somebody has removed it meanwhile.
            Ok(None) => {}
            Err(why) => all.skipped.push(Skipped { file, why }),
        }
    }
    Ok(all)
}

/// The entry of the calling process; it is removed when this is dropped, and stays when the process becomes another
/// program.
#[derive(Debug)]
pub struct Own {
    file: PathBuf,
}

/// Registers the calling process as the first one of an instance, and removes what dead ones of this host have left.
///
/// It is not brought to the storage: after a loss of power the process is dead, and by the boot so is its entry.
///
/// # Errors
///
/// Fails with `EACCES`, `EPERM` or `EROFS` where this user cannot write the store: such an instance is seen on its own
/// host only.
pub fn register(store: &Store, here: &Here, launched: Launched) -> io::Result<Own> {
    let path = store.dir().join(RUNNING);
    let directory = store_file::made_directory(&path, store.trust())?;
    let entry = Entry::of(here.own()?, here.machine(), launched);
    let name = entry.name();
    write(&directory, &name, &entry.to_string())?;
    // What stays does no harm: whoever reads it sees that it is dead.
    let _ = sweep((&directory, store.trust()), &path, here);
    let file = path.join(name);
    Ok(Own { file })
}

/// Writes a file, whole or not at all, which everybody may read.
fn write(directory: &OwnedFd, name: &str, text: &str) -> io::Result<()> {
    let aside = format!(".{name}{ASIDE}");
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = openat(directory, &aside, flags, FILE_MODE)?;
    let written = fchmod(&file, FILE_MODE)
        .map_err(io::Error::from)
        .and_then(|()| File::from(file).write_all(text.as_bytes()))
        .and_then(|()| Ok(renameat(directory, &aside, directory, name)?));
    written.inspect_err(|_| _ = unlinkat(directory, &aside, AtFlags::empty()))
}

impl Drop for Own {
    fn drop(&mut self) {
        // The process ends, and others see by that that the entry is dead.
        let _ = rustix::fs::unlink(&self.file);
    }
}

/// Removes the entries of this host's dead instances, and what was left of those that never became entries.
fn sweep((opened, trust): (&OwnedFd, Trust), directory: &Path, here: &Here) -> io::Result<()> {
    let registered = read_all((opened, trust), directory, here, |name| {
        here.may_judge(name)
    })?;
    let dead = registered.found.iter().filter(|one| one.life == Life::Dead);
    dead.for_each(|one| _ = one.remove());
    remove_unwritten(opened, here)
}

/// Removes what was left of entries whose writers were killed.
fn remove_unwritten(opened: &OwnedFd, here: &Here) -> io::Result<()> {
    for name in names(opened)? {
        let Some(aside) = name.strip_suffix(ASIDE) else {
            continue;
        };
        let is_over = (aside.strip_prefix('.')).is_some_and(|entry| here.is_over(entry));
        if is_over || is_old(opened, &name) {
            let _ = unlinkat(opened, &name, AtFlags::empty());
        }
    }
    Ok(())
}

/// Removes what programs of this host that were killed have left of registrations.
///
/// # Errors
///
/// Fails when the directory is there and cannot be listed.
pub fn tidy(store: &Store, here: &Here) -> io::Result<()> {
    match open(store.dir(), store.trust()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        opened => remove_unwritten(&opened?, here),
    }
}

impl Registration {
    /// Removes the file of a dead instance.
    ///
    /// # Errors
    ///
    /// Fails as unlink(2); a file that is gone is removed already.
    pub fn remove(&self) -> io::Result<()> {
        match rustix::fs::unlink(&self.file) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

fn open(store: &Path, trust: Trust) -> io::Result<OwnedFd> {
    store_file::directory(&store.join(RUNNING), trust)
}

/// Lists the names that are text: no other is one of an entry.
fn names(directory: &OwnedFd) -> Result<Vec<String>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        names.extend(entry?.file_name().to_str().map(str::to_owned));
    }
    Ok(names)
}

/// Reads an entry; none when it is gone.
fn read(
    (directory, trust): (&OwnedFd, Trust),
    name: &str,
    path: &Path,
) -> Result<Option<Entry>, String> {
    // A FIFO that somebody put there does not stop it.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match retry_on_intr(|| openat(directory, name, flags, Mode::empty())) {
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => return Err("is a symlink".into()),
        opened => File::from(opened.map_err(|errno| io::Error::from(errno).to_string())?),
    };
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("is no file".into());
    }
    trust
        .check(path, &file)
        .map_err(|error| error.to_string())?;
    if metadata.len() > LONGEST {
        return Err(format!("is longer than {LONGEST} bytes"));
    }
    let mut text = String::new();
    let read = file.take(LONGEST).read_to_string(&mut text);
    read.map_err(|error| error.to_string())?;
    Entry::parse(name, &text).map(Some)
}

fn is_old(directory: &OwnedFd, name: &str) -> bool {
    let Ok(stat) = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) else {
        return false;
    };
    let written = u64::try_from(stat.st_mtime).unwrap_or(0);
    let written = SystemTime::UNIX_EPOCH + Duration::from_secs(written);
    written.elapsed().is_ok_and(|age| age > WRITTEN)
}

impl std::fmt::Display for Skipped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let file: &Path = &self.file;
        write!(
            f,
            "{file:?} is no registration of an instance: {}",
            self.why
        )
    }
}
