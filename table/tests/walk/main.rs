//! Walks over a small tree that exists on paper only, row by row.

mod paper;
mod steps;

use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;

use paper::{Node, Paper};
use psl_table::snapshot::{Row, Snapshot};
use psl_table::walk::{End, Last, MAX_LINKS, Scratch, walk};
use rustix::io::Errno;

const CWD: i32 = -100;

fn tree() -> Paper {
    let mut nodes = BTreeMap::new();
    for dir in [
        "/binaries",
        "/binaries/version",
        "/binaries/version/bin",
        "/binaries/version1",
        "/binaries/version2",
        "/binaries/version2/bin",
        "/binaries/version2/plugins",
        "/srv",
        "/srv/deep",
        "/etc",
        "/proc",
        "/proc/7",
        "/proc/7/fd",
        "/opt",
        "/private",
        "/private/erp2",
        "/binaries/version2/lib",
    ] {
        nodes.insert(dir.into(), Node::Dir);
    }
    for file in [
        "/binaries/version2/bin/app",
        "/binaries/version/bin/app",
        "/etc/conf",
        "/binaries/version1/x",
        "/private/erp2/x",
    ] {
        nodes.insert(file.into(), Node::File);
    }
    for (symlink, text) in [
        ("/u01", "/binaries"),
        ("/u02", "u01"),
        ("/srv/current", "../binaries/version"),
        ("/srv/up", ".."),
        ("/srv/around", "/binaries/version/bin/.."),
        ("/binaries/version2/self", "/binaries/version/bin"),
        ("/binaries/version2/sideways", "../version/bin"),
        ("/binaries/version2/out", "/etc/conf"),
        ("/srv/round", "round"),
        ("/private/ring", "ring"),
        ("/proc/self", "7"),
        ("/to-private", "/private/erp2/x"),
    ] {
        nodes.insert(symlink.into(), Node::Symlink(text.into()));
    }
    nodes.insert("/proc/7/cwd".into(), Node::Magic("/binaries"));
    nodes.insert("/proc/7/fd/3".into(), Node::Magic("/binaries/version2"));
    nodes.insert("/locked".into(), Node::Locked);
    // A chain of as many symlinks as a name may lead through, and one more.
    for n in 1..=MAX_LINKS {
        nodes.insert(
            format!("/opt/chain{n}"),
            Node::Symlink(format!("chain{}", n - 1)),
        );
    }
    nodes.insert(
        "/opt/chain0".into(),
        Node::Symlink("/binaries/version".into()),
    );
    Paper {
        root: 2,
        nodes,
        descriptors: vec![
            "/",
            "/binaries",
            "/binaries/version2/bin",
            "/srv/deep",
            "(unreachable)/x",
        ],
    }
}

fn snapshot(tree: &Paper) -> Snapshot {
    let row = |(from, to): (&'static str, &'static str)| Row {
        from: from.as_bytes(),
        to: to.as_bytes(),
        live: false,
    };
    let rows = [
        ("/binaries/version", "/binaries/version2"),
        ("/binaries/version/plugins/x", "/etc/x"),
        ("/srv/file", "/etc/conf"),
        ("/srv/gone", "/nowhere"),
        ("/srv/first", "/srv/second"),
        ("/srv/second", "/srv/third/x"),
        ("/srv/third", "/binaries/version"),
        ("/locked/link", "/etc"),
        ("/missing/link", "/etc"),
        ("/srv/up/top", "/etc/conf"),
        ("/srv/around/held", "/etc/conf"),
        ("/pong", "/srv/ping"),
        ("/srv/ping", "/pong"),
    ]
    .map(row);
    let hidden: [&[u8]; 3] = [b"/private/erp2", b"/private/ring", b"/private/ring/x"];
    Snapshot::new(3, 0, &rows, &hidden, tree).expect("every place is found")
}

/// Compares ends: `=` is a name that goes to the kernel as given, `-> text` a link itself.
fn check(rows: &[(i32, &str, Last, &str)]) {
    let tree = tree();
    let snapshot = snapshot(&tree);
    let mut scratch = Scratch::new();
    for &(dir, path, last, expected) in rows {
        // SAFETY: only the paper tree looks at the number.
        let dir = unsafe { BorrowedFd::borrow_raw(dir) };
        let end = match walk(&snapshot, &tree, dir, path.as_bytes(), last, &mut scratch) {
            Ok(End::Name {
                through_link: false,
                ..
            }) => "=".to_owned(),
            Ok(End::Name { name, .. }) => name.to_str().expect("the tree is UTF-8").to_owned(),
            Ok(End::Link(link)) => format!("-> {}", link.to.to_str().expect("the tree is UTF-8")),
            Err(Errno::NOENT) => "ENOENT".to_owned(),
            Err(Errno::LOOP) => "ELOOP".to_owned(),
            Err(errno) => panic!("{path}: {errno}"),
        };
        assert_eq!(end, expected, "{path} from {dir:?}, {last:?}");
    }
}

