//! The tree that names are looked up in: once with all links as symlinks, once without the private ones.

use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// What really lies where a private link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupant {
    /// A symlink: the tree that the kernel alone resolves names in, the oracle.
    Itself,
    /// Nothing.
    Nothing,
    /// A directory with names of its own.
    Directory,
    /// A regular file.
    File,
    /// A symlink to somewhere else.
    Symlink,
}

impl Occupant {
    /// All, by the names that a probe is told.
    pub const ALL: [(&'static str, Self); 5] = [
        ("itself", Self::Itself),
        ("nothing", Self::Nothing),
        ("directory", Self::Directory),
        ("file", Self::File),
        ("symlink", Self::Symlink),
    ];
}

/// A private link of the tree.
pub struct Place {
    /// Where it is, below the root, physically.
    pub at: &'static str,
    /// The same as the table spells it.
    pub from: &'static str,
    /// What it leads to, below the root.
    pub to: &'static str,
}

const fn place(at: &'static str, to: &'static str) -> Place {
    Place { at, from: at, to }
}

/// The private links.
pub const PLACES: &[Place] = &[
    place("shared/version", "shared/version2"),
    place("shared/current", "shared/version2/which"),
    place("shared/dangling", "shared/nowhere"),
    place("shared/chain", "shared/chained"),
    place("shared/chained", "shared/version/dir"),
    place("shared/circle", "knot"),
    place("shared/tool", "shared/version2/tool"),
    // Its place lies behind another link.
    Place {
        at: "shared/version2/nested",
        from: "shared/version/nested",
        to: "other",
    },
];

/// An entry of the tree; `{}` in the text of a symlink or file is the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A directory with its mode.
    Dir(u32),
    /// A regular file with its mode and text.
    File(u32, String),
    /// A symlink with its text.
    Symlink(String),
}

const DIRECTORIES: &[&str] = &[
    "",
    "shared",
    "shared/version1",
    "shared/version2",
    "shared/version2/dir",
    "shared/version2/empty",
    "other",
    "beside",
    "beside/deeper",
    "hops",
    "spare",
    "spare/dir",
];

const FILES: &[(&str, u32, &str)] = &[
    ("shared/version1/which", 0o644, "1"),
    ("shared/version2/which", 0o640, "two"),
    ("shared/version2/dir/inner", 0o600, "inner"),
    ("shared/version2/locked/secret", 0o644, "secret"),
    ("other/here", 0o644, "other"),
    ("spare/file", 0o644, "spare file"),
];

const SYMLINKS: &[(&str, &str)] = &[
    // Several ways to the links' parent.
    ("alias", "{}/shared"),
    ("aliases", "alias"),
    ("beside/deeper/up", "../../aliases"),
    // A tree that was copied with its symlinks is full of these.
    ("shared/version2/back", "{}/shared/version"),
    ("shared/version2/backfile", "{}/shared/version/which"),
    ("shared/version2/relative", "../version/dir"),
    ("shared/version2/dir/up", "../which"),
    ("shared/version2/dir/lost", "../../version/missing"),
    ("shared/version2/round", "round"),
    ("knot", "{}/shared/circle"),
];

/// How many symlinks `hops/39` leads through, itself included, before it reaches a private link.
pub const HOPS: usize = 40;

/// Returns every entry, sorted by path, with the root, whose path is empty, at `root`.
pub fn nodes(root: &Path, occupant: Occupant) -> Vec<(String, Node)> {
    let in_root = |text: &str| text.replace("{}", &root.display().to_string());
    let mut nodes: Vec<(String, Node)> = Vec::new();
    for path in DIRECTORIES {
        nodes.push(((*path).into(), Node::Dir(0o755)));
    }
    nodes.push(("shared/version2/locked".into(), Node::Dir(0)));
    for (path, mode, text) in FILES {
        nodes.push(((*path).into(), Node::File(*mode, (*text).into())));
    }
    for (path, text) in SYMLINKS {
        nodes.push(((*path).into(), Node::Symlink(in_root(text))));
    }
    for hop in 0..HOPS {
        let text = match hop {
            0 => in_root("{}/shared/version"),
            _ => format!("{:02}", hop - 1),
        };
        nodes.push((format!("hops/{hop:02}"), Node::Symlink(text)));
    }
    for Place { at, to, .. } in PLACES {
        let at = (*at).to_owned();
        match occupant {
            Occupant::Itself => nodes.push((at, Node::Symlink(in_root(&format!("{{}}/{to}"))))),
            Occupant::Nothing => {}
            Occupant::File => nodes.push((at, Node::File(0o644, "decoy".into()))),
            Occupant::Symlink => nodes.push((at, Node::Symlink("version1".into()))),
            Occupant::Directory => {
                for (name, text) in [("which", "decoy"), ("decoy", "decoy")] {
                    nodes.push((format!("{at}/{name}"), Node::File(0o644, text.into())));
                }
                nodes.push((format!("{at}/dir"), Node::Dir(0o755)));
                nodes.push((at, Node::Dir(0o755)));
            }
        }
    }
    nodes.sort_by(|a, b| a.0.cmp(&b.0));
    nodes
}

/// Makes the tree; its root is not there yet.
pub fn build(root: &Path, occupant: Occupant) -> Result<(), Errno> {
    let nodes = nodes(root, occupant);
    for (path, node) in &nodes {
        make(root, path, node)?;
    }
    for (path, node) in &nodes {
        finish(root, path, node)?;
    }
    Ok(())
}

/// Makes one entry, a directory open to all that is put into it.
///
/// By raw system calls, because a probe mends its tree without the preload library having a part in it.
pub fn make(root: &Path, path: &str, node: &Node) -> Result<(), Errno> {
    let at = root.join(path);
    match node {
        Node::Dir(_) => rustix::fs::mkdir(&at, Mode::from_raw_mode(0o755)),
        Node::Symlink(text) => rustix::fs::symlink(text.as_str(), &at),
        Node::File(mode, text) => {
            let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
            let file = rustix::fs::open(&at, flags, Mode::from_raw_mode(0o600))?;
            rustix::io::write(&file, text.as_bytes())?;
            rustix::fs::fchmod(&file, Mode::from_raw_mode(*mode))
        }
    }
}

/// Gives a directory its mode.
pub fn finish(root: &Path, path: &str, node: &Node) -> Result<(), Errno> {
    match node {
        Node::Dir(mode) => rustix::fs::chmod(root.join(path), Mode::from_raw_mode(*mode)),
        _ => Ok(()),
    }
}
