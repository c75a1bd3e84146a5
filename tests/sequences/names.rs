//! Random names: mostly such that lead somewhere, from where a sequence may be.

use proptest::prelude::*;
use proptest::sample::select;

/// Ways from the root that lead to links, through them, and to what is hidden.
const WAYS: &[&str] = &[
    "shared",
    "shared/version",
    "shared/version/dir",
    "shared/version/empty",
    "shared/version/nested",
    "shared/version/back",
    "shared/version2",
    "shared/version2/../version",
    "shared/chain",
    "shared/chain/..",
    "shared/room",
    "alias",
    "aliases/version/relative",
    "beside/deeper/up",
    "hops/11",
    "other",
    "other/house",
    "spare/dir",
];

/// Files, and what is none.
const FILES: &[&str] = &[
    "shared/version/which",
    "shared/version/dir/inner",
    "shared/version/backfile",
    "shared/current",
    "shared/dangling",
    "shared/circle",
    "shared/erp2",
    "shared/version/private/which",
    "beside/lair",
    "other/here",
    "spare/file",
];

/// Ways from where a sequence may have gone.
const INSIDE: &[&str] = &[
    ".",
    "..",
    "../..",
    "version",
    "../version",
    "version/dir",
    "nested",
    "../nested",
    "back",
    "dir",
    "up/version",
    "erp2",
    "private",
];

/// Names that nothing has at first: what a sequence makes.
const OWN: &[&str] = &["n1", "n2", "n3"];

const ANY: &[&str] = &[
    "n1", "n2", "n3", "..", ".", "", "version", "nested", "which", "inner", "relative", "up",
];

/// Returns any name; `{}` at its front is the root.
pub fn any() -> impl Strategy<Value = String> {
    let from_root = |ways| {
        let start = prop_oneof![1 => Just(""), 3 => Just("{}/"), 1 => Just("/proc/self/cwd/")];
        (start, select(ways)).prop_map(|(start, way)| format!("{start}{way}"))
    };
    let way = || {
        prop_oneof![
            3 => from_root(WAYS),
            2 => select(INSIDE).prop_map(String::from),
        ]
    };
    let own = || select(OWN).prop_map(String::from);
    let rest = proptest::collection::vec(select(ANY), 0..3);
    let joined = |(first, second): (String, String)| format!("{first}/{second}");
    prop_oneof![
        3 => way(),
        1 => from_root(FILES),
        4 => own(),
        4 => (way(), own()).prop_map(joined),
        1 => (own(), own()).prop_map(joined),
        2 => (prop_oneof![way(), own()], rest).prop_map(|(way, rest)| format!("{way}/{}", rest.join("/"))),
    ]
}
