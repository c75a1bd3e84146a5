//! Compares walks over private links with the kernel's own answers on real symlinks, in random trees.

mod twins;

use proptest::prelude::*;
use twins::{Case, Decoy, Node};

fn component() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c", "v", "v1"])
}

fn path(depth: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(component(), depth).prop_map(|parts| parts.join("/"))
}

/// Any spelling, absolute or not.
fn spelling() -> impl Strategy<Value = String> {
    let part = prop_oneof![6 => component().prop_map(String::from), 2 => Just("..".into()), 1 => Just(".".into()), 1 => Just(String::new())];
    (
        any::<bool>(),
        prop::collection::vec(part, 1..7),
        prop::sample::select(vec!["", "", "", "/", "/.", "//"]),
    )
        .prop_map(|(absolute, parts, tail)| {
            format!(
                "{}{}{tail}",
                if absolute { "/" } else { "" },
                parts.join("/")
            )
        })
}

fn absolute() -> impl Strategy<Value = String> {
    path(1..4).prop_map(|path| format!("/{path}"))
}

fn node() -> impl Strategy<Value = Node> {
    let text = || spelling().prop_filter("a symlink has a text", |text| !text.is_empty());
    let decoy = prop_oneof![
        3 => Just(Decoy::None),
        1 => Just(Decoy::Dir),
        1 => Just(Decoy::File),
        1 => text().prop_map(Decoy::Symlink),
    ];
    prop_oneof![
        4 => Just(Node::Dir),
        2 => Just(Node::File),
        3 => text().prop_map(Node::Symlink),
        3 => (absolute(), decoy).prop_map(|(to, decoy)| Node::Private { to, decoy }),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    (
        prop::collection::vec((path(1..4), node()), 1..14),
        prop::collection::vec((spelling(), any::<bool>()), 24),
        path(0..3),
    )
        .prop_map(|(nodes, names, start)| Case {
            nodes,
            names,
            start,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn a_walk_over_private_links_ends_where_the_kernel_ends_on_symlinks(case in case()) {
        twins::compare(&case).map_err(TestCaseError::fail)?;
    }
}
