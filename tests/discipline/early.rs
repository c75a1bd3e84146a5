//! What other libraries see before main.

use std::path::Path;

use psl_tests::fixture::Occupant;
use psl_tests::run::Library;
use psl_tests::shim;

use crate::bench;

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
