//! Links that lead round in circles, and those that only look so.

use std::path::Path;

use psl_table::table::Table;

/// Parses rows of `from`, `to` and further keys.
fn parse(rows: &[(&str, &str, &str)]) -> Result<Table, psl_table::Error> {
    let members = "[member.m]\napp = \"erp\"\nversion = \"1\"\ngroups = [\"g\"]\n";
    let mut text = format!("format = 1\ngeneration = 1\n{members}");
    for (from, to, keys) in rows {
        text += &format!("[[link]]\nfrom = \"{from}\"\nto = \"{to}\"\n{keys}\n");
    }
    Table::parse(Path::new("table.toml"), &text)
}

#[test]
fn a_cycle_that_a_process_could_meet_is_refused() {
    let rows: &[&[(&str, &str, &str)]] = &[
        &[("/a", "/b", ""), ("/b", "/a", "")],
        &[("/a", "/b/x", ""), ("/b", "/a", "")],
        &[("/a", "/b", ""), ("/b", "/c", ""), ("/c", "/a/x/y", "")],
        // The rest of the path meets the next link.
        &[("/a", "/b/x", ""), ("/b", "/c", ""), ("/c/x", "/a", "")],
        // The second link lies behind the first.
        &[("/x", "/w", ""), ("/x/y", "/q", ""), ("/q", "/w/y", "")],
        &[("/a", "/b", "member = \"m\""), ("/b", "/a", "")],
        &[
            ("/a", "/b", "member = \"m\""),
            ("/b", "/a", "member = \"m\""),
        ],
        &[
            ("/a", "/b", "member = \"m\""),
            ("/b", "/a", "when.app = \"erp\""),
        ],
        &[
            ("/a", "/b", "when.app = \"erp\""),
            ("/b", "/a", "when.version = \"2\""),
        ],
        &[
            ("/a", "/b", "when.group = \"g\""),
            ("/b", "/a", "when.group = \"h\""),
        ],
        &[
            ("/a", "/b", "when.host = \"n*\""),
            ("/b", "/a", "when.host = \"nodea\""),
        ],
        &[
            ("/a", "/b", "when.exe = \"*x*\""),
            ("/b", "/a", "when.exe = \"*y*\""),
        ],
        &[
            ("/a", "/b", "when.user = \"root\""),
            ("/b", "/a", "when.user = 0"),
        ],
        // Whoever is not the member meets it.
        &[
            ("/a", "/b", ""),
            ("/b", "/a", ""),
            ("/a", "/c", "member = \"m\""),
        ],
    ];
    for row in rows {
        let error = parse(row).expect_err(&format!("{row:?}")).to_string();
        assert!(error.contains(": a cycle of links: "), "{row:?}: {error}");
    }
}

#[test]
fn a_cycle_names_its_rows_and_blames_the_last_one() {
    let error = parse(&[
        ("/z", "/a", ""),
        ("/a", "/b", ""),
        ("/b", "/c/x", ""),
        ("/c", "/a", ""),
    ]);
    let expected = "table.toml:21:6: a cycle of links: \"/b\" (line 15) -> \"/c\" (line 19) -> \"/a\" (line 11) \
        and again; remove one of them, or give them criteria that no process meets together";
    assert_eq!(error.unwrap_err().to_string(), expected);
}

#[test]
fn rows_that_no_process_meets_together_make_no_cycle() {
    let rows: &[&[(&str, &str, &str)]] = &[
        &[
            ("/a", "/b", "member = \"m\""),
            ("/b", "/a", "member = \"n\""),
        ],
        &[
            ("/a", "/b", "when.app = \"x\""),
            ("/b", "/a", "when.app = \"y\""),
        ],
        &[
            ("/a", "/b", "when.version = \"1\""),
            ("/b", "/a", "when.version = \"2\""),
        ],
        &[
            ("/a", "/b", "when.host = \"a\""),
            ("/b", "/a", "when.host = \"b*\""),
        ],
        &[("/a", "/b", "when.user = 1"), ("/b", "/a", "when.user = 2")],
        &[
            ("/a", "/b", "when.env.L = \"de\""),
            ("/b", "/a", "when.env.L = \"en\""),
        ],
        // The table says that the member has neither this application nor this group.
        &[
            ("/a", "/b", "member = \"m\""),
            ("/b", "/a", "when.app = \"crm\""),
        ],
        &[
            ("/a", "/b", "member = \"m\""),
            ("/b", "/a", "when.group = \"h\""),
        ],
        // The member has another link in place of the one that would close the cycle.
        &[
            ("/v", "/v1", ""),
            ("/v1", "/v", "member = \"m\""),
            ("/v", "/v2", "member = \"m\""),
        ],
        &[
            ("/v", "/v1", ""),
            ("/v1", "/v", "when.app = \"x\""),
            ("/v", "/v2", "when.app = \"x\""),
        ],
        // The same link twice on one way is no cycle.
        &[("/s", "/t", ""), ("/t/u", "/s/v", ""), ("/r", "/s/u", "")],
        &[("/a", "/b", ""), ("/b", "/c", ""), ("/b1", "/a", "")],
        // A link to a directory above it.
        &[("/a/b", "/a", "")],
        &[("/a", "/", ""), ("/b", "/a/c", "")],
    ];
    for row in rows {
        parse(row).unwrap_or_else(|error| panic!("{row:?}: {error}"));
    }
}

#[test]
fn a_chain_of_40_links_is_allowed_and_one_of_41_is_not() {
    let chain = |length: usize| {
        let names: Vec<String> = (0..=length).map(|number| format!("/l{number}")).collect();
        let rows: Vec<_> = names
            .windows(2)
            .map(|pair| (pair[0].as_str(), pair[1].as_str(), ""))
            .collect();
        parse(&rows).map(|table| table.links.len())
    };
    assert_eq!(chain(40).unwrap(), 40);
    let error = chain(41).unwrap_err().to_string();
    assert!(
        error.contains(": a chain of more than 40 links, expected fewer"),
        "{error}"
    );
}
