//! Texts before and after an edit.
use super::*;

const HEAD: &str = "#: generation 1\n# Ask bob.\nformat=1\ngeneration =  1 # kept\n";

fn criteria(pairs: &[(&str, &str)]) -> Criteria {
    let mut criteria = Criteria::default();
    for (key, value) in pairs {
        criteria.set(key, value).expect("the rows are valid");
    }
    criteria
}

fn add(text: &str, pairs: &[(&str, &str)]) -> String {
    let criteria = criteria(pairs);
    let row = Row {
        from: "/a",
        to: "/b \"c\"",
        criteria: &criteria,
        private: true,
        live: false,
        note: Some("why"),
    };
    add_link(&read(text), &row)
}

/// Every edited text is a table that psl-table reads.
fn read(text: &str) -> psl_table::table::Table {
    psl_table::table::Table::parse("table.toml".as_ref(), text)
        .expect("an edit makes a valid table")
}

#[test]
fn a_link_is_added_behind_everything_else() {
    let row = "\n[[link]]\nfrom = \"/a\"\nto = '/b \"c\"'\nmember = \"m\"\nprivate = true\nnote = \"why\"\n";
    for tail in [
        "",
        "\n# [[link]]\n# an example\n",
        "\n[[link]]\nfrom = \"/x\"\nto = \"/y\"\n\n[member.m]\napp = \"erp\" # tail\n# end\n",
    ] {
        let text = format!("{HEAD}{tail}");
        let edited = add(&text, &[("member", "m")]);
        assert_eq!(edited, format!("{text}{row}"));
        assert_eq!(
            read(&edited)
                .links
                .last()
                .expect("a link was added")
                .to
                .as_str(),
            "/b \"c\""
        );
    }
}

#[test]
fn a_link_is_added_to_an_array_of_inline_rows() {
    let rows = [
        (
            "link = [\n  { from = '/x', to = '/y' }, # first\n]\n# end\n",
            "link = [\n  { from = '/x', to = '/y' }, # first\n  ROW,\n]\n# end\n",
        ),
        (
            "link = [{ from = '/x', to = '/y' }]\n",
            "link = [{ from = '/x', to = '/y' }, ROW]\n",
        ),
        ("link = [] # end\n", "link = [ROW] # end\n"),
        ("link = [\n  # none\n]\n", "link = [ROW\n  # none\n]\n"),
    ];
    let row = "{ from = \"/a\", to = '/b \"c\"', private = true, note = \"why\" }";
    for (before, after) in rows {
        let edited = add(&format!("{HEAD}{before}"), &[]);
        assert_eq!(edited, format!("{HEAD}{}", after.replace("ROW", row)));
        read(&edited);
    }
}

#[test]
fn every_criterion_is_written_and_read_back() {
    let pairs = [
        ("group", "canary"),
        ("app", "erp"),
        ("version", ">=2, <3"),
        ("host", "node*"),
        ("user", "1000"),
        ("exe", "*/firefox*"),
        ("env.LANG", "de*"),
        ("env.odd name", ""),
    ];
    let edited = add(HEAD, &pairs);
    assert_eq!(
        read(&edited).links[0].criteria,
        criteria(&pairs),
        "{edited}"
    );
}

#[test]
fn line_ends_stay_as_they_are() {
    let text = HEAD.replace('\n', "\r\n");
    let edited = add(&text, &[]);
    assert!(edited.starts_with(&text));
    assert!(!edited.replace("\r\n", "").contains('\n'), "{edited:?}");

    let text = format!("{text}[member.a]\r\napp = 'x' # tail\r\n\n# lone\n");
    let edited = set_attributes(&text, "a", &[("app".into(), Some("y".into()))]);
    assert_eq!(edited, text.replace("'x'", "\"y\""));
}

#[test]
fn a_removed_row_takes_its_own_comment_and_nothing_else() {
    let rows = [
        // Between two others.
        (
            "\n# first\n[[link]]\nfrom = '/1'\nto = '/2'\n\n",
            "# own\n# own, too\n[[link]] # head\nfrom = '/a'\nto = '/b' # tail\nwhen.app = 'x'\n\n",
            "# last\n[[link]]\nfrom = '/3'\nto = '/4'\n",
        ),
        // A comment at a distance is not the row's own, neither above nor below.
        (
            "\n# about all\n\n",
            "[[link]]\nto = '/b'\nfrom = '/a'\n\n",
            "# about the rest\n[member.m]\n",
        ),
        // With tables of its own below it, at the end, without a final newline.
        (
            "\n[member.m]\n",
            "\n[[link]]\nfrom = '/a'\nto = '/b'\n[link.when]\napp = 'x'\n\n[link.when.env]\nLANG = 'de'",
            "",
        ),
        // Its own table stands somewhere else.
        ("\n", "[[link]]\nfrom = '/a'\nto = '/b'\n\n", "[member.m]\n"),
    ];
    for (before, row, after) in rows {
        let text = format!("{HEAD}{before}{row}{after}");
        let index = read(&text)
            .links
            .iter()
            .position(|link| link.from.as_str() == "/a");
        let edited = remove_link(&text, index.expect("the row is there"));
        assert_eq!(edited, format!("{HEAD}{before}{after}"));
        read(&edited);
    }
}

