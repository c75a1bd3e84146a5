//! The mount namespaces of this host, and where they show a tree.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::uses::belongings::{Belongings, status};
use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::{read, read_link};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// What the source of a mount begins with by which the mount engine hides a tree: that one is not used there.
const HIDING: &[u8] = b"psl:";

/// The inode number of the process namespace that all others are made in.
const FIRST_PROCESS_NAMESPACE: &str = "pid:[4026531836]";

/// The options by which an overlay names the trees that it is made of.
const LAYERS: [&str; 3] = ["lowerdir", "lowerdir+", "upperdir"];

/// One line of a mountinfo file, see proc_pid_mountinfo(5).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Mount {
    device: Vec<u8>,
    root: Vec<u8>,
    point: PathBuf,
    kind: Vec<u8>,
    source: Vec<u8>,
    options: Vec<u8>,
}

/// The namespaces that have been looked at.
#[derive(Debug)]
pub struct Mounts {
    seen: HashSet<PathBuf>,
    own: PathBuf,
    /// The file systems that the tree lies on.
    devices: HashSet<Vec<u8>>,
    /// The mounts at and below the tree that are this process's own: another namespace may have the same.
    within: HashSet<(Vec<u8>, Vec<u8>, PathBuf)>,
    hides_processes: bool,
}

impl Mounts {
    /// Reads this process's own mounts.
    pub fn own(belongings: &Belongings) -> Result<Self, Failure> {
        let failed = |error: io::Error| {
            let message = format!("cannot read \"/proc/self/mountinfo\": {error}");
            Failure::new(Exit::Storage, message)
        };
        let mounts = mounts_of(Path::new("/proc/self")).map_err(failed)?;
        let tree = &belongings.tree;
        let (within, around): (Vec<_>, Vec<_>) = mounts
            .iter()
            .filter(|mount| tree.starts_with(&mount.point) || mount.point.starts_with(tree))
            .partition(|mount| mount.point.starts_with(tree));
        // The last of the deepest mounts around the tree is the one that it lies on.
        let around = around
            .iter()
            .max_by_key(|mount| mount.point.components().count());
        let devices = within.iter().chain(around).map(|mount| &mount.device);
        let namespace = read_link("/proc/self/ns/pid").map_err(failed)?;
        let is_first = namespace == Path::new(FIRST_PROCESS_NAMESPACE);
        let may_see_all = rustix::process::geteuid().is_root();
        Ok(Self {
            seen: HashSet::new(),
            own: read_link("/proc/self/ns/mnt").map_err(failed)?,
            devices: devices.cloned().collect(),
            within: within.iter().map(|mount| mount.key()).collect(),
            hides_processes: !is_first
                || (!may_see_all && mounts.iter().any(Mount::hides_processes)),
        })
    }

    /// Tells whether some of the host's processes do not show.
    pub fn hides_processes(&self) -> bool {
        self.hides_processes
    }

    /// Tells whether a task is in this process's own namespace.
    pub fn are_those_of(&self, task: &Path) -> bool {
        read_link(task.join("ns/mnt")).is_ok_and(|namespace| namespace == self.own)
    }

    /// Lists the mount points of a task's namespace that use the tree; none when another task was asked for them.
    pub fn used_in(&mut self, task: &Path, belongings: &Belongings) -> io::Result<Vec<PathBuf>> {
        let namespace = read_link(task.join("ns/mnt"))?;
        // A task sees those below its own root only, and another one may see more.
        let root = read_link(task.join("root"))?;
        if !self
            .seen
            .insert(namespace.join(root.strip_prefix("/").unwrap_or(&root)))
        {
            return Ok(Vec::new());
        }
        let reached = |point: &Path| {
            let below = point.strip_prefix("/").unwrap_or(point);
            task.join("root").join(below)
        };
        let mut used = Vec::new();
        for mount in mounts_of(task)? {
            if self.within.contains(&mount.key()) || mount.is_hiding() {
                continue;
            }
            let path = reached(&mount.point);
            let shows = self.devices.contains(&mount.device)
                && status(&path).is_some_and(|stat| belongings.hold(&stat, &path));
            let layers = || {
                let mut layers = mount.layers().into_iter();
                layers.any(|layer| {
                    let places = [reached(&layer), layer];
                    places.iter().any(|place| belongings.would_hold(place))
                })
            };
            if shows || belongings.hold_place(&path) || layers() {
                used.push(mount.point);
            }
        }
        Ok(used)
    }
}

