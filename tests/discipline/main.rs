//! What holds for every hook: little stack, any thread, any handler, any child, any allocator, any filter, and before main.

mod allocators;
mod early;
mod names;
mod sanitizers;
mod strains;

use std::path::Path;

use psl_tests::fixture::Occupant;
use psl_tests::run::Bench;

/// Makes a tree with programs, with this at the links.
fn bench(occupant: Occupant) -> Bench {
    let bench = Bench::with_programs(Path::new(env!("CARGO_BIN_EXE_probe")));
    bench.build(occupant);
    bench
}
