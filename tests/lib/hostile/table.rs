//! The table's text: what it says, to whom, and what edits leave of it.

use std::ops::ControlFlow;
use std::path::Path;

use psl_admin::amend::{self, Row};
use psl_table::criteria::Verdict;
use psl_table::select::select;
use psl_table::subject::Subject;
use psl_table::table::{LinkRow, Table};

mod asking;

/// A table that is accepted says the same to everybody as a simpler reading of it, and edits change what they are to change
/// and nothing else; one that is refused is shown with its place.
pub fn check(bytes: &[u8]) -> ControlFlow<()> {
    let file = Path::new("table.toml");
    let table = match Table::decode(file, bytes.to_vec()) {
        Ok(table) => table,
        Err(error) => {
            assert!(error.to_string().contains("table.toml"), "{error}");
            assert!(!psl_admin::shown(error).is_empty());
            return ControlFlow::Break(());
        }
    };
    let again = Table::parse(file, table.text());
    assert!(again.is_ok_and(|again| again == table));
    for warning in table.warnings() {
        assert!(table.text().get(warning.span).is_some() && warning.line > 0);
    }
    for subject in asking::subjects(&table) {
        ask(&table, &subject);
    }
    edit(&table);
    ControlFlow::Continue(())
}

/// Compares what is selected for a subject with the strongest row of each place.
fn ask(table: &Table, subject: &Subject) {
    let holds = |row: &&LinkRow| row.criteria.holds(subject) == Verdict::Holds;
    let holding: Vec<&LinkRow> = table.links.iter().filter(holds).collect();
    for row in &holding {
        assert!(asking::agrees(&row.criteria, subject), "{}", row.criteria);
        assert!(
            holding
                .iter()
                .all(|other| row.criteria.together_with(&other.criteria))
        );
    }
    // The last of the strongest, as they come from the last row on, is the first one of the table.
    let strength = |row: &&&LinkRow| (row.criteria.member.is_some(), row.criteria.pairs().len());
    let expected = |from| {
        let rivals = holding.iter().rev().filter(|row| row.from == from);
        rivals.max_by_key(strength).copied()
    };
    let selection = select(table, subject);
    for link in &selection.links {
        assert_eq!(expected(link.from.clone()), Some(*link));
    }
    assert!(
        holding
            .iter()
            .all(|row| selection.links.iter().any(|link| link.from == row.from))
    );
    for target in &selection.hidden {
        assert!(
            table
                .links
                .iter()
                .any(|row| row.private && row.to.as_str() == *target)
        );
        let leads = |link: &&LinkRow| Path::new(link.to.as_str()).starts_with(target);
        assert!(!selection.links.iter().any(leads));
    }
}

/// Takes each row and each member out, and puts the row back.
fn edit(table: &Table) {
    for (index, row) in table.links.iter().enumerate().take(4) {
        let text = amend::remove_link(table.text(), index);
        // What would make a table invalid is not committed.
        let Ok(without) = Table::parse(table.file(), &text) else {
            continue;
        };
        let mut rest = table.links.clone();
        let removed = rest.remove(index);
        assert!(
            same(&without.links, &rest) && without.members == table.members,
            "{text}"
        );
        let again = Row {
            from: row.from.as_str(),
            to: row.to.as_str(),
            criteria: &row.criteria,
            private: row.private,
            live: row.live,
            note: row.note.as_deref(),
        };
        let text = amend::add_link(&without, &again);
        assert_eq!(text, amend::exchange_link(table, index, &again));
        rest.push(removed);
        let Ok(back) = Table::parse(table.file(), &text) else {
            continue;
        };
        assert!(
            same(&back.links, &rest) && back.members == table.members,
            "{text}"
        );
    }
    for member in table.members.keys().take(2) {
        let text = amend::remove_member(table.text(), member);
        let Ok(without) = Table::parse(table.file(), &text) else {
            continue;
        };
        let mut rest = table.members.clone();
        rest.remove(member);
        assert!(
            without.members == rest && same(&without.links, &table.links),
            "{text}"
        );
    }
}

/// Whether rows say the same, wherever they stand.
fn same(one: &[LinkRow], other: &[LinkRow]) -> bool {
    let said = |rows: &[LinkRow]| -> Vec<_> {
        let said = rows.iter().map(|row| {
            let flags = (row.private, row.live);
            (
                row.from.clone(),
                row.to.clone(),
                row.criteria.clone(),
                flags,
                row.note.clone(),
            )
        });
        said.collect()
    };
    said(one) == said(other)
}
