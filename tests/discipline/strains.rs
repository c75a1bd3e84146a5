//! Calls where there is little room, or where much else happens at the same time.

use std::path::Path;
use std::process::Command;

use psl_table::history::Author;
use psl_table::store::{CommitOptions, Store};
use psl_table::trust::Trust;
use psl_tests::fixture::Occupant;
use psl_tests::run::Library;
use psl_tests::store;

use crate::bench;

/// Has a probe do it, on symlinks alone first: a strain that the kernel does not stand proves nothing.
fn assert_stands(how: &str) {
    assert_stands_with(how, |_, _| {});
}

/// The same, with something else in the environment.
pub fn assert_stands_with(how: &str, prepare: impl Fn(&mut Command, Library)) {
    for (occupant, library) in [
        (Occupant::Itself, Library::Absent),
        (Occupant::Directory, Library::Engine),
    ] {
        let bench = bench(occupant);
        let mut command = bench.command(Path::new(env!("CARGO_BIN_EXE_probe")), library);
        command.args(["strain", how]).arg(bench.root());
        prepare(&mut command, library);
        let output = command.output().expect("a probe runs");
        assert!(
            output.status.success() && output.stdout == b"done\n",
            "{how}, {library:?}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// The same with links that are live, in the library's run.
fn assert_stands_with_live_links(how: &str) {
    let bench = bench(Occupant::Directory);
    let table =
        store::table_for(&bench.root()).replace("private = true", "private = true\nlive = true");
    let opened = Store::open(&bench.store(), Trust::Owner).expect("the store is there");
    let committed = opened.replace(&Author::here(None), CommitOptions::default(), &table);
    committed.expect("the table is right");
    let mut command = bench.command(Path::new(env!("CARGO_BIN_EXE_probe")), Library::Engine);
    let output = command.args(["strain", how]).arg(bench.root()).output();
    let output = output.expect("a probe runs");
    assert!(
        output.status.success() && output.stdout == b"done\n",
        "{how}: {output:?}"
    );
}

#[test]
fn live_links_stand_what_others_do() {
    for how in [
        "alternate stack",
        "small thread",
        "many threads",
        "interrupted",
        "forks",
        "vforks",
        "churn",
        "cancelled",
        "fresh threads",
        "closed",
        "cleared",
        "other root",
        "strict filters",
        "no readlink",
    ] {
        assert_stands_with_live_links(how);
    }
}

#[test]
fn a_signal_handler_on_a_stack_of_8_kib_makes_calls() {
    assert_stands("alternate stack");
}

#[test]
fn a_thread_with_a_stack_of_16_kib_makes_calls() {
    assert_stands("small thread");
}

#[test]
fn more_threads_than_there_are_slots_make_calls_at_once() {
    assert_stands("many threads");
}

#[test]
fn a_handler_makes_calls_in_the_middle_of_calls() {
    assert_stands("interrupted");
}

#[test]
fn children_of_a_process_with_threads_make_calls() {
    assert_stands("forks");
}

#[test]
fn children_in_their_parents_memory_make_calls_and_execute() {
    assert_stands("vforks");
}

#[test]
#[cfg(target_arch = "x86_64")]
fn vfork_by_number_returns_twice() {
    assert_stands("vfork by number");
}

#[test]
fn a_name_that_comes_to_lead_to_a_link_does_so_at_once() {
    assert_stands("turns");
}

#[test]
fn a_name_that_led_through_a_link_and_no_longer_does_fails_at_once() {
    assert_stands("detours");
}

#[test]
fn links_do_not_hold_behind_another_root() {
    assert_stands("other root");
}

#[test]
fn a_call_asks_the_kernel_for_no_more_than_it_does_on_a_symlink_and_readlink() {
    assert_stands("strict filters");
}

#[test]
fn where_readlink_is_forbidden_links_hold_by_their_names() {
    assert_stands("no readlink");
}

#[test]
fn ten_thousand_threads_leave_nothing_behind() {
    assert_stands("churn");
}

#[test]
fn threads_that_are_cancelled_in_a_call_leave_nothing_behind() {
    assert_stands("cancelled");
}

#[test]
fn the_first_calls_of_a_thread_allocate_nothing() {
    assert_stands("fresh threads");
}

#[test]
fn a_process_that_has_closed_all_descriptors_makes_calls() {
    assert_stands("closed");
}

#[test]
fn links_survive_an_emptied_environment() {
    assert_stands("cleared");
}
