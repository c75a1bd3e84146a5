//! Whose store is trusted.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::path::Path;

use psl_table::error::Class;
use psl_table::store::{Store, Trust};

use crate::commits::store;

fn read(dir: &Path, trust: Trust) -> Result<(), psl_table::Error> {
    let store = Store::open(dir, trust)?;
    store.read()?;
    store.read_members()?;
    store.read_generation(1)?;
    store.history().map(drop)
}

fn refusal(dir: &Path) -> String {
    read(dir, Trust::Any).unwrap();
    let error = read(dir, Trust::Owner).unwrap_err();
    assert_eq!(error.class(), Class::Refused, "{error}");
    error.to_string()
}

#[test]
fn what_others_can_write_is_not_trusted() {
    let rows = [
        ("", 0o775, "its group"),
        ("", 0o1777, "group and others"),
        ("table.toml", 0o664, "its group"),
        ("table.toml", 0o646, "others"),
        ("table.toml", 0o622, "group and others"),
        ("members.toml", 0o666, "group and others"),
        ("history", 0o775, "its group"),
        ("history/1.toml", 0o646, "others"),
        // A directory above the store.
        ("..", 0o777, "group and others"),
    ];
    for (name, mode, who) in rows {
        let (_dir, store) = store();
        fs::write(store.members_file(), "").unwrap();
        let file = store.dir().join(name);
        fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        let shown = file.canonicalize().unwrap();
        let shown = shown.to_str().unwrap();
        let expected = format!(
            "{shown:?} is writable by {who} (mode {mode:04o}), expected only by its owner; \
             run `chmod go-w {shown}`"
        );
        assert_eq!(refusal(store.dir()), expected);
    }
}

#[test]
fn a_sticky_directory_above_the_store_is_trusted() {
    let (dir, store) = store();
    fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o1777)).unwrap();
    read(store.dir(), Trust::Owner).unwrap();
}

#[test]
fn what_belongs_to_a_third_user_is_not_trusted() {
    assert!(
        rustix::process::geteuid().is_root(),
        "this test gives files away, which takes root; run it as root"
    );
    for name in [
        "",
        "table.toml",
        "members.toml",
        "history",
        "history/1.toml",
        "..",
    ] {
        let (_dir, store) = store();
        fs::write(store.members_file(), "").unwrap();
        let file = store.dir().join(name);
        chown(&file, Some(4711), None).unwrap();
        let shown = file.canonicalize().unwrap();
        let shown = shown.to_str().unwrap();
        let expected =
            format!("{shown:?} belongs to uid 4711, expected root; run `chown 0 {shown}`");
        assert_eq!(refusal(store.dir()), expected);
    }
}

#[test]
fn a_symlink_on_the_way_is_followed_and_checked() {
    let (dir, _store) = store();
    symlink("store", dir.path().join("relative")).unwrap();
    symlink(dir.path().join("relative"), dir.path().join("absolute")).unwrap();
    fs::create_dir(dir.path().join("open")).unwrap();
    symlink("../open/../absolute", dir.path().join("open/dots")).unwrap();
    for name in [
        "relative",
        "absolute",
        "open/dots",
        "open/../store",
        "./store/",
    ] {
        read(&dir.path().join(name), Trust::Owner)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    // Whoever can write the directory of the symlink can lead it elsewhere.
    let open = dir.path().join("open");
    fs::set_permissions(&open, PermissionsExt::from_mode(0o777)).unwrap();
    assert!(refusal(&open.join("dots")).contains("is writable by group and others"));
    fs::set_permissions(&open, PermissionsExt::from_mode(0o1777)).unwrap();
    read(&open.join("dots"), Trust::Owner).unwrap();
    if rustix::process::geteuid().is_root() {
        lchown(open.join("dots"), Some(4711), None).unwrap();
        assert!(refusal(&open.join("dots")).contains("run `chown -h 0 "));
    }
    symlink("loop", dir.path().join("loop")).unwrap();
    let error = Store::open(&dir.path().join("loop"), Trust::Owner)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("Too many levels of symbolic links"),
        "{error}"
    );
}