impl Mount {
    fn parse(line: &[u8]) -> Option<Self> {
        let mut words = line.split(|&byte| byte == b' ');
        let device = words.nth(2)?.to_vec();
        let root = words.next()?.to_vec();
        let point = PathBuf::from(OsString::from_vec(unescaped(words.next()?)));
        let mut words = words.skip_while(|word| *word != b"-").skip(1);
        Some(Self {
            device,
            root,
            point,
            kind: words.next()?.to_vec(),
            source: words.next()?.to_vec(),
            options: words.next().unwrap_or_default().to_vec(),
        })
    }

    fn key(&self) -> (Vec<u8>, Vec<u8>, PathBuf) {
        (self.device.clone(), self.root.clone(), self.point.clone())
    }

    fn is_hiding(&self) -> bool {
        self.kind == b"tmpfs" && self.source.starts_with(HIDING)
    }

    fn hides_processes(&self) -> bool {
        let is_visible = |value: &[u8]| matches!(value, b"0" | b"off");
        self.kind == b"proc"
            && self
                .options
                .split(|&byte| byte == b',')
                .filter_map(|option| option.strip_prefix(b"hidepid="))
                .any(|value| !is_visible(value))
    }

    /// Lists the trees that an overlay is made of.
    fn layers(&self) -> Vec<PathBuf> {
        if self.kind != b"overlay" {
            return Vec::new();
        }
        let options = self.options.split(|&byte| byte == b',');
        options
            .filter_map(|option| {
                let end = option.iter().position(|&byte| byte == b'=')?;
                let name = std::str::from_utf8(&option[..end]).ok()?;
                LAYERS.contains(&name).then(|| &option[end + 1..])
            })
            .flat_map(|value| value.split(|&byte| byte == b':'))
            .map(|layer| PathBuf::from(OsStr::from_bytes(&unescaped(layer))))
            .filter(|layer| layer.is_absolute())
            .collect()
    }
}

fn mounts_of(task: &Path) -> io::Result<Vec<Mount>> {
    let text = read(task.join("mountinfo"))?;
    let lines = text.split(|&byte| byte == b'\n');
    Ok(lines.filter_map(Mount::parse).collect())
}

/// Reads the octal escapes of a mountinfo file: of space, tab, newline and backslash.
fn unescaped(word: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((&byte, after)) = rest.split_first() {
        let code = after.get(..3).filter(|_| byte == b'\\');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 8).ok()) {
            Some(code) => {
                bytes.push(code);
                rest = &after[3..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_line_of_mountinfo_is_read_with_its_escapes() {
        let line = b"36 35 98:0 /mnt1 /a\\040b\\134\xff rw,noatime master:1 - ext3 /dev/root rw";
        let mount = Mount::parse(line).unwrap();
        assert_eq!(mount.point.as_os_str().as_bytes(), b"/a b\\\xff");
        assert_eq!(
            (mount.device, mount.root),
            (b"98:0".to_vec(), b"/mnt1".to_vec())
        );
        assert_eq!(
            (mount.kind, mount.source),
            (b"ext3".to_vec(), b"/dev/root".to_vec())
        );
        assert!(Mount::parse(b"36 35 98:0").is_none());
    }

    #[test]
    fn the_trees_below_an_overlay_and_hidden_processes_are_found_in_the_options() {
        let mount = |line: &[u8]| Mount::parse(line).unwrap();
        let overlay =
            mount(b"1 2 0:9 / /m rw - overlay none rw,lowerdir=/a:/b\\040c,upperdir=/u,workdir=/w");
        assert_eq!(
            overlay.layers(),
            ["/a", "/b c", "/u"].map(PathBuf::from).to_vec()
        );
        for (options, hides) in [
            ("rw", false),
            ("rw,hidepid=0", false),
            ("rw,hidepid=invisible", true),
        ] {
            let line = format!("1 2 0:9 / /proc rw - proc proc {options}");
            assert_eq!(mount(line.as_bytes()).hides_processes(), hides, "{options}");
        }
    }
}
