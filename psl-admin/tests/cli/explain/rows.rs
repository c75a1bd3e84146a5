//! Which rows `explain` shows, and why each won or lost.
use super::{explained, line_of};
use crate::bench::Bench;
use serde_json::Value;
use std::os::unix::fs::symlink;

const ROWS: &str = "
[member.m]
app = 'erp'
version = '1.5'
groups = ['east']

[[link]]
from = '/p/x'
to = '/t/all'

[[link]]
from = '/p/x'
to = '/t/west'
when = { group = 'west' }

[[link]]
from = '/p/x'
to = '/t/app'
when = { app = 'erp' }

[[link]]
from = '/p/x'
to = '/t/version'
when = { version = '>=1' }

[[link]]
from = '/p/x'
to = '/t/both'
when = { app = 'erp', version = '>=1' }

[[link]]
from = '/p/x'
to = '/t/exe'
when = { app = 'erp', version = '>=1', exe = '*/erpd' }

[[link]]
from = '/p/x'
to = '/t/old'
when = { version = '<1', app = 'erp' }

[[link]]
from = '/p/x'
to = '/t/env'
when = { env = { TIER = 'gold' } }

[[link]]
from = '/p/x'
to = '/t/other'
member = 'n'

[[link]]
from = '/elsewhere'
to = '/t/elsewhere'
";

/// Returns the outcome of each row, by its target.
fn outcomes(answer: &Value) -> Vec<(&str, &str, &str)> {
    let rows = answer["rows"].as_array().unwrap().iter();
    rows.map(|row| {
        let text = |key: &str| row[key].as_str().unwrap();
        (
            text("to").trim_start_matches("/t/"),
            text("outcome"),
            text("why"),
        )
    })
    .collect()
}

#[test]
fn every_row_is_considered_in_precedence_order() {
    let bench = Bench::with(ROWS);
    let both = line_of(&bench, "to = '/t/both'") - 2;
    let more = |fewer: usize| format!("line {both} has more criteria: 2, not {fewer}");
    let (_, answer) = explained(&bench, "--member m /p/x");
    let expected = [
        ("other", "fails", "member is \"m\", not \"n\""),
        ("exe", "fails", "there is no exe, expected \"*/erpd\""),
        ("both", "won", "holds for app=erp version=>=1"),
        ("old", "fails", "version is \"1.5\", not \"<1\""),
        ("west", "fails", "group is \"east\", not \"west\""),
        ("app", "lost", &more(1)),
        ("version", "lost", &more(1)),
        ("env", "fails", "there is no env.TIER, expected \"gold\""),
        ("all", "lost", &more(0)),
        ("elsewhere", "won", "holds for every process"),
    ];
    assert_eq!(outcomes(&answer), expected);
    let rows = answer["rows"].as_array().unwrap();
    assert_eq!(
        (&rows[2]["line"], &rows[2]["criterion"]),
        (&both.into(), &Value::Null)
    );
    assert_eq!(
        (&rows[3]["criterion"], &rows[3]["won_by"]),
        (&"version".into(), &Value::Null)
    );
    assert_eq!(
        (&rows[5]["criterion"], &rows[5]["won_by"]),
        (&"keys".into(), &both.into())
    );
    assert!(
        rows[..9]
            .iter()
            .all(|row| row["on_the_way"] == true && row["place"] == "/p/x")
    );
    assert_eq!(rows[9]["on_the_way"], false);
    // As a text: those on the way, and how many others there are.
    let text = bench.run("explain --member m /p/x").stdout;
    assert!(text.contains("app=erp version=>=1 "), "{text}");
    assert!(!text.contains("elsewhere"), "{text}");
    assert!(
        text.ends_with("\n1 more row is for another place; --all lists it\n"),
        "{text}"
    );
    assert!(
        bench
            .run("explain --all --member m /p/x")
            .stdout
            .contains("/elsewhere")
    );
}

#[test]
fn the_winner_depends_on_whoever_asks() {
    let bench = Bench::with(ROWS);
    bench.ok("add --force --member m /p/x /t/member");
    let winner = |command: &mut std::process::Command| {
        let shown = bench.ran(command).stdout;
        let answer: Value = serde_json::from_str(&shown).unwrap();
        let won = outcomes(&answer).into_iter().find(|row| row.1 == "won");
        won.unwrap().0.to_owned()
    };
    let rows = [
        ("m", "", "member"),
        ("m", "--exe /v/bin/erpd", "member"),
        ("n", "", "other"),
    ];
    for (member, flags, expected) in rows {
        let arguments = format!("explain --json --member {member} {flags} /p/x");
        assert_eq!(
            winner(&mut bench.command(&arguments)),
            expected,
            "{arguments}"
        );
    }
    bench.ok("remove --member m /p/x");
    let arguments = "explain --json --member m --exe /v/bin/erpd /p/x";
    assert_eq!(winner(&mut bench.command(arguments)), "exe");
    let (_, answer) = explained(&bench, "--member m --exe /bin/sh /p/x");
    assert!(outcomes(&answer).contains(&("exe", "fails", "exe is \"/bin/sh\", not \"*/erpd\"")));
    bench.ok("member set m app=");
    let mut gold = bench.command("explain --json --member m /p/x");
    assert_eq!(winner(gold.env("TIER", "gold")), "version");
}

#[test]
fn rows_that_name_one_place_differently_are_told_from_each_other() {
    let bench = Bench::with(
        "
[[link]]
from = '$T/alias/x'
to = '/t/alias'

[[link]]
from = '$T/real/x'
to = '/t/real'
member = 'm'

[[link]]
from = '$T/other/x'
to = '/t/later'
",
    );
    bench.mkdir("real");
    for alias in ["alias", "other"] {
        symlink("real", bench.path(alias)).unwrap();
    }
    let real = line_of(&bench, "from = '$T/real/x'") - 1;
    let own = format!("line {real} is the member's own");
    let (_, answer) = explained(&bench, "--member m other/x");
    assert_eq!(
        outcomes(&answer),
        [
            ("real", "won", "holds for member=m"),
            ("alias", "lost", &own),
            ("later", "lost", &own)
        ]
    );
    bench.ok("member set n app=x");
    let (_, answer) = explained(&bench, "--member n real/x");
    let first = line_of(&bench, "from = '$T/alias/x'") - 1;
    let earlier = format!("line {first} stands earlier");
    assert_eq!(
        outcomes(&answer)[1..],
        [
            ("alias", "won", "holds for every process"),
            ("later", "lost", &earlier),
        ]
    );
}
