//! Many committers at once.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use psl_table::error::Class;
use psl_table::store::{CommitOptions, Store, Trust};

use crate::child;
use crate::commits::{add, author, link, store};

const PROCESSES: usize = 4;
const THREADS: usize = 4;
const COMMITS: usize = 5;

#[test]
fn no_update_of_many_processes_and_threads_is_lost() {
    if let Some(dir) = child::argument() {
        let store = Store::open(Path::new(&dir), Trust::Owner).unwrap();
        let options = CommitOptions {
            lock_wait: Duration::from_secs(120),
            ..CommitOptions::default()
        };
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let store = &store;
                scope.spawn(move || {
                    for commit in 0..COMMITS {
                        let from = format!("/{}/{thread}/{commit}", std::process::id());
                        store.commit(&author(&from), options, link(&from)).unwrap();
                    }
                });
            }
        });
        return;
    }
    let (_dir, store) = store();
    let test = "threads::no_update_of_many_processes_and_threads_is_lost";
    let mut processes: Vec<_> = (0..PROCESSES)
        .map(|_| {
            child::command(test, store.dir())
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    // A reader meanwhile sees whole generations only, each with one link more than the one before.
    while processes
        .iter_mut()
        .any(|process| process.try_wait().unwrap().is_none())
    {
        let table = store.read().unwrap();
        assert_eq!(table.links.len() as u64 + 1, table.generation);
    }
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    let table = store.read().unwrap();
    let all = PROCESSES * THREADS * COMMITS;
    assert_eq!((table.links.len(), table.generation), (all, all as u64 + 1));
    assert_eq!(store.history().unwrap().len(), all + 1);
}

#[test]
fn a_held_lock_names_its_holder_and_dies_with_it() {
    let hold = |store: &Store| {
        let by = author("slow");
        store.commit(&by, CommitOptions::default(), |table| {
            println!("locked");
            std::io::stdout().flush().unwrap();
            // Ends when the parent closes the pipe, which it does not.
            std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
            link("/held")(table)
        })
    };
    if let Some(dir) = child::argument() {
        hold(&Store::open(Path::new(&dir), Trust::Owner).unwrap()).unwrap();
        return;
    }
    let (_dir, store) = store();
    let test = "threads::a_held_lock_names_its_holder_and_dies_with_it";
    let mut holder = child::command(test, store.dir())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("locked")));

    let options = CommitOptions {
        lock_wait: Duration::from_millis(50),
        ..CommitOptions::default()
    };
    let error = store.commit(&author("x"), options, link("/a")).unwrap_err();
    assert_eq!(error.class(), Class::Conflict);
    let expected = format!(
        "lock\" is locked by alice on nodea, pid {}, since 20",
        holder.id()
    );
    assert!(error.to_string().contains(&expected), "{error}");
    assert_eq!(store.read().unwrap().generation, 1);

    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(add(&store, "/a").unwrap(), 2);
}

#[test]
fn a_commit_inside_a_commit_is_refused_instead_of_waiting_for_itself() {
    let (_dir, store) = store();
    let options = CommitOptions {
        lock_wait: Duration::ZERO,
        ..CommitOptions::default()
    };
    let mut inner = None;
    store
        .commit(&author("outer"), CommitOptions::default(), |table| {
            inner = Some(store.commit(&author("inner"), options, link("/inner")));
            link("/outer")(table)
        })
        .unwrap();
    let error = inner.unwrap().unwrap_err().to_string();
    assert!(
        error.contains("is locked by another thread of this program"),
        "{error}"
    );
    assert_eq!(store.read().unwrap().links.len(), 1);
}
