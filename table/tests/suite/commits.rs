//! Commits, one after the other.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use psl_table::error::Class;
use psl_table::history::{Author, without_header};
use psl_table::store::{CommitOptions, Store, Trust};
use psl_table::table::Table;
use psl_table::{Error, Result};
use tempfile::TempDir;

use crate::child;

pub fn store() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::init(&dir.path().join("store")).unwrap();
    (dir, store)
}

pub fn author(reason: &str) -> Author {
    Author {
        who: "alice".to_owned(),
        host: "nodea".to_owned(),
        reason: Some(reason.to_owned()),
    }
}

/// Returns the edit that adds a link from this place.
pub fn link(from: &str) -> impl Fn(&Table) -> Result<String> {
    move |table| {
        let text = table.text();
        Ok(format!(
            "{text}\n[[link]]\nfrom = \"{from}\"\nto = \"/target\"\n"
        ))
    }
}

pub fn add(store: &Store, from: &str) -> Result<u64> {
    store.commit(&author(from), CommitOptions::default(), link(from))
}

/// Returns the names and texts of all files in the store, but not of the lock.
fn contents(store: &Store) -> Vec<(String, String)> {
    let files = [store.dir().to_owned(), store.dir().join("history")];
    let entries = files.iter().flat_map(|dir| fs::read_dir(dir).unwrap());
    let paths = entries.map(|entry| entry.unwrap().path());
    let files = paths.filter(|path| path.is_file() && !path.ends_with("lock"));
    let mut contents: Vec<_> = files
        .map(|path| {
            (
                path.display().to_string(),
                fs::read_to_string(path).unwrap(),
            )
        })
        .collect();
    contents.sort();
    contents
}

#[test]
fn a_commit_becomes_current_and_stays_in_the_history() {
    let (_dir, store) = store();
    assert_eq!(add(&store, "/a").unwrap(), 2);
    assert_eq!(add(&store, "/b").unwrap(), 3);
    let table = store.read().unwrap();
    let places: Vec<_> = table.links.iter().map(|link| link.from.as_str()).collect();
    assert_eq!((table.generation, places), (3, vec!["/a", "/b"]));
    assert_eq!(store.generations().unwrap(), [1, 2, 3]);
    for (generation, links) in [(1, 0), (2, 1), (3, 2)] {
        let table = store.read_generation(generation).unwrap();
        assert_eq!((table.generation, table.links.len()), (generation, links));
    }
    assert!(store.is_published(&table).unwrap());

    let history = store.history().unwrap();
    let numbers: Vec<_> = history.iter().map(|of| (of.generation, of.after)).collect();
    assert_eq!(numbers, [(3, 2), (2, 1), (1, 0)]);
    let commit = &history[0];
    assert_eq!(
        (commit.who.as_str(), commit.host.as_str()),
        ("alice", "nodea")
    );
    assert_eq!(commit.reason.as_deref(), Some("/b"));
    assert!(
        commit.when.starts_with("20") && commit.when.ends_with('Z'),
        "{}",
        commit.when
    );
    assert_eq!(history[2].who, Author::here(None).who);
}

#[test]
fn the_text_survives_byte_for_byte_below_its_header() {
    let (_dir, store) = store();
    let text =
        "# mine  \r\n\tformat = 1\t# first\ngeneration = 7 # counted\n\n#: not a header\n# ä";
    store
        .replace(&author("x"), CommitOptions::default(), text)
        .unwrap();
    let expected = text.replace("= 7", "= 2");
    let raw = store.read_raw().unwrap();
    assert_eq!(without_header(&raw), expected);
    let header: Vec<_> = raw.lines().take(5).collect();
    assert_eq!(header[..2], ["#: generation 2 after 1", "#: who alice"]);
    assert_eq!(header[3..], ["#: host nodea", "#: reason x"]);

    add(&store, "/a").unwrap();
    let raw = store.read_raw().unwrap();
    assert!(without_header(&raw).starts_with(&expected.replace("= 2", "= 3")));
    assert_eq!(raw.matches("\n#: who ").count(), 1);
}

#[test]
fn an_edit_that_changes_nothing_makes_no_generation() {
    let (_dir, store) = store();
    add(&store, "/a").unwrap();
    let before = contents(&store);
    let same: [fn(&Table) -> String; 3] = [
        |table| table.text().to_owned(),
        |table| without_header(table.text()).to_owned(),
        |table| without_header(table.text()).replace("generation = 2", "generation = 99"),
    ];
    for edit in same {
        let result = store.commit(&author("same"), CommitOptions::default(), |table| {
            Ok(edit(table))
        });
        assert_eq!(result.unwrap(), 2);
        assert_eq!(contents(&store), before);
    }
}

