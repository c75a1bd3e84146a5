//! The mounts themselves, made in a namespace that is this process's own.
use super::plan::{Plan, Put, Step};
use super::{forbidden, refused};
use crate::failure::Failure;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, statat};
use rustix::io::Errno;
use rustix::mount::{
    MountFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive, mount_remount, unmount,
};
use std::ffi::CStr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

/// What is mounted on a hidden path can neither be written nor bring devices or programs with it.
const EMPTY: MountFlags = MountFlags::RDONLY
    .union(MountFlags::NOSUID)
    .union(MountFlags::NODEV)
    .union(MountFlags::NOEXEC);

/// Mounts the steps of a plan in their order; empty mounts show `name` as their source.
pub fn make(plan: &Plan, name: &str) -> Result<(), Failure> {
    let told = |step: &Step, errno| forbidden::mounting(&step.place.to_string_lossy(), errno);
    // An empty mount tells that this is an instance's namespace. Where nothing is hidden, one lies under a link.
    let is_told = plan.steps.iter().any(|step| step.put == Put::Nothing);
    if let Some(step) = plan.steps.first().filter(|_| !is_told) {
        cover(step, name).map_err(|errno| told(step, errno))?;
    }
    for step in &plan.steps {
        let made = match &step.put {
            Put::Target(target) => bind(target, &step.place),
            Put::Nothing => cover(step, name),
        };
        made.map_err(|errno| told(step, errno))?;
    }
    plan.steps.iter().try_for_each(check)
}

/// Mounts the target with all that is mounted below it.
fn bind(target: &Path, place: &Path) -> Result<(), Errno> {
    let (target, place) = (open(target)?, open(place)?);
    mount_bind_recursive(path_of(&target), path_of(&place))
}

/// Mounts something empty. A directory can be searched, for below it everything has to be missing; a file cannot even
/// be read, for an empty one could pass for a valid one.
fn cover(step: &Step, name: &str) -> Result<(), Errno> {
    let place = open(&step.place)?;
    if step.is_directory {
        return mount_tmpfs(name, &place, EMPTY, c"mode=0555,size=4k,nr_inodes=1");
    }
    // The file has to be in a mounted file system to be mounted elsewhere: in one that covers the place's directory
    // for that long.
    let dir = step.place.parent().unwrap_or(Path::new("/"));
    mount_tmpfs(
        name,
        &open(dir)?,
        EMPTY - MountFlags::RDONLY,
        c"mode=0755,size=4k,nr_inodes=2",
    )?;
    // What is mounted on the root is found by the one name that leaves it.
    let is_root = dir == Path::new("/");
    let dir = open(if is_root { Path::new("/..") } else { dir })?;
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    drop(openat(&dir, c"empty", flags, Mode::empty())?);
    mount_remount(path_of(&dir), EMPTY, c"")?;
    let file = openat(&dir, c"empty", PATH, Mode::empty())?;
    mount_bind(path_of(&file), path_of(&place))?;
    unmount(path_of(&dir), UnmountFlags::DETACH)
}

fn mount_tmpfs(name: &str, on: &OwnedFd, flags: MountFlags, options: &CStr) -> Result<(), Errno> {
    mount(name, path_of(on), c"tmpfs", flags, options)
}

/// Makes sure that a link's place is its target: whatever else happened, the wrong version does not run.
fn check(step: &Step) -> Result<(), Failure> {
    let Put::Target(target) = &step.put else {
        return Ok(());
    };
    let identity = |path: &Path| {
        statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW).map(|stat| (stat.st_dev, stat.st_ino))
    };
    let (there, here) = (identity(target), identity(&step.place));
    if there.is_ok() && there == here {
        return Ok(());
    }
    Err(refused(format!(
        "{target:?} was mounted at {:?}, and something else is found there; start it again",
        step.place
    )))
}

const PATH: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

fn open(path: &Path) -> Result<OwnedFd, Errno> {
    openat(CWD, path, PATH, Mode::empty())
}

/// Names an open file for mount(2), which follows no symlink then that somebody puts in its way.
fn path_of(file: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}
