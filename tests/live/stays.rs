//! When a running process keeps what it saw last.

use std::fs;
use std::thread;

use psl_tests::instance::Instance;

use crate::bench::{Bench, SECOND};

/// Has something done, lets a look be due, and returns what is seen then, with what was said before it.
fn seen_after(asked: &mut Instance, act: impl FnOnce()) -> Vec<String> {
    act();
    thread::sleep(SECOND);
    asked.tell("");
    let mut lines = Vec::new();
    loop {
        let line = asked.next_line();
        let is_answer = !line.starts_with("psl");
        lines.push(line);
        if is_answer {
            return lines;
        }
    }
}

#[test]
fn a_table_that_cannot_be_used_is_told_once_and_followed_again_when_it_can() {
    let bench = Bench::new(9);
    let mut handled = Instance::start(bench.probe("handled", &[]));
    let mut asked = |act: &dyn Fn()| seen_after(&mut handled, act);
    let (store, away) = (bench.store(), bench.store().with_extension("away"));
    let table = store.join("table.toml");
    assert_eq!(asked(&|| ()), ["1 0"]);

    let gone = asked(&|| fs::rename(&store, &away).expect("it can be moved"));
    assert_eq!((gone.len(), &*gone[1]), (2, "1 0"));
    assert!(
        gone[0].contains(&format!("{table:?}")) && gone[0].contains("stay"),
        "{gone:?}"
    );
    assert_eq!(asked(&|| ()), ["1 0"]);
    assert_eq!(
        asked(&|| fs::rename(&away, &store).expect("it can be moved")),
        ["1 0"]
    );
    assert_eq!(asked(&|| bench.commit(2)), ["2 0"]);

    let broken = asked(&|| fs::write(&table, "format = 1\nforma").expect("it can be written"));
    assert_eq!((broken.len(), &*broken[1]), (2, "2 0"));
    assert!(broken[0].contains("table.toml:2:6"), "{broken:?}");
    assert_eq!(asked(&|| ()), ["2 0"]);
    assert_eq!(asked(&|| bench.commit(3)), ["3 0"]);
    assert!(handled.end().0.success());
}

#[test]
fn a_link_that_is_taken_away_or_live_no_more_stays_as_it_was() {
    let bench = Bench::new(9);
    let mut handled = Instance::start(bench.probe("handled", &[]));
    let mut asked = |act: &dyn Fn()| seen_after(&mut handled, act);
    assert_eq!(asked(&|| bench.commit(2)), ["2 0"]);
    assert_eq!(
        asked(&|| bench.commit_table("format = 1\ngeneration = 1\n")),
        ["2 0"]
    );
    assert_eq!(asked(&|| bench.commit(3)), ["3 0"]);
    let fixed = bench.table(4).replace("live = true\n", "");
    assert_eq!(asked(&|| bench.commit_table(&fixed)), ["3 0"]);
    assert_eq!(asked(&|| bench.commit(5)), ["5 0"]);
    assert!(handled.end().0.success());
}

#[test]
fn a_process_behind_a_filter_of_system_calls_asks_for_no_more_than_its_own() {
    let bench = Bench::new(2);
    let mut filtered = Instance::start(bench.probe("filtered", &[]));
    assert_eq!(filtered.next_line(), "1");
    bench.commit(2);
    thread::sleep(SECOND);
    filtered.tell("");
    assert_eq!(filtered.next_line(), "1");
    assert!(filtered.end().0.success());
}
