//! A tree built twice: `real` has all its links as symlinks, `link` lacks some of them, or has a decoy in their place, and
//! gets them from a snapshot. The same name has to lead to the same end in both.

use std::ffi::{CString, OsStr};
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use psl_table::snapshot::{Entry, Row, Snapshot};
use psl_table::tree::{Host, PATH_MAX};
use psl_table::walk::{End, Last, Scratch, walk};
use rustix::fs::{Mode, OFlags};

/// What is at a path.
#[derive(Clone, Debug)]
pub enum Node {
    /// A directory.
    Dir,
    /// A regular file.
    File,
    /// A symlink in both trees; `/` at its front stands for the tree's root.
    Symlink(String),
    /// A private link to a path that begins with `/`, the root of the tree; a symlink in the other tree.
    Private {
        /// Where it leads.
        to: String,
        /// What lies in its place.
        decoy: Decoy,
    },
}

/// What really lies where a private link is.
#[derive(Clone, Debug)]
pub enum Decoy {
    /// Nothing.
    None,
    /// A directory.
    Dir,
    /// A regular file.
    File,
    /// A symlink, as of [`Node::Symlink`].
    Symlink(String),
}

/// A tree with links, and names in it.
#[derive(Clone, Debug)]
pub struct Case {
    /// Paths and what is there; what does not fit is left out.
    pub nodes: Vec<(String, Node)>,
    /// Names, and whether the last symlink is followed.
    pub names: Vec<(String, bool)>,
    /// The directory that relative names start at.
    pub start: String,
}

fn in_tree(root: &Path, text: &str) -> PathBuf {
    match text.strip_prefix('/') {
        Some(below) => root.join(below.trim_start_matches('/')),
        None => PathBuf::from(text),
    }
}

/// Adds a node unless something is in its way; says whether it did.
fn add(root: &Path, path: &str, node: &Node) -> bool {
    let full = root.join(path);
    // Only below real directories, so that a place's text says where it is.
    let parent = full.parent().expect("a node has a parent");
    let mut above = root.to_path_buf();
    for part in Path::new(path)
        .parent()
        .into_iter()
        .flat_map(Path::components)
    {
        above.push(part);
        match fs::symlink_metadata(&above) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return false,
            Err(_) => fs::create_dir(&above).expect("a directory can be made"),
        }
    }
    assert!(parent.is_dir());
    if fs::symlink_metadata(&full).is_ok() {
        return false;
    }
    match node {
        Node::Dir => fs::create_dir(&full),
        Node::File => fs::write(&full, path),
        Node::Symlink(text) => symlink(in_tree(root, text), &full),
        Node::Private { to, .. } => symlink(in_tree(root, to), &full),
    }
    .expect("a node can be made");
    true
}

/// What a name leads to: a path below the root, or an errno.
fn opened(dir: impl AsFd, name: &[u8], follow: bool, root: &Path) -> Result<PathBuf, i32> {
    let flags = OFlags::PATH
        | if follow {
            OFlags::empty()
        } else {
            OFlags::NOFOLLOW
        };
    let fd = rustix::fs::openat(dir, name, flags, Mode::empty())
        .map_err(rustix::io::Errno::raw_os_error)?;
    let number = std::os::fd::AsRawFd::as_raw_fd(&fd);
    let path = fs::read_link(format!("/proc/self/fd/{number}")).expect("procfs tells");
    Ok(path
        .strip_prefix(root)
        .map(|below| Path::new("<root>").join(below))
        .unwrap_or(path))
}

