//! What a process inherits and cannot have been given.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Output;

use psl_table::pinned::{Engine, Pinned, VARIABLE, View};
use psl_table::snapshot::{Row, Snapshot};
use psl_table::tree::Host;
use psl_tests::store;

use crate::bench::{Bench, LINKED, assert_says, output};

/// What an instance of a member passes on that has the link.
fn passed_on(bench: &Bench, member: &str) -> Vec<u8> {
    let (from, to) = (bench.at("which"), bench.at("2"));
    let row = Row {
        from: from.as_os_str().as_bytes(),
        to: to.as_os_str().as_bytes(),
        live: false,
    };
    let snapshot = Snapshot::new(2, 0, &[row], &[], &Host).expect("no circle");
    let pinned = Pinned {
        generation: 2,
        member: member.into(),
        engine: Engine::Preload,
        view: View::Resolved(snapshot),
    };
    pinned.to_string().into_bytes()
}

fn with(bench: &Bench, text: &[u8]) -> Output {
    let mut command = bench.instance();
    command.env(VARIABLE, OsStr::from_bytes(text));
    output(command)
}

#[track_caller]
fn assert_refused(bench: &Bench, text: &[u8]) {
    assert_says(&with(bench, text), 78, b"", &[VARIABLE]);
}

#[test]
fn no_value_that_an_instance_did_not_pass_on_makes_a_process_start() {
    let bench = Bench::new();
    bench.configure("");
    // Nobody needs the store any more.
    std::fs::rename(bench.store(), bench.at("away")).expect("it can be moved");
    let right = passed_on(&bench, store::MEMBER);
    assert_says(&with(&bench, &right), 0, LINKED, &[]);

    for at in 0..right.len() {
        for bit in [0, 3, 7] {
            let mut text = right.clone();
            text[at] ^= 1 << bit;
            assert_refused(&bench, &text);
        }
    }
    // None at all is a launch, and the store is away.
    for length in 1..right.len() {
        assert_refused(&bench, &right[..length]);
    }
    let later = [b"9", &right[1..]].concat();
    for text in [&later[..], b";", b"1", &[b'1'; 100_000], &[0xff; 40]] {
        assert_refused(&bench, text);
    }
}

#[test]
fn what_another_member_passes_on_is_no_instance_of_this_one() {
    let bench = Bench::new();
    bench.configure("");
    let theirs = passed_on(&bench, "erp9");
    assert_says(&with(&bench, &theirs), 0, LINKED, &[]);
    // Its own launch, which needs the store.
    std::fs::rename(bench.store(), bench.at("away")).expect("it can be moved");
    assert_says(&with(&bench, &theirs), 78, b"", &["store"]);
}
