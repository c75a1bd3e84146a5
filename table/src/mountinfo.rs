//! Which paths lie on storage that can stop answering: asked of the kernel's list of mounts, never of the storage.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, readlinkat};

use crate::file;

/// File systems that answer when something else does: another host, a program, or an automounter.
const REMOTE: &[&str] = &[
    "9p", "afs", "autofs", "beegfs", "ceph", "cifs", "coda", "fuse", "fuseblk", "gfs2", "gpfs",
    "lustre", "nfs", "nfs4", "ocfs2", "orangefs", "smb3", "smbfs", "virtiofs",
];

/// How many symlinks a path may lead through, as in the kernel.
const MAX_SYMLINKS: usize = 40;

/// Tells whether an absolute path lies on such storage, or leads through it.
///
/// Symlinks are followed as far as they lie on storage of this host. Where the list cannot be read, it does not.
pub(crate) fn is_remote(path: &Path) -> bool {
    let Ok(list) = file::read_lossy(Path::new("/proc/self/mountinfo")) else {
        return false;
    };
    let mounts = Mounts::parse(&list);
    if !mounts.has_remote() {
        return false;
    }
    let mut symlinks = 0;
    let mut at = PathBuf::from("/");
    let mut rest: Vec<OsString> = steps(path);
    while let Some(step) = rest.pop() {
        if step == ".." {
            at.pop();
            continue;
        }
        at.push(&step);
        if mounts.is_remote(&at) {
            return true;
        }
        let Ok(target) = readlinkat(CWD, &at, Vec::new()) else {
            continue;
        };
        symlinks += 1;
        if symlinks > MAX_SYMLINKS {
            return false;
        }
        let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
        match target.is_absolute() {
            true => at = PathBuf::from("/"),
            false => drop(at.pop()),
        }
        rest.extend(steps(&target));
    }
    mounts.is_remote(&at)
}

/// Returns the steps of a path, the first one last.
fn steps(path: &Path) -> Vec<OsString> {
    let steps = path.components().rev().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    });
    steps.collect()
}

/// Mount points, each with whether its file system is one of those, in the order of mounting.
struct Mounts(Vec<(PathBuf, bool)>);

impl Mounts {
    /// Reads the text of `/proc/PID/mountinfo` (proc(5)).
    fn parse(list: &str) -> Self {
        let mount = |line: &str| {
            let (mount, kind) = line.split_once(" - ")?;
            let point = mount.split(' ').nth(4)?;
            let kind = kind.split(' ').next()?;
            let kind = kind.split_once('.').map_or(kind, |(kind, _)| kind);
            let point = PathBuf::from(OsString::from_vec(unescaped(point.as_bytes())));
            Some((point, REMOTE.contains(&kind)))
        };
        Self(list.lines().filter_map(mount).collect())
    }

    fn has_remote(&self) -> bool {
        self.0.iter().any(|&(_, is_remote)| is_remote)
    }

    fn is_remote(&self, path: &Path) -> bool {
        let over = self.0.iter().filter(|(point, _)| is_over(point, path));
        // Of two at one point the later one covers the other.
        let innermost = over.max_by_key(|(point, _)| point.as_os_str().as_bytes().len());
        innermost.is_some_and(|&(_, is_remote)| is_remote)
    }
}

/// Whether a mount point is a path or above it: text tells, for both are the kernel's or made step by step.
fn is_over(point: &Path, path: &Path) -> bool {
    let (point, path) = (point.as_os_str().as_bytes(), path.as_os_str().as_bytes());
    let below = path.strip_prefix(point.strip_suffix(b"/").unwrap_or(point));
    below.is_some_and(|below| matches!(below.first(), None | Some(b'/')))
}

/// Puts back what the kernel writes as a backslash and three octal digits.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        let digits = behind.first_chunk::<3>().filter(|_| byte == b'\\');
        let code = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|code| u8::from_str_radix(code, 8).ok()) {
            Some(escaped) => {
                bytes.push(escaped);
                rest = &behind[3..];
            }
            None => {
                bytes.push(byte);
                rest = behind;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "\
        22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
        30 22 0:40 / /shared rw - nfs4 server:/shared rw\n\
        31 30 8:2 / /shared/local rw master:7 - xfs /dev/sdb1 rw\n\
        32 22 0:41 / /a\\040b rw - fuse.sshfs host: rw\n\
        33 22 0:42 / /over rw - nfs server:/x rw\n\
        34 33 0:43 / /over rw - tmpfs tmpfs rw\n";

    #[test]
    fn the_innermost_and_last_mount_counts() {
        let mounts = Mounts::parse(LIST);
        for (path, expected) in [
            ("/", false),
            ("/shared", true),
            ("/shared/psl", true),
            ("/sharedx", false),
            ("/shared/local/psl", false),
            ("/a b/c", true),
            ("/over/c", false),
        ] {
            assert_eq!(mounts.is_remote(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn a_symlink_in_a_circle_and_what_is_not_there_are_on_this_host() {
        let dir = tempfile::tempdir().expect("a directory can be made");
        let circle = dir.path().join("circle");
        std::os::unix::fs::symlink("circle", &circle).expect("it is free");
        assert!(!is_remote(&circle.join("store")));
        assert!(!is_remote(&dir.path().join("none/at/all")));
    }
}
