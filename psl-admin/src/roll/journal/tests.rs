//! Journals whole, torn, damaged, and written by two.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
use super::*;
use crate::roll::journal::event::{Step, Way};

fn line(token: u64, member: &str) -> Line {
    Line::of_this_moment(
        token,
        Event::Begun {
            member: member.to_owned(),
            way: Way::There,
            step: Step::Stop,
        },
    )
}

fn members(text: &[u8]) -> Result<Vec<String>, String> {
    let (lines, end) = parse(Path::new("rolls/r"), text).map_err(|failure| match failure {
        Failure::Told { message, .. } => message,
        other => panic!("{other:?}"),
    })?;
    assert!(end <= text.len() as u64);
    let members = lines.iter().filter_map(|line| line.event.member());
    Ok(members.map(str::to_owned).collect())
}

#[test]
fn a_line_is_read_as_it_was_written() {
    for member in ["erp1", "a\"b\\c", "ä,\"sum\":\"00000000\"}\n", "\u{2028}"] {
        let line = line(7, member);
        assert_eq!(Line::of_text(line.to_text().as_bytes()), Ok(line));
    }
}

#[test]
fn a_journal_torn_anywhere_in_its_last_line_lacks_that_line_alone() {
    let whole = [line(1, "a"), line(1, "b")].map(|line| line.to_text());
    let text = whole.concat();
    for cut in whole[0].len()..text.len() {
        assert_eq!(
            members(&text.as_bytes()[..cut]),
            Ok(vec!["a".to_owned()]),
            "{cut}"
        );
    }
    assert_eq!(members(text.as_bytes()).unwrap(), ["a", "b"]);
    let zeroed = [whole[0].as_bytes(), &[0; 100]].concat();
    assert_eq!(members(&zeroed).unwrap(), ["a"]);
}

#[test]
fn a_flaw_before_the_last_line_is_named() {
    let lines = [line(1, "a"), line(1, "b"), line(1, "c")].map(|line| line.to_text());
    let text = lines.concat();
    // The newline is no part of a line: without it, line and next line are one, the last.
    for at in lines[0].len()..lines[0].len() + lines[1].len() - 1 {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let error = members(&bytes).expect_err("a flipped bit is seen");
        assert!(error.starts_with("rolls/r:2: "), "{at}: {error}");
    }
}

#[test]
fn what_an_overtaken_program_wrote_does_not_count() {
    let lines = [line(1, "a"), line(2, "b"), line(1, "late"), line(2, "c")];
    let text: String = lines.iter().map(Line::to_text).collect();
    assert_eq!(members(text.as_bytes()).unwrap(), ["a", "b", "c"]);
}
