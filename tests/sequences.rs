//! Random sequences of calls: each call finds what the ones before it have made of the tree and of the process.
//!
//! A sequence that fails is made as short as it can be, and printed as lines; in a file in `sequences/once/` it is
//! played for ever after. `PSL_SEQUENCES` says how many are tried, `PSL_SEED` which.

mod names;
mod once;
mod prelude;
mod steps;
mod verdict;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use psl_tests::fixture::Occupant;
use psl_tests::run::Bench;
use psl_tests::script::Call;

use verdict::{Verdict, verdict};

/// What may lie at the links.
const OCCUPANTS: [Occupant; 4] = [
    Occupant::Nothing,
    Occupant::Directory,
    Occupant::File,
    Occupant::Symlink,
];

/// How many sequences the ordinary run tries.
const SEQUENCES: u32 = 40;
const LONGEST: usize = 20;

/// The user whom calls are made as: if they ever left the tree, root's would do harm.
fn user() -> Option<u32> {
    const NOBODY: u32 = 65534;
    rustix::process::geteuid().is_root().then_some(NOBODY)
}

/// Plays a sequence in both trees, up to a call that changes what only the table may; says where they differ.
fn differ(bench: &Bench, occupant: Occupant, calls: &[Call]) -> Option<String> {
    let real = bench.play_on(Occupant::Itself, user(), calls);
    let private = bench.play_on(occupant, user(), calls);
    // The last line is what has changed without a call that may.
    let at_last = Call::parse("at last\t\t\tfalse");
    for (call, (real, private)) in calls.iter().chain(&at_last).zip(real.iter().zip(&private)) {
        match verdict(call, real, private) {
            Verdict::Same => {}
            Verdict::Diverges => return None,
            Verdict::Wrong => {
                let how = format!("{call}\n  real     {real}\n  private  {private}");
                return Some(how.replace(&bench.root().display().to_string(), "{}"));
            }
        }
    }
    None
}

fn number(variable: &str) -> Option<u32> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is to be a number, not {text:?}")),
    )
}

#[test]
fn random_sequences_of_calls_are_alike() {
    let bench = Bench::deep(crate::probe());
    let root = bench.root();
    let seed = number("PSL_SEED").unwrap_or_default();
    let config = Config {
        cases: number("PSL_SEQUENCES").unwrap_or(SEQUENCES),
        failure_persistence: None,
        max_shrink_iters: 1000,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let steps = proptest::collection::vec(steps::any(), 1..LONGEST);
    let strategy = (
        prop::sample::select(&OCCUPANTS[..]),
        prelude::any(&root),
        steps,
    );
    let calls = |first: &[Call], steps: &[steps::Step]| -> Vec<Call> {
        let steps = steps.iter().map(|step| step.call(&root));
        first.iter().cloned().chain(steps).collect()
    };
    let tried =
        TestRunner::new_with_rng(config, rng).run(
            &strategy,
            |(occupant, first, steps)| match differ(&bench, occupant, &calls(&first, &steps)) {
                None => Ok(()),
                Some(how) => Err(TestCaseError::fail(how)),
            },
        );
    match tried {
        Ok(()) => {}
        Err(TestError::Fail(how, (occupant, first, steps))) => panic!(
            "with PSL_SEED={seed}, where {occupant:?} lies at the links: {how}\nkeep it in tests/sequences/once/:\n{}",
            once::written(&calls(&first, &steps), &root)
        ),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

#[test]
fn sequences_that_failed_once_are_alike() {
    let bench = Bench::deep(crate::probe());
    for (name, calls) in once::all(&bench.root()) {
        for occupant in OCCUPANTS {
            if let Some(how) = differ(&bench, occupant, &calls) {
                panic!("{name}, where {occupant:?} lies at the links: {how}");
            }
        }
    }
}