#[test]
fn a_row_whose_criteria_stand_elsewhere_is_removed_whole() {
    let text = format!(
        "{HEAD}\n[[link]]\nfrom = '/a'\nto = '/b'\n\n[member.m]\napp = 'x'\n\n[link.when]\napp = 'x'\n"
    );
    let edited = remove_link(&text, 0);
    assert_eq!(edited, format!("{HEAD}\n[member.m]\napp = 'x'\n"));
}

#[test]
fn an_inline_row_is_removed() {
    let text =
        format!("{HEAD}link = [{{ from = '/x', to = '/y' }}, {{ from = '/a', to = '/b' }}]\n");
    assert_eq!(
        remove_link(&text, 1),
        format!("{HEAD}link = [{{ from = '/x', to = '/y' }}]\n")
    );
}

#[test]
fn attributes_are_set_in_every_form_that_a_member_can_have() {
    let app = |text: &str| vec![("app".to_owned(), Some(Value::from(text)))];
    let rows = [
        (
            "[member.m]\napp  = 'x'  # tail\n# below\n",
            "[member.m]\napp  = \"y\"  # tail\n# below\n",
        ),
        (
            "[member]\nm = { app = 'x', version = '1' }\n",
            "[member]\nm = { app = \"y\", version = '1' }\n",
        ),
        (
            "member.m.app = 'x' # tail\n",
            "member.m.app = \"y\" # tail\n",
        ),
        (
            "member = { m = { app = 'x' } }\n",
            "member = { m = { app = \"y\" } }\n",
        ),
    ];
    for (before, after) in rows {
        let edited = set_attributes(&format!("{HEAD}{before}"), "m", &app("y"));
        assert_eq!(edited, format!("{HEAD}{after}"));
    }
}

#[test]
fn a_member_that_is_not_listed_joins_the_others() {
    let attributes = [
        ("app".to_owned(), Some(Value::from("erp"))),
        ("groups".to_owned(), Some(groups("a, b"))),
        ("version".to_owned(), None),
    ];
    let own = "[member.\"e r p\"]\napp = \"erp\"\ngroups = [\"a\", \"b\"]\n";
    let rows = [
        ("", format!("\n{own}")),
        (
            "\n[member.m]\napp = 'x'\n\n# link\n[[link]]\nfrom = '/a'\nto = '/b'\n",
            format!("\n[member.m]\napp = 'x'\n\n{own}\n# link\n[[link]]\nfrom = '/a'\nto = '/b'\n"),
        ),
    ];
    for (before, after) in rows {
        let edited = set_attributes(&format!("{HEAD}{before}"), "e r p", &attributes);
        assert_eq!(edited, format!("{HEAD}{after}"));
        assert_eq!(read(&edited).members["e r p"].groups, ["a", "b"]);
    }
    for before in [
        "member.m.app = 'x'\n",
        "member = { m = { app = 'x' } }\n",
        "[member]\n",
    ] {
        let edited = set_attributes(&format!("{HEAD}{before}"), "e r p", &attributes);
        assert_eq!(
            read(&edited).members["e r p"].app.as_deref(),
            Some("erp"),
            "{edited}"
        );
    }
}

#[test]
fn a_member_is_removed_in_every_form_that_it_can_have() {
    let rows = [
        (
            "\n[member.n]\n\n",
            "# own\n[member.m]\napp = 'x'\n\n",
            "# link\n[[link]]\nfrom = '/a'\nto = '/b'\n",
        ),
        ("[member]\n", "m = { app = 'x' }\n", "n = {}\n"),
        (
            "member.n.app = 'x'\n",
            "member.m.app = 'x'\n",
            "member.n.version = '1'\n",
        ),
    ];
    for (before, own, after) in rows {
        let edited = remove_member(&format!("{HEAD}{before}{own}{after}"), "m");
        assert_eq!(edited, format!("{HEAD}{before}{after}"));
        read(&edited);
    }
}