#[test]
fn a_link_applies_however_the_path_is_spelt() {
    use Last::Followed;
    check(&[
        (CWD, "/binaries/version", Followed, "/binaries/version2"),
        (
            CWD,
            "/binaries/version/bin/app",
            Followed,
            "/binaries/version2/bin/app",
        ),
        (
            CWD,
            "//binaries///version//bin/./app",
            Followed,
            "/binaries/version2/bin/app",
        ),
        (
            CWD,
            "/binaries/../binaries/version/bin",
            Followed,
            "/binaries/version2/bin",
        ),
        (CWD, "/../binaries/version", Followed, "/binaries/version2"),
        (CWD, "../binaries/version", Followed, "/binaries/version2"),
        (0, "binaries/version", Followed, "/binaries/version2"),
        (1, "version/bin", Followed, "/binaries/version2/bin"),
        (1, "./version", Followed, "/binaries/version2"),
        (2, "../../version/bin", Followed, "/binaries/version2/bin"),
        (
            2,
            "../../../binaries/version",
            Followed,
            "/binaries/version2",
        ),
        (
            3,
            "../../../../binaries/version",
            Followed,
            "/binaries/version2",
        ),
        (CWD, "/u01/version/bin", Followed, "/binaries/version2/bin"),
        (CWD, "/u02/version/bin", Followed, "/binaries/version2/bin"),
        (CWD, "current/bin", Followed, "/binaries/version2/bin"),
        (CWD, "up/binaries/version", Followed, "/binaries/version2"),
        (
            CWD,
            "/proc/self/cwd/version",
            Followed,
            "/binaries/version2",
        ),
        (
            CWD,
            "/proc/7/fd/3/../version",
            Followed,
            "/binaries/version2",
        ),
        (CWD, "/proc/self/fd/3/bin", Followed, "="),
        (CWD, "/proc/self/cwd", Followed, "="),
    ]);
}

#[test]
fn a_name_that_meets_no_link_is_left_as_it_is() {
    use Last::{Entry, Followed, Kept};
    check(&[
        (CWD, "/", Followed, "="),
        (CWD, ".", Followed, "="),
        (CWD, "/binaries", Followed, "="),
        (CWD, "/binaries/version1/x", Followed, "="),
        (CWD, "/binaries/version2/bin/app", Followed, "="),
        (CWD, "/binaries/versio", Kept, "="),
        (CWD, "version", Entry, "="),
        (3, "version", Followed, "="),
        (4, "version", Followed, "="),
        (4, "../version", Followed, "="),
        (CWD, "/etc/version", Followed, "="),
        (
            CWD,
            "/binaries/version/nothing",
            Kept,
            "/binaries/version2/nothing",
        ),
        (CWD, "/nothing/version", Followed, "="),
        (CWD, "/missing/link", Followed, "="),
    ]);
}

#[test]
fn the_last_component_is_followed_or_kept_as_the_call_says() {
    use Last::{Entry, Followed, Kept};
    check(&[
        (CWD, "/binaries/version", Kept, "-> /binaries/version2"),
        (CWD, "/binaries/version", Entry, "-> /binaries/version2"),
        (CWD, "/binaries/version/", Kept, "/binaries/version2/"),
        (CWD, "/binaries/version/", Entry, "-> /binaries/version2"),
        (CWD, "/binaries/version/.", Kept, "/binaries/version2/."),
        (CWD, "/binaries/version/..", Entry, "/binaries/version2/.."),
        (CWD, "/binaries/version//", Followed, "/binaries/version2//"),
        (CWD, "current", Kept, "="),
        (CWD, "current/", Kept, "/binaries/version2/"),
        (
            CWD,
            "/binaries/version/self",
            Kept,
            "/binaries/version2/self",
        ),
        (
            CWD,
            "/binaries/version/self",
            Followed,
            "/binaries/version2/bin",
        ),
        (CWD, "/srv/gone", Kept, "-> /nowhere"),
        (CWD, "/srv/gone", Followed, "/nowhere"),
        (CWD, "/srv/file/", Followed, "/etc/conf/"),
    ]);
}

