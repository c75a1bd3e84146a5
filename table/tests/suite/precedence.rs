//! Which rows hold, which win, and what stays hidden.

use std::path::Path;

use psl_table::criteria::{Criteria, CriteriaFlaw, Key, Verdict};
use psl_table::select::{Edge, Outcome, by_precedence, outcomes, select};
use psl_table::subject::Subject;
use psl_table::table::Table;

fn parse(links: &str) -> Table {
    let members = "[member.m]\napp = \"erp\"\nversion = \"1.2\"\ngroups = [\"g\", \"h\"]\n";
    let text = format!("format = 1\ngeneration = 1\n{members}{links}");
    Table::parse(Path::new("table.toml"), &text).unwrap()
}

/// Makes a table of links from `/v`, the first to `/0`, the next to `/1` and so on.
fn rivals(criteria: &[&str]) -> Table {
    let link = |(number, keys): (usize, &&str)| {
        format!("[[link]]\nfrom = \"/v\"\nto = \"/{number}\"\n{keys}\n")
    };
    parse(&criteria.iter().enumerate().map(link).collect::<String>())
}

fn subject(table: &Table, member: Option<&str>) -> Subject {
    let mut subject = Subject::of_member(table, member)
        .with_exe("/opt/firefox/firefox-bin")
        .with_env(vec![
            (b"LANG".to_vec(), b"de_DE".to_vec()),
            (b"LANG".to_vec(), b"en_GB".to_vec()),
            (b"EMPTY".to_vec(), b"".to_vec()),
            (b"ODD".to_vec(), b"\xff".to_vec()),
        ]);
    subject.host = "nodea".to_owned();
    subject.uid = 1000;
    subject.user = Some("alice".to_owned());
    subject
}

#[test]
fn a_row_holds_when_every_key_agrees() {
    let rows = [
        ("", Verdict::Holds),
        ("member = \"m\"", Verdict::Holds),
        ("member = \"n\"", Verdict::Fails(Key::Member)),
        ("when.group = \"h\"", Verdict::Holds),
        ("when.group = \"i\"", Verdict::Fails(Key::Group)),
        ("when.app = \"erp\"", Verdict::Holds),
        ("when.app = \"er\"", Verdict::Fails(Key::App)),
        ("when.version = \"1.2\"", Verdict::Holds),
        ("when.version = \">=1.2.0, <2\"", Verdict::Holds),
        ("when.version = \">=1.3\"", Verdict::Fails(Key::Version)),
        ("when.host = \"node?\"", Verdict::Holds),
        ("when.host = \"node\"", Verdict::Fails(Key::Host)),
        ("when.user = \"alice\"", Verdict::Holds),
        ("when.user = 1000", Verdict::Holds),
        ("when.user = \"1001\"", Verdict::Fails(Key::User)),
        ("when.user = \"bob\"", Verdict::Fails(Key::User)),
        ("when.exe = \"*/firefox*\"", Verdict::Holds),
        ("when.exe = \"/opt/*\"", Verdict::Holds),
        ("when.exe = \"firefox*\"", Verdict::Fails(Key::Exe)),
        ("when.env.LANG = \"de*\"", Verdict::Holds),
        ("when.env.LANG = \"en*\"", Verdict::Fails(Key::Env("LANG"))),
        ("when.env.EMPTY = \"\"", Verdict::Holds),
        ("when.env.EMPTY = \"?*\"", Verdict::Fails(Key::Env("EMPTY"))),
        ("when.env.ODD = \"?\"", Verdict::Holds),
        ("when.env.UNSET = \"*\"", Verdict::Fails(Key::Env("UNSET"))),
        (
            "member = \"m\"\nwhen = { app = \"erp\", host = \"x\" }",
            Verdict::Fails(Key::Host),
        ),
    ];
    for (keys, verdict) in rows {
        let table = rivals(&[keys]);
        let subject = subject(&table, Some("m"));
        assert_eq!(table.links[0].criteria.holds(&subject), verdict, "{keys}");
    }
}

