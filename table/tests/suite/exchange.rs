//! Commits on a text that was read before.

use std::fs;

use psl_table::error::{Class, Error};
use psl_table::store::CommitOptions;

use crate::commits::{add, author, store};

const OTHER: &str = "format = 1\ngeneration = 1\n[[link]]\nfrom = \"/x\"\nto = \"/y\"\n";

#[test]
fn a_text_is_exchanged_for_the_one_that_was_read_only() {
    let (_dir, store) = store();
    let options = CommitOptions::default();
    let before = store.read_raw().unwrap();
    assert_eq!(
        store
            .exchange(&author("one"), options, &before, OTHER)
            .unwrap(),
        2
    );
    assert_eq!(store.read().unwrap().links.len(), 1);

    // Another generation is current.
    let error = store
        .exchange(&author("late"), options, &before, OTHER)
        .unwrap_err();
    assert!(matches!(error, Error::Conflict { found: 2, .. }), "{error}");

    // The same generation, edited in place: broken, too.
    let before = store.read_raw().unwrap();
    for text in [
        format!("{before}# by hand\n"),
        "format = ".to_owned(),
        String::new(),
    ] {
        fs::write(store.table_file(), &text).unwrap();
        let expected = CommitOptions {
            if_generation: None,
            ..options
        };
        let error = store
            .exchange(&author("hand"), expected, &before, OTHER)
            .unwrap_err();
        assert_eq!(error.class(), Class::Conflict);
        assert!(
            error.to_string().contains("was edited in place meanwhile"),
            "{error}"
        );
        assert_eq!(store.read_raw().unwrap(), text);
    }
    let number = store
        .exchange(&author("mended"), options, "", OTHER)
        .unwrap();
    assert_eq!(store.read().unwrap().generation, number);
}

#[test]
fn a_broken_table_is_read_for_those_who_mend_it() {
    let (_dir, store) = store();
    add(&store, "/a").unwrap();
    fs::write(store.table_file(), b"format = 1 # \xff\n").unwrap();
    assert!(store.read_raw().is_err());
    assert_eq!(store.read_lossy().unwrap(), "format = 1 # \u{fffd}\n");
    fs::remove_file(store.table_file()).unwrap();
    assert!(matches!(store.read_lossy(), Err(Error::LostTable { .. })));
}