#[test]
fn links_inside_targets_lead_on() {
    use Last::{Followed, Kept};
    check(&[
        (
            CWD,
            "/binaries/version/self/app",
            Followed,
            "/binaries/version2/bin/app",
        ),
        (
            CWD,
            "/binaries/version/sideways/app",
            Followed,
            "/binaries/version2/bin/app",
        ),
        (
            CWD,
            "/binaries/version2/sideways/app",
            Followed,
            "/binaries/version2/bin/app",
        ),
        (CWD, "/binaries/version/out", Followed, "/etc/conf"),
        (CWD, "/binaries/version/plugins/x", Kept, "-> /etc/x"),
        (CWD, "/binaries/version2/plugins/x", Kept, "-> /etc/x"),
        (CWD, "/binaries/version/plugins/x/y", Followed, "/etc/x/y"),
        (CWD, "/srv/third/bin", Followed, "/binaries/version2/bin"),
        (CWD, "/srv/first", Followed, "/binaries/version2/x"),
    ]);
}

#[test]
fn a_place_behind_a_symlink_that_ends_in_dots_is_found() {
    use Last::{Followed, Kept};
    check(&[
        (CWD, "/top", Followed, "/etc/conf"),
        (CWD, "up/top", Followed, "/etc/conf"),
        (CWD, "/binaries/version2/held", Kept, "-> /etc/conf"),
        (CWD, "/binaries/version/held", Kept, "-> /etc/conf"),
        (CWD, "around/held", Kept, "-> /etc/conf"),
    ]);
}

#[test]
fn dot_dot_is_physical_and_needs_a_directory() {
    use Last::Followed;
    check(&[
        (
            CWD,
            "/binaries/version/../version1/x",
            Followed,
            "/binaries/version1/x",
        ),
        (
            CWD,
            "/srv/third/../version1/x",
            Followed,
            "/binaries/version1/x",
        ),
        (
            CWD,
            "/binaries/version/bin/app/../x",
            Followed,
            "/binaries/version2/bin/app/../x",
        ),
        (CWD, "/etc/conf/../../binaries/version", Followed, "="),
        (CWD, "/etc/nothing/../../binaries/version", Followed, "="),
        (
            CWD,
            "/binaries/version/nothing/../bin",
            Followed,
            "/binaries/version2/nothing/../bin",
        ),
        (CWD, "/srv/up/etc/conf", Followed, "="),
    ]);
}

#[test]
fn a_walk_fails_where_the_kernel_would() {
    use Last::{Followed, Kept};
    check(&[
        (CWD, "/locked/link", Kept, "="),
        (CWD, "/locked/link/x", Followed, "="),
        (CWD, "/srv/ping", Followed, "ELOOP"),
        (CWD, "/srv/ping", Kept, "-> /pong"),
        (CWD, "/srv/round", Followed, "ELOOP"),
        // With the private link it is the 40th, and the 41st.
        (CWD, "/opt/chain38", Followed, "/binaries/version2"),
        (CWD, "/opt/chain39", Followed, "ELOOP"),
    ]);
}

#[test]
fn a_hidden_target_does_not_exist() {
    use Last::{Entry, Followed, Kept};
    check(&[
        (CWD, "/private/erp2", Followed, "ENOENT"),
        (CWD, "/private/erp2/x", Followed, "ENOENT"),
        (CWD, "/private/erp2", Kept, "ENOENT"),
        (CWD, "/private/erp2", Entry, "ENOENT"),
        (CWD, "/private/./erp2/", Followed, "ENOENT"),
        (CWD, "/to-private", Followed, "ENOENT"),
        (CWD, "/to-private", Kept, "="),
        (CWD, "/private/erp", Followed, "="),
        (CWD, "/private/ring", Kept, "ENOENT"),
    ]);
}

#[test]
fn links_do_not_hold_behind_a_changed_root() {
    let mut tree = tree();
    let snapshot = snapshot(&tree);
    tree.root = 3;
    let end = walk(
        &snapshot,
        &tree,
        rustix::fs::CWD,
        b"/binaries/version",
        Last::Kept,
        &mut Scratch::new(),
    )
    .map(|end| {
        matches!(
            end,
            End::Name {
                through_link: false,
                ..
            }
        )
    });
    assert_eq!(end, Ok(true));
}