#[test]
fn without_a_member_no_row_of_a_member_or_group_holds() {
    let table = rivals(&["member = \"m\"", "when.group = \"g\"", "when.app = \"erp\""]);
    assert!(select(&table, &subject(&table, None)).links.is_empty());
}

#[test]
fn attributes_of_the_environment_are_for_members_that_the_table_does_not_list() {
    let table = rivals(&["when = { app = \"crm\", version = \"7\" }"]);
    for (member, expected) in [(Some("m"), 0), (Some("other"), 1), (None, 1)] {
        let subject = Subject::of_member(&table, member).or_attributes(
            &table,
            Some("crm".to_owned()),
            Some("7".to_owned()),
        );
        assert_eq!(select(&table, &subject).links.len(), expected, "{member:?}");
    }
}

#[test]
fn the_calling_process_is_described_by_the_kernel() {
    let host = rustix::system::uname()
        .nodename()
        .to_str()
        .unwrap()
        .to_owned();
    let uid = rustix::process::geteuid().as_raw();
    let table = rivals(&["when.user = \"nobody-asks\""]);
    let subject = Subject::of_member(&table, None);
    assert_eq!((subject.host, subject.uid), (host, uid));
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap();
    let line = passwd
        .lines()
        .find(|line| line.split(':').nth(2) == Some(&uid.to_string()));
    let name = line.map(|line| line.split(':').next().unwrap().to_owned());
    assert_eq!(subject.user, name);
    let by_number = rivals(&["when.user = 0"]);
    assert_eq!(Subject::of_member(&by_number, None).user, None);
}

#[test]
fn of_the_rows_that_hold_the_strongest_wins() {
    let rows: [(&[&str], &str); 7] = [
        (&["", "when.app = \"erp\""], "/1"),
        (
            &[
                "when = { app = \"erp\", host = \"nodea\" }",
                "member = \"m\"",
            ],
            "/1",
        ),
        (
            &["member = \"m\"", "member = \"m\"\nwhen.app = \"erp\""],
            "/1",
        ),
        (&["when.app = \"erp\"", "when.host = \"nodea\""], "/0"),
        (&["when.host = \"nodea\"", "when.app = \"erp\""], "/0"),
        (
            &[
                "when.app = \"erp\"",
                "when.env = { LANG = \"*\", EMPTY = \"*\" }",
            ],
            "/1",
        ),
        (&["", "member = \"n\""], "/0"),
    ];
    for (criteria, winner) in rows {
        let table = rivals(criteria);
        let selection = select(&table, &subject(&table, Some("m")));
        let targets: Vec<_> = selection
            .links
            .iter()
            .map(|link| link.to.as_str())
            .collect();
        assert_eq!(targets, [winner], "{criteria:?}");
    }
}

#[test]
fn every_row_wins_or_loses_to_the_winner_or_does_not_hold() {
    let table = rivals(&[
        "",
        "when.app = \"erp\"",
        "when.group = \"i\"",
        "when = { app = \"erp\", user = \"alice\" }",
        "when = { app = \"erp\", host = \"*\" }",
        "member = \"m\"",
        "member = \"n\"",
    ]);
    let nobody = outcomes(&table, &subject(&table, None));
    assert_eq!(nobody[0], Outcome::Wins);
    assert_eq!(nobody[1], Outcome::Fails(Key::App));
    let own = Outcome::Loses(5, Edge::Member);
    assert_eq!(
        outcomes(&table, &subject(&table, Some("m"))),
        [
            own,
            own,
            Outcome::Fails(Key::Group),
            own,
            own,
            Outcome::Wins,
            Outcome::Fails(Key::Member)
        ]
    );
    let table = rivals(&["", "when.app = \"erp\"", "when.version = \"1.2\""]);
    assert_eq!(
        outcomes(&table, &subject(&table, Some("m"))),
        [
            Outcome::Loses(1, Edge::Keys),
            Outcome::Wins,
            Outcome::Loses(1, Edge::Order)
        ]
    );
}

