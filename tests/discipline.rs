//! What holds for every hook: little stack, any thread, any handler, any child, and before main.

use std::path::Path;

use psl_tests::fixture::Occupant;
use psl_tests::run::{Bench, Library};
use psl_tests::shim;

fn bench(occupant: Occupant) -> Bench {
    let bench = Bench::with_programs(Path::new(env!("CARGO_BIN_EXE_probe")));
    bench.build(occupant);
    bench
}

/// Has a probe do it, on symlinks alone first: a strain that the kernel does not stand proves nothing.
fn assert_stands(how: &str) {
    for (occupant, library) in [
        (Occupant::Itself, Library::Absent),
        (Occupant::Directory, Library::Engine),
    ] {
        let bench = bench(occupant);
        let mut command = bench.command(Path::new(env!("CARGO_BIN_EXE_probe")), library);
        command.args(["strain", how]).arg(bench.root());
        let output = command.output().expect("a probe runs");
        assert!(
            output.status.success() && output.stdout == b"done\n",
            "{how}, {library:?}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
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

/// Says what a library's constructor and then main found at the link.
fn seen_early(library: &Path) -> String {
    let bench = bench(Occupant::Directory);
    let mut command = bench.command(Path::new(env!("CARGO_BIN_EXE_probe")), Library::Engine);
    let preload = format!("{}:{}", shim::library().display(), library.display());
    command
        .env("LD_PRELOAD", preload)
        .env("EARLY_PATH", bench.root().join("shared/version/which"))
        .arg("early")
        .arg(bench.root());
    let output = command.output().expect("a probe runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_constructor_of_another_library_finds_the_links() {
    assert_eq!(seen_early(shim::early()), "two two\n");
}

#[test]
fn a_constructor_that_insists_on_being_first_passes_through() {
    assert_eq!(seen_early(shim::earliest()), "decoy two\n");
}