/// Builds both trees, and walks all names in both; says what differs.
pub fn compare(case: &Case) -> Result<(), String> {
    let top = tempfile::tempdir().expect("a directory");
    let top = top.path().canonicalize().expect("it is there");
    let (real, private) = (top.join("real"), top.join("link"));
    fs::create_dir(&real).expect("real");
    fs::create_dir(&private).expect("private");

    let mut links = Vec::new();
    for (path, node) in &case.nodes {
        if !add(&real, path, node) {
            continue;
        }
        match node {
            Node::Private { to, decoy } => {
                links.push((private.join(path), in_tree(&private, to)));
                let decoy = match decoy {
                    Decoy::None => None,
                    Decoy::Dir => Some(Node::Dir),
                    Decoy::File => Some(Node::File),
                    Decoy::Symlink(text) => Some(Node::Symlink(text.clone())),
                };
                match decoy {
                    Some(decoy) => assert!(add(&private, path, &decoy)),
                    None => {
                        fs::create_dir_all(private.join(path).parent().expect("a parent"))
                            .expect("a parent");
                    }
                }
            }
            node => assert!(add(&private, path, node)),
        }
    }
    let rows: Vec<_> = links
        .iter()
        .map(|(from, to)| Row {
            from: from.as_os_str().as_bytes(),
            to: to.as_os_str().as_bytes(),
            live: false,
        })
        .collect();
    let snapshot = Snapshot::new(1, 0, &rows, &[], &Host).expect("places are found");

    // Where relative names start: as deep as the wanted directory exists in both.
    let mut start = PathBuf::new();
    for part in Path::new(&case.start).components() {
        let deeper = start.join(part);
        if [&real, &private]
            .iter()
            .any(|root| !fs::symlink_metadata(root.join(&deeper)).is_ok_and(|it| it.is_dir()))
        {
            break;
        }
        start = deeper;
    }
    let in_real = fs::File::open(real.join(&start)).expect("it is there");
    let in_private = fs::File::open(private.join(&start)).expect("it is there");

    let mut scratch = Scratch::new();
    for (name, follow) in &case.names {
        let given_real = in_tree_spelt(&real, name);
        let given_private = in_tree_spelt(&private, name);
        // No system call takes it, so nobody asks for a walk.
        if given_real.as_bytes_with_nul().len() > PATH_MAX {
            continue;
        }
        let expected = opened(&in_real, given_real.as_bytes(), *follow, &real);
        let last = if *follow { Last::Followed } else { Last::Kept };
        let answer = match walk(
            &snapshot,
            &Host,
            in_private.as_fd(),
            given_private.as_bytes(),
            last,
            &mut scratch,
        ) {
            Err(errno) => Err(errno.raw_os_error()),
            Ok(End::Name {
                through_link: false,
                ..
            }) => opened(&in_private, given_private.as_bytes(), *follow, &private),
            Ok(End::Name { name, .. }) => opened(&in_private, name.to_bytes(), *follow, &private),
            Ok(End::Link(link)) => {
                let place = snapshot
                    .places()
                    .iter()
                    .find(|place| place.entry == Entry::Link(link.clone()))
                    .expect("the link has a place");
                let dir = Path::new(OsStr::from_bytes(&place.dir));
                let path = dir.join(OsStr::from_bytes(&place.name));
                let below = path.strip_prefix(&private).expect("ours").to_path_buf();
                let text = Path::new(OsStr::from_bytes(link.to.to_bytes()));
                let shown = fs::read_link(real.join(&below)).ok();
                let expected = real.join(text.strip_prefix(&private).expect("ours"));
                if shown.as_ref() != Some(&expected) {
                    return Err(format!("{name}: a link to {expected:?}, not {shown:?}"));
                }
                Ok(Path::new("<root>").join(below))
            }
        };
        if answer != expected {
            return Err(format!(
                "{name:?} from {start:?}, follow {follow}: {answer:?}, the kernel: {expected:?}"
            ));
        }
    }
    Ok(())
}

/// Puts a root before an absolute spelling without tidying it.
fn in_tree_spelt(root: &Path, name: &str) -> CString {
    let text = if name.starts_with('/') {
        format!("{}{name}", root.display())
    } else {
        name.to_owned()
    };
    CString::new(text).expect("no NUL")
}