#[test]
fn precedence_order_puts_the_strongest_row_of_a_place_first() {
    let table = rivals(&[
        "",
        "when.app = \"a\"",
        "member = \"m\"",
        "when.host = \"b\"",
    ]);
    let order: Vec<_> = by_precedence(&table)
        .iter()
        .map(|row| row.to.as_str())
        .collect();
    assert_eq!(order, ["/2", "/1", "/3", "/0"]);
}

#[test]
fn only_rows_between_which_order_decides_are_warned_of() {
    let rows: [(&[&str], usize); 7] = [
        (&["when.app = \"a\"", "when.host = \"b\""], 1),
        (&["when.app = \"a\"", "when.app = \"b\""], 0),
        (
            &["when.app = \"a\"", "when = { app = \"a\", host = \"b\" }"],
            0,
        ),
        (&["member = \"m\"", "member = \"n\""], 0),
        (&["member = \"m\"", "when.app = \"a\""], 0),
        (
            &[
                "when.group = \"a\"",
                "when.group = \"b\"",
                "when.group = \"c\"",
            ],
            2,
        ),
        (&["when.host = \"a*\"", "when.host = \"*a\""], 1),
    ];
    for (criteria, count) in rows {
        assert_eq!(rivals(criteria).warnings().len(), count, "{criteria:?}");
    }
    let warnings = rivals(&["when.app = \"a\"", "when.host = \"b\""]).warnings();
    assert_eq!(
        warnings[0].to_string(),
        "line 11: a process that meets both app=a and host=b gets the link from \"/v\" at line 7, \
         because it comes first"
    );
}

#[test]
fn a_private_target_is_hidden_unless_a_winner_leads_there() {
    let private = "[[link]]\nfrom = \"/v\"\nto = \"/v2\"\nmember = \"m\"\nprivate = true\n";
    let rows = [
        ("", Some("m"), &[][..]),
        ("", Some("n"), &["/v2"][..]),
        ("", None, &["/v2"]),
        // Two rows for one target hide it once.
        (
            "[[link]]\nfrom = \"/w\"\nto = \"/v2\"\nmember = \"o\"\nprivate = true\n",
            None,
            &["/v2"],
        ),
        // A link into the target leads there, one to the directory above or to its namesake does not.
        ("[[link]]\nfrom = \"/x\"\nto = \"/v2/sub\"\n", None, &[]),
        ("[[link]]\nfrom = \"/x\"\nto = \"/\"\n", None, &["/v2"]),
        ("[[link]]\nfrom = \"/x\"\nto = \"/v22\"\n", None, &["/v2"]),
        // A row that loses leads nowhere.
        (
            "[[link]]\nfrom = \"/v\"\nto = \"/v3\"\nmember = \"m\"\nwhen.app = \"erp\"\n",
            Some("m"),
            &["/v2"],
        ),
    ];
    for (more, member, hidden) in rows {
        let table = parse(&format!("{private}{more}"));
        let selection = select(&table, &subject(&table, member));
        let found = selection.hidden;
        assert_eq!(found, hidden, "{more} for {member:?}");
    }
}

#[test]
fn criteria_are_set_from_arguments_as_from_the_table() {
    let mut criteria = Criteria::default();
    for (key, value) in [("user", "1000"), ("env.LANG", "de*"), ("app", "erp")] {
        criteria.set(key, value).unwrap();
    }
    let table = rivals(&["when = { app = \"erp\", env = { LANG = \"de*\" }, user = 1000 }"]);
    assert_eq!(table.links[0].criteria, criteria);
    assert_eq!(criteria.to_string(), "app=erp user=1000 env.LANG=de*");
    assert_eq!(criteria.keys(), 3);
    let rows = [
        ("colour", "red", CriteriaFlaw::UnknownKey),
        ("env", "LANG", CriteriaFlaw::UnknownKey),
        ("env.", "x", CriteriaFlaw::VariableName),
        ("app", "crm", CriteriaFlaw::Twice),
        ("group", "", CriteriaFlaw::Empty),
    ];
    for (key, value, flaw) in rows {
        assert_eq!(criteria.set(key, value), Err(flaw), "{key}={value}");
    }
}
