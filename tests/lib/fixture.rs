//! The tree that names are looked up in: once with all links as symlinks, once without the private ones.

use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// What really lies where a private link is, or something hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupant {
    /// A symlink, and nothing that is hidden: the tree that the kernel alone resolves names in, the oracle.
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

/// A private link of the tree; nobody else may see its target.
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
    place("shared/room", "other/house/room"),
    // Its place lies behind another link.
    Place {
        at: "shared/version2/nested",
        from: "shared/version/nested",
        to: "other",
    },
];

/// A private target of another member.
pub struct Theirs {
    /// Where it is, below the root, physically.
    pub at: &'static str,
    /// The link that leads there, as the table spells it.
    pub from: &'static str,
    /// What that link leads to.
    pub to: &'static str,
}

const fn theirs(at: &'static str, from: &'static str, to: &'static str) -> Theirs {
    Theirs { at, from, to }
}

/// What no link leads to: in the tree of symlinks it has never been made.
pub const HIDDEN: &[Theirs] = &[
    theirs("shared/erp2", "shared/version", "alias/erp2"),
    theirs("other/private", "shared/current", "other/private"),
    theirs(
        "shared/version2/private",
        "shared/tool",
        "shared/version2/private",
    ),
    theirs(
        "shared/version2/sealed/private",
        "shared/chain",
        "shared/version2/sealed/private",
    ),
];

/// What both members' links lead to, or below.
pub const SHARED: &[Theirs] = &[theirs("other/house", "shared/room", "other/house")];

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
    "other/house",
    "other/house/room",
    "beside",
    "beside/deeper",
    "hops",
    "spare",
    "spare/dir",
];

/// Directories that may not even be searched.
pub const LOCKED: &[&str] = &["shared/version2/locked", "shared/version2/sealed"];

const FILES: &[(&str, u32, &str)] = &[
    ("shared/version1/which", 0o644, "1"),
    ("shared/version2/which", 0o640, "two"),
    ("shared/version2/dir/inner", 0o600, "inner"),
    ("shared/version2/locked/secret", 0o644, "secret"),
    ("shared/version2/sealed/secret", 0o644, "secret"),
    ("other/here", 0o644, "other"),
    ("other/house/room/key", 0o644, "key"),
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
    // What is hidden, by other names.
    ("beside/lair", "{}/shared/erp2"),
    ("shared/version2/dir/lair", "../../version/private"),
    ("shared/version2/lair-which", "../erp2/which"),
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
    for path in LOCKED {
        nodes.push(((*path).into(), Node::Dir(0)));
    }
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
        let node = match occupant {
            Occupant::Itself => Some(Node::Symlink(in_root(&format!("{{}}/{to}")))),
            Occupant::Symlink => Some(Node::Symlink("version1".into())),
            _ => None,
        };
        match node {
            Some(node) => nodes.push(((*at).into(), node)),
            None => nodes.extend(decoy(at, occupant)),
        }
    }
    for Theirs { at, .. } in HIDDEN {
        if occupant == Occupant::Symlink {
            // What it leads to is hidden as well.
            let (_, name) = at.rsplit_once('/').expect("it is in a directory");
            nodes.push(((*at).into(), Node::Symlink(format!("{name}-behind"))));
            nodes.extend(decoy(&format!("{at}-behind"), Occupant::Directory));
        } else {
            nodes.extend(decoy(at, occupant));
        }
    }
    nodes.sort_by(|a, b| a.0.cmp(&b.0));
    nodes
}

/// A file, or a directory with names of its own: what nobody is to see.
fn decoy(at: &str, occupant: Occupant) -> Vec<(String, Node)> {
    let file = || Node::File(0o644, "decoy".into());
    let below = |name| format!("{at}/{name}");
    match occupant {
        Occupant::File => vec![(at.into(), file())],
        Occupant::Directory => vec![
            (at.into(), Node::Dir(0o755)),
            (below("dir"), Node::Dir(0o755)),
            (below("which"), file()),
            (below("decoy"), file()),
        ],
        _ => Vec::new(),
    }
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
