//! Compares walks over private links with the kernel's own answers on real symlinks.
//!
//! Every random tree is built twice: `real` has all its links as symlinks, `private` lacks some of them, or has a
//! decoy in their place, and gets them from a snapshot. The same name has to lead to the same end in both.

use std::ffi::{CString, OsStr};
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use psl_table::snapshot::{Entry, Row, Snapshot};
use psl_table::tree::Host;
use psl_table::walk::{End, Last, Scratch, walk};
use rustix::fs::{Mode, OFlags};

#[derive(Clone, Debug)]
enum Node {
    Dir,
    File,
    /// A symlink in both trees; `/` at its front stands for the tree's root.
    Symlink(String),
    Private {
        to: String,
        decoy: Decoy,
    },
}

#[derive(Clone, Debug)]
enum Decoy {
    None,
    Dir,
    File,
    Symlink(String),
}

#[derive(Clone, Debug)]
struct Case {
    nodes: Vec<(String, Node)>,
    /// Names, and whether the last symlink is followed.
    names: Vec<(String, bool)>,
    /// The directory that relative names start at.
    start: String,
}

fn component() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c", "v", "v1"])
}

fn path(depth: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(component(), depth).prop_map(|parts| parts.join("/"))
}

/// Any spelling, absolute or not.
fn spelling() -> impl Strategy<Value = String> {
    let part = prop_oneof![6 => component().prop_map(String::from), 2 => Just("..".into()), 1 => Just(".".into()), 1 => Just(String::new())];
    (
        any::<bool>(),
        prop::collection::vec(part, 1..7),
        prop::sample::select(vec!["", "", "", "/", "/.", "//"]),
    )
        .prop_map(|(absolute, parts, tail)| {
            format!(
                "{}{}{tail}",
                if absolute { "/" } else { "" },
                parts.join("/")
            )
        })
}

fn absolute() -> impl Strategy<Value = String> {
    path(1..4).prop_map(|path| format!("/{path}"))
}

fn node() -> impl Strategy<Value = Node> {
    let text = || spelling().prop_filter("a symlink has a text", |text| !text.is_empty());
    let decoy = prop_oneof![
        3 => Just(Decoy::None),
        1 => Just(Decoy::Dir),
        1 => Just(Decoy::File),
        1 => text().prop_map(Decoy::Symlink),
    ];
    prop_oneof![
        4 => Just(Node::Dir),
        2 => Just(Node::File),
        3 => text().prop_map(Node::Symlink),
        3 => (absolute(), decoy).prop_map(|(to, decoy)| Node::Private { to, decoy }),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    (
        prop::collection::vec((path(1..4), node()), 1..14),
        prop::collection::vec((spelling(), any::<bool>()), 24),
        path(0..3),
    )
        .prop_map(|(nodes, names, start)| Case {
            nodes,
            names,
            start,
        })
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

fn check(case: &Case) -> Result<(), TestCaseError> {
    let top = tempfile::tempdir().expect("a directory");
    let top = top.path().canonicalize().expect("it is there");
    let (real, private) = (top.join("real"), top.join("private"));
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
                prop_assert_eq!(
                    fs::read_link(real.join(&below)).ok(),
                    Some(real.join(text.strip_prefix(&private).expect("ours")))
                );
                Ok(Path::new("<root>").join(below))
            }
        };
        prop_assert_eq!(
            answer,
            expected,
            "{} from {:?}, follow {}",
            name,
            start,
            follow
        );
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn a_walk_over_private_links_ends_where_the_kernel_ends_on_symlinks(case in case()) {
        check(&case)?;
    }
}
