//! What a mount cannot do, and what an instance inside another one would get wrong.
use super::{Site, USERS, User};
use std::os::unix::fs::symlink;

/// What is refused, the rows of the table, and the parts of the message.
const ROWS: [(&str, &str, &[&str]); 8] = [
    (
        "a place that does not exist",
        "[[link]]\nfrom = '$T/gone'\nto = '$T/new'\n",
        &[
            "place \"$T/gone\": No such file",
            "make an empty directory there",
            "--engine preload",
        ],
    ),
    (
        "a place whose directory does not exist",
        "[[link]]\nfrom = '$T/gone/x'\nto = '$T/new/which'\n",
        &[
            "place \"$T/gone/x\": No such file",
            "make an empty file there",
        ],
    ),
    (
        "a place that is a real symlink",
        "[[link]]\nfrom = '$T/symlink'\nto = '$T/new'\n",
        &[
            "place \"$T/symlink\" is a real symbolic link",
            "put a directory in its place",
        ],
    ),
    (
        "a file on a directory",
        "[[link]]\nfrom = '$T/old'\nto = '$T/new/which'\n",
        &["place \"$T/old\" is a directory and its target \"$T/new/which\" is none"],
    ),
    (
        "a directory on a file",
        "[[link]]\nfrom = '$T/old/which'\nto = '$T/new'\n",
        &["place \"$T/old/which\" is no directory and its target \"$T/new\" is one"],
    ),
    (
        "a target that does not exist",
        "[[link]]\nfrom = '$T/old'\nto = '$T/gone'\n",
        &[
            "link \"$T/old\" leads to \"$T/gone\"",
            "No such file",
            "make the target",
        ],
    ),
    (
        "a place in its own target",
        "[[link]]\nfrom = '$T/old/empty'\nto = '$T/old'\n",
        &["link \"$T/old/empty\" to \"$T/old\" lies in its own target"],
    ),
    (
        "places in each other's targets",
        "[[link]]\nfrom = '$T/old/empty'\nto = '$T/new'\n[[link]]\nfrom = '$T/new/empty'\nto = '$T/old'\n",
        &[
            "\"$T/old/empty\" to \"$T/new\"",
            "\"$T/new/empty\" to \"$T/old\"",
            "without end",
        ],
    ),
];

#[test]
fn what_a_mount_cannot_do_is_refused_with_the_way_out() {
    for (what, rows, parts) in ROWS {
        let site = Site::with(rows);
        symlink("new", site.bench.path("symlink")).unwrap();
        let said = site.refuses("mounted true");
        for part in parts {
            assert!(said.contains(part), "{what}: {part:?} is not in {said}");
        }
    }
}

#[test]
fn what_does_not_exist_needs_no_hiding() {
    let site = Site::with(
        "[[link]]\nfrom = '$T/x'\nto = '$T/gone'\nprivate = true\nmember = 'other'\n\
         [[link]]\nfrom = '$T/y'\nto = '$T/old/which/z'\nprivate = true\nmember = 'other'\n",
    );
    assert_eq!(site.prints("mounted cat $T/old/which"), "old");
}

#[test]
fn what_cannot_follow_changes_is_told_once() {
    let site = Site::with("[[link]]\nfrom = '$T/old'\nto = '$T/new'\nlive = true\nmember = 'm'\n");
    for user in USERS {
        let ran = site.run(user, "mounted sh -c 'cat $T/old/which; env true'");
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "new"));
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert!(
            ran.stderr.contains("\"$T/old\" is a live link"),
            "{}",
            ran.stderr
        );
    }
    assert_eq!(
        site.run(User::Root, "psl -q --engine mount -- true").stderr,
        ""
    );

    let site = Site::new();
    let said = site.run(User::Root, "PSL_PIN=process mounted true").stderr;
    assert!(said.contains("PSL_PIN has no effect"), "{said}");
}

#[test]
fn an_instance_inside_one_is_refused_whatever_has_become_of_its_variables() {
    let site = Site::new();
    let again = "$T/psl-admin --store $T/store run --member m";
    for inner in [
        format!("{again} --engine mount -- echo ran"),
        format!("{again} --engine preload -- echo ran"),
        format!("{again} -- echo ran"),
        format!("env -i {again} --engine mount -- echo ran"),
        format!("env -i {again} -- echo ran"),
    ] {
        let said = site.refuses(&format!("mounted {inner}"));
        assert!(
            said.contains("the mount namespace of an instance") && said.contains("outside"),
            "{inner}: {said}"
        );
    }
    // Nor does the namespace of a copy, which a nested container has, show the host's files.
    let said = site.run(
        User::Root,
        &format!("mounted unshare --mount {again} -- echo ran"),
    );
    assert_eq!((said.code, said.stdout.as_str()), (5, ""), "{said:?}");
}
