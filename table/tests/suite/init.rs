//! A store's first day.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use psl_table::error::Class;
use psl_table::store::{Store, Trust};

use crate::commits::{add, store};

#[test]
fn a_store_is_made_in_a_directory_that_is_missing_or_empty_or_its_own() {
    for make in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store");
        if make {
            fs::create_dir(&path).unwrap();
            fs::create_dir(path.join("lost+found")).unwrap();
        }
        let store = Store::init(&path).unwrap();
        let table = store.read().unwrap();
        assert_eq!((table.generation, table.links.len()), (1, 0));
        assert_eq!(
            store.history().unwrap()[0].reason.as_deref(),
            Some("a new store")
        );

        add(&store, "/a").unwrap();
        let again = Store::init(&path).unwrap();
        assert_eq!(again.read().unwrap(), store.read().unwrap());
    }
}

#[test]
fn a_directory_that_holds_something_else_is_refused_and_left_alone() {
    for name in ["notes.txt", "table.toml", ".hidden"] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(name), "mine").unwrap();
        let error = Store::init(dir.path()).unwrap_err();
        assert_eq!(error.class(), Class::Refused, "{error}");
        let found = format!("is no store and not empty (it holds {name:?})");
        assert!(error.to_string().contains(&found), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_place_that_others_can_write_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o777)).unwrap();
    for name in ["", "store"] {
        let error = Store::init(&dir.path().join(name)).unwrap_err();
        assert_eq!(error.class(), Class::Refused, "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_parent_that_is_missing_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let error = Store::init(&dir.path().join("unmounted/store")).unwrap_err();
    assert_eq!(error.class(), Class::Storage, "{error}");
    assert!(error.to_string().starts_with("cannot make "), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn an_init_that_died_is_completed() {
    // What lies in history/1.toml when there is a history, and the generation made.
    for (left, generation) in [
        (None, 1),
        (Some(""), 2),
        (Some("#: generation 1 after 0\n"), 2),
    ] {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("history")).unwrap();
        fs::write(dir.path().join(".aside.1.0"), "").unwrap();
        if let Some(left) = left {
            fs::write(dir.path().join("history/1.toml"), left).unwrap();
        }
        let store = Store::init(dir.path()).unwrap();
        assert_eq!(store.read().unwrap().generation, generation);
        let numbers: Vec<_> = store
            .history()
            .unwrap()
            .iter()
            .map(|of| of.generation)
            .collect();
        assert_eq!(numbers, [generation]);
    }
}

#[test]
fn a_store_that_lost_its_table_is_not_made_empty() {
    let (_dir, store) = store();
    add(&store, "/a").unwrap();
    fs::remove_file(store.table_file()).unwrap();
    let error = Store::init(store.dir()).unwrap_err().to_string();
    assert!(error.contains("has lost its table.toml"), "{error}");
    assert!(!store.table_file().exists());
    assert_eq!(store.history().unwrap().len(), 2);
}

#[test]
fn two_who_make_one_store_make_one_table() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| Store::init(&path).unwrap());
        }
    });
    let store = Store::open(&path, Trust::Owner).unwrap();
    assert_eq!(store.generations().unwrap(), [1]);
    assert_eq!(store.read().unwrap().generation, 1);
}
