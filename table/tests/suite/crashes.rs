//! What a dead committer leaves.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;

use psl_table::store::{Store, Trust};

use crate::child;
use crate::commits::{add, store};

/// How many committers are killed.
const ROUNDS: u32 = 60;

#[test]
fn a_killed_committer_leaves_a_whole_table_and_no_lock() {
    if let Some(dir) = child::argument() {
        let store = Store::open(Path::new(&dir), Trust::Owner).unwrap();
        for number in 0.. {
            let pid = std::process::id();
            let generation = add(&store, &format!("/{pid}/{number}")).unwrap();
            println!("acknowledged {generation}");
        }
    }
    let (_dir, store) = store();
    let test = "crashes::a_killed_committer_leaves_a_whole_table_and_no_lock";
    let mut acknowledged = 1;
    for round in 0..ROUNDS {
        let mut committer = child::command(test, store.dir()).spawn().unwrap();
        let lines = BufReader::new(committer.stdout.take().unwrap()).lines();
        let mut generations = lines.filter_map(|line| {
            let line = line.unwrap();
            let (_, number) = line.split_once("acknowledged ")?;
            Some(number.parse::<u64>().unwrap())
        });
        acknowledged = generations.nth(1).unwrap();
        // A commit takes some hundred microseconds: each round dies at another point of it.
        let start = std::time::Instant::now();
        while start.elapsed().as_micros() < u128::from(round * 37) {
            std::hint::spin_loop();
        }
        committer.kill().unwrap();
        committer.wait().unwrap();
        acknowledged = generations.last().unwrap_or(acknowledged);

        let table = store.read().unwrap();
        assert!(
            table.generation >= acknowledged,
            "round {round}: a commit was lost"
        );
        assert!(store.is_published(&table).unwrap());
        let links = table.links.len() as u64;
        let history = store.history().unwrap();
        assert_eq!(history.len() as u64, links + 1, "round {round}");
    }
    let generation = add(&store, "/after").unwrap();
    assert!(generation > acknowledged);
    assert_eq!(leftovers(&store), [] as [String; 0]);
}

fn leftovers(store: &Store) -> Vec<String> {
    let names = fs::read_dir(store.dir()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(".aside.")).collect()
}

#[test]
fn whatever_a_committer_leaves_the_next_one_goes_on() {
    // What the dead committer left as history/3.toml, and the number of the next commit.
    type Left = Option<fn(&str) -> String>;
    let rows: [(Left, u64); 4] = [
        (None, 3),
        (Some(|_| String::new()), 4),
        (Some(|_| "#: generation 3 after 2\n#: who al".to_owned()), 4),
        (
            Some(|text| {
                text.replace("after 1", "after 2")
                    .replace("generation 2", "generation 3")
            }),
            4,
        ),
    ];
    for (number, (left, next)) in rows.into_iter().enumerate() {
        let (_dir, store) = store();
        add(&store, "/a").unwrap();
        let text = store.read_raw().unwrap();
        fs::write(store.dir().join(".aside.1.0"), "").unwrap();
        fs::write(store.dir().join(".aside.1.1"), &text[..text.len() / 2]).unwrap();
        fs::write(
            store.dir().join("lock"),
            "bob on nodeb, pid 7, since yesterday\n",
        )
        .unwrap();
        if let Some(left) = left {
            fs::write(store.generation_file(3), left(&text)).unwrap();
        }
        let kept = || {
            store
                .history()
                .unwrap()
                .iter()
                .map(|of| of.generation)
                .collect::<Vec<_>>()
        };
        assert_eq!(store.read().unwrap().generation, 2);
        assert_eq!(kept(), [2, 1], "row {number}");
        assert_eq!(add(&store, "/b").unwrap(), next, "row {number}");
        assert_eq!(kept(), [next, 2, 1], "row {number}");
        assert!(leftovers(&store).is_empty(), "row {number}");
        assert_eq!(fs::read_to_string(store.dir().join("lock")).unwrap(), "");
    }
}