#[test]
fn a_refused_commit_changes_nothing() {
    let (_dir, store) = store();
    add(&store, "/a").unwrap();
    let before = contents(&store);
    let too_large = "#".repeat(16 << 20);
    type Edit<'e> = &'e dyn Fn(&Table) -> Result<String>;
    let rows: [(Edit<'_>, Class, &str); 4] = [
        (
            &link("relative"),
            Class::Invalid,
            "`from` \"relative\" is relative",
        ),
        (
            &|_| Ok("format =\n".to_owned()),
            Class::Invalid,
            "table.toml:1:9: ",
        ),
        (
            &|_| Err(Error::UnknownGeneration(7)),
            Class::Usage,
            "generation 7",
        ),
        (
            &|table| Ok(format!("{}\n{too_large}", table.text())),
            Class::Invalid,
            "is too large",
        ),
    ];
    for (edit, class, expected) in rows {
        let error = store
            .commit(&author("x"), CommitOptions::default(), edit)
            .unwrap_err();
        assert_eq!(error.class(), class, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(contents(&store), before, "{error}");
    }
}

#[test]
fn an_error_counts_the_lines_of_the_edited_text() {
    let (_dir, store) = store();
    let edit = "format = 1\ngeneration = 1\nbad = 1\n";
    let error = store
        .replace(&author("x"), CommitOptions::default(), edit)
        .unwrap_err();
    let expected = format!("{}:3:1: unknown key `bad`", store.table_file().display());
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[test]
fn a_commit_on_an_older_generation_is_a_conflict_that_names_the_other_one() {
    let (_dir, store) = store();
    add(&store, "/a").unwrap();
    let before = contents(&store);
    let options = CommitOptions {
        if_generation: Some(1),
        ..CommitOptions::default()
    };
    let error = store
        .commit(&author("late"), options, link("/b"))
        .unwrap_err();
    assert_eq!(error.class(), Class::Conflict);
    let error = error.to_string();
    assert!(
        error.starts_with("the table is at generation 2, expected 1 (by alice on nodea at 20"),
        "{error}"
    );
    assert!(
        error.ends_with("Z: /a); look at the change with `psl-admin show 2`, then try again"),
        "{error}"
    );
    assert_eq!(contents(&store), before);
    let options = CommitOptions {
        if_generation: Some(2),
        ..CommitOptions::default()
    };
    assert_eq!(
        store
            .commit(&author("in time"), options, link("/b"))
            .unwrap(),
        3
    );
}

#[test]
fn a_number_that_somebody_takes_without_the_lock_is_a_conflict() {
    let (_dir, store) = store();
    let stolen = store.generation_file(2);
    let edit = |table: &Table| {
        fs::write(
            &stolen,
            table.text().replace("generation = 1", "generation = 2"),
        )
        .unwrap();
        link("/a")(table)
    };
    let error = store
        .commit(&author("x"), CommitOptions::default(), edit)
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Conflict {
                expected: 1,
                found: 2,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(store.read().unwrap().generation, 1);
    assert_eq!(add(&store, "/b").unwrap(), 3);
}

#[test]
fn a_broken_table_stops_a_commit_but_not_a_replacement() {
    for broken in ["format = 1\n[[", "", "\u{0}"] {
        let (_dir, store) = store();
        add(&store, "/a").unwrap();
        let good = store.read_raw().unwrap();
        fs::write(store.table_file(), broken).unwrap();
        assert_eq!(add(&store, "/b").unwrap_err().class(), Class::Invalid);
        assert_eq!(store.read_raw().unwrap(), broken);
        let options = CommitOptions {
            if_generation: Some(2),
            ..CommitOptions::default()
        };
        assert_eq!(store.replace(&author("mended"), options, &good).unwrap(), 3);
        assert_eq!(store.read().unwrap().links.len(), 1);
    }
    let (_dir, store) = store();
    let good = store.read_raw().unwrap();
    fs::remove_file(store.table_file()).unwrap();
    let error = store.read().unwrap_err().to_string();
    assert!(
        error.starts_with("the store ") && error.contains("has lost its table.toml"),
        "{error}"
    );
    assert_eq!(
        store
            .replace(&author("again"), CommitOptions::default(), &good)
            .unwrap(),
        2
    );
}

#[test]
fn an_editor_that_writes_in_place_does_not_change_the_history() {
    let (_dir, store) = store();
    add(&store, "/a").unwrap();
    let published = store.read().unwrap();
    let edited = published.text().replace("/target", "/other");
    fs::write(store.table_file(), &edited).unwrap();
    assert_eq!(store.read_generation(2).unwrap().text(), published.text());
    let table = store.read().unwrap();
    assert_eq!(table.links[0].to.as_str(), "/other");
    assert!(!store.is_published(&table).unwrap());
}

#[test]
fn a_generation_is_found_by_its_number_only() {
    let (_dir, store) = store();
    let error = store.read_generation(7).unwrap_err();
    assert!(matches!(error, Error::UnknownGeneration(7)), "{error}");
    fs::copy(store.generation_file(1), store.generation_file(7)).unwrap();
    let error = store.read_generation(7).unwrap_err().to_string();
    assert!(
        error.contains("7.toml:") && error.contains("`generation` is 1, expected 7"),
        "{error}"
    );
    fs::write(store.dir().join("history/08.toml"), "").unwrap();
    fs::write(store.dir().join("history/9.toml.bak"), "").unwrap();
    fs::write(store.dir().join("history/18446744073709551616.toml"), "").unwrap();
    assert_eq!(store.generations().unwrap(), [1, 7]);
}

#[test]
fn the_last_generation_is_not_followed_by_another() {
    let (_dir, store) = store();
    let last = store
        .read_raw()
        .unwrap()
        .replace("= 1\n\n#", "= 9007199254740991\n\n#");
    fs::write(store.table_file(), last).unwrap();
    assert_eq!(store.read().unwrap().generation, 9_007_199_254_740_991);
    let error = add(&store, "/a").unwrap_err().to_string();
    assert!(
        error.contains("generation 9007199254740991 is the last one"),
        "{error}"
    );
}

#[test]
fn modes_do_not_depend_on_the_umask() {
    if let Some(dir) = child::argument() {
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
        let store = Store::init(Path::new(&dir)).unwrap();
        add(&store, "/a").unwrap();
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let test = "commits::modes_do_not_depend_on_the_umask";
    let status = child::command(test, &store).status().unwrap();
    assert!(status.success());
    let rows = [
        ("", 0o755),
        ("history", 0o755),
        ("table.toml", 0o644),
        ("history/1.toml", 0o644),
        ("history/2.toml", 0o644),
        // Whoever could open the lock could hold it.
        ("lock", 0o600),
    ];
    for (name, mode) in rows {
        let found = fs::metadata(store.join(name)).unwrap().permissions().mode();
        assert_eq!(found & 0o7777, mode, "{name:?}");
    }
}

#[test]
fn a_store_has_the_members_that_its_file_lists() {
    let (_dir, store) = store();
    assert!(store.read_members().unwrap().0.is_empty());
    fs::write(store.members_file(), "[member.m]\nunit = \"m.service\"\n").unwrap();
    assert!(store.read_members().unwrap().0.contains_key("m"));
    fs::write(store.members_file(), "[member.m]\nunits = \"m.service\"\n").unwrap();
    let error = store.read_members().unwrap_err().to_string();
    let expected = format!(
        "{}:2:1: unknown key `units`",
        store.members_file().display()
    );
    assert!(error.starts_with(&expected), "{error}");
}

#[test]
fn a_store_without_a_trust_check_takes_a_shared_directory() {
    let (_dir, store) = store();
    for file in [store.dir().to_owned(), store.table_file()] {
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        fs::set_permissions(&file, PermissionsExt::from_mode(mode | 0o022)).unwrap();
    }
    let shared = Store::open(store.dir(), Trust::Any).unwrap();
    assert_eq!(add(&shared, "/a").unwrap(), 2);
}

#[test]
fn nobody_commits_while_something_is_done_exclusively() {
    let (_dir, store) = store();
    let author = Author::here(None);
    let wait = Duration::from_millis(20);
    let within = store.exclusively(&author, wait, || {
        let options = CommitOptions {
            lock_wait: wait,
            ..CommitOptions::default()
        };
        store.commit(&author, options, |table| Ok(table.text().to_owned()))
    });
    let error = within.unwrap().unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    assert_eq!(add(&store, "/a").unwrap(), 2);
}
