//! Random names: mostly such that lead somewhere, from where a sequence may be.

use proptest::prelude::*;
use proptest::sample::select;

/// Ways that lead to links, through them, and to what is hidden.
const WAYS: &[&str] = &[
    "shared",
    "shared/version",
    "shared/version/dir",
    "shared/version/nested",
    "shared/version/back",
    "shared/version2",
    "shared/chain",
    "alias",
    "aliases/version/relative",
    "beside/deeper/up",
    "beside/lair",
    "hops/11",
    "other/house",
    "version",
    "version/dir",
    "version2/nested",
    "nested",
    "back",
    "dir",
    "up/version",
    "spare",
];

const COMPONENTS: &[&str] = &[
    "version", "version1", "version2", "nested", "chain", "current", "dangling", "circle", "room",
    "erp2", "private", "lair", "which", "inner", "here", "file", "back", "relative", "up", "dir",
];

/// Names that nothing has at first: what a sequence makes.
const OWN: &[&str] = &["n1", "n2", "n3"];

fn component() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        6 => select(OWN),
        4 => select(COMPONENTS),
        2 => Just(".."),
        1 => Just("."),
        1 => Just(""),
    ]
}

/// Returns any name; `{}` at its front is the root.
pub fn any() -> impl Strategy<Value = String> {
    let start = prop_oneof![5 => Just(""), 3 => Just("{}/"), 1 => Just("../"), 1 => Just("/proc/self/cwd/")];
    let way = prop_oneof![3 => Just(None), 4 => select(WAYS).prop_map(Some)];
    let rest = proptest::collection::vec(component(), 0..3);
    (start, way, rest).prop_map(|(start, way, rest)| {
        let parts: Vec<_> = way.into_iter().chain(rest).collect();
        format!("{start}{}", parts.join("/"))
    })
}
