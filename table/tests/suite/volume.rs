//! Large tables.

use std::fmt::Write;
use std::path::Path;

use psl_table::select::select;
use psl_table::subject::Subject;
use psl_table::table::Table;

const ROWS: usize = 10_000;

fn table(row: impl Fn(usize) -> String) -> String {
    let mut text = String::from("format = 1\ngeneration = 1\n");
    for number in 0..ROWS {
        writeln!(text, "[[link]]\n{}", row(number)).unwrap();
    }
    text
}

#[test]
fn ten_thousand_rows_are_read() {
    type Row = fn(usize) -> String;
    let rows: [(&str, Row); 4] = [
        ("members of one place", |row| {
            format!("from = \"/v\"\nto = \"/v{row}\"\nmember = \"m{row}\"\nprivate = true")
        }),
        ("places", |row| {
            format!("from = \"/a/{row}\"\nto = \"/b/{row}\"\nprivate = true")
        }),
        ("places that lie behind each other", |row| {
            let member = row / 2;
            let (from, to) = if row % 2 == 0 {
                ("/v", "/now/x")
            } else {
                ("/now", "/w")
            };
            format!("from = \"{from}\"\nto = \"{to}\"\nmember = \"m{member}\"")
        }),
        ("hosts of one place", |row| {
            format!("from = \"/v\"\nto = \"/v{row}\"\nwhen.host = \"node{row}\"")
        }),
    ];
    for (name, row) in rows {
        let text = table(row);
        let table = Table::parse(Path::new("t"), &text).unwrap();
        let selection = select(&table, &Subject::of_member(&table, Some("m7")));
        let warnings = table.warnings().len();
        assert_eq!(table.links.len(), ROWS);
        assert!(selection.links.len() <= ROWS && warnings == 0, "{name}");
    }
}

#[test]
fn a_table_made_to_be_hard_to_judge_is_judged_all_the_same() {
    // Thirty places with hundreds of rows each that a process may or may not meet together: in the first
    // table they lead on in a circle, in the second one there are as many ways and none is endless.
    type Target = fn(usize) -> usize;
    let rows: [(&str, Target, bool); 2] = [
        ("a circle", |place| (place + 1) % 30, false),
        ("ways", |place| place + 1, true),
    ];
    for (name, target, valid) in rows {
        let text = table(|row| {
            let (from, to) = (row % 30, target(row % 30));
            format!("from = \"/{from}\"\nto = \"/{to}/x\"\nwhen.exe = \"*{row}*\"")
        });
        let outcome = Table::parse(Path::new("t"), &text);
        assert_eq!(outcome.is_ok(), valid, "{name}");
    }
}
