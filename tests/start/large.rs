//! Tables of ten thousand rows.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use psl_table::history::Author;
use psl_table::pinned::{Engine, Pinned, VARIABLE, View};
use psl_table::store::{CommitOptions, Store};
use psl_table::trust::Trust;
use psl_tests::instance::Instance;
use psl_tests::{shim, store};

use crate::bench::{Bench, LINKED, assert_says, output};

const ROWS: usize = 10_000;

/// Commits a table with a link more for each number, each of the member's, beside the first one.
fn commit(bench: &Bench) {
    let mut table = fs::read_to_string(bench.store().join("table.toml")).expect("it is there");
    for row in 1..ROWS {
        let (from, to) = (bench.at(&format!("from-{row}")), bench.at("2"));
        let member = store::MEMBER;
        write!(
            table,
            "[[link]]\nfrom = {from:?}\nto = {to:?}\nmember = {member:?}\n"
        )
        .expect("a string takes what it is given");
    }
    let opened = Store::open(&bench.store(), Trust::Owner).expect("the store is there");
    let committed = opened.replace(&Author::here(None), CommitOptions::default(), &table);
    committed.expect("the table is right");
}

#[test]
fn an_instance_of_a_large_table_passes_its_generation_on() {
    let bench = Bench::new();
    bench.configure("");
    commit(&bench);
    let last = bench.at(&format!("from-{}", ROWS - 1));
    let script = format!(
        "cat {:?} && echo && read -r line && env -i /bin/cat {last:?}",
        bench.at("which")
    );
    let mut shell = bench.command(Path::new("/bin/bash"));
    shell.env("PATH", "/usr/bin:/bin");
    shell
        .env("LD_PRELOAD", shim::library())
        .args(["-c", &script]);
    let mut shell = Instance::start(shell);
    assert_eq!(shell.next_line().as_bytes(), LINKED);
    // What is current does not matter to it: its generation is in the history.
    bench.break_table();
    shell.tell("");
    let (status, rest) = shell.end();
    assert!(
        status.success() && rest.concat().as_bytes() == LINKED,
        "{rest:?}"
    );

    // Where the history is gone, its processes do not run, whatever the policy.
    bench.configure("on_error = \"ignore\"\n");
    let pinned = Pinned {
        generation: 3,
        member: store::MEMBER.into(),
        engine: Engine::Auto(None),
        view: View::Stored,
    };
    let child = || {
        let mut command = bench.instance();
        command.env(VARIABLE, pinned.to_string());
        output(command)
    };
    assert_says(&child(), 0, LINKED, &[]);
    fs::rename(bench.store(), bench.at("away")).expect("it can be moved");
    assert_says(&child(), 78, b"", &["store"]);
}

#[test]
fn a_large_table_is_kept_as_the_last_good_one() {
    let bench = Bench::new();
    bench.configure("on_error = \"last-good\"\n");
    commit(&bench);
    for _ in 0..2 {
        assert_says(&output(bench.run(&[])), 0, LINKED, &[]);
    }
    bench.break_table();
    assert_says(&output(bench.run(&[])), 0, LINKED, &["generation 3"]);
}
