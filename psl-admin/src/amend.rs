//! Edits of the table's text that leave every byte outside the touched rows as it was.
use crate::lines;
use psl_table::criteria::{Criteria, Key};
use psl_table::table::LinkRow;
use toml_edit::{
    Array, ArrayOfTables, Document, DocumentMut, InlineTable, Item, RawString, Table, TableLike,
    Value, value,
};

/// A row that is about to be written.
#[derive(Debug)]
pub struct Row<'a> {
    /// Where the link lives.
    pub from: &'a str,
    /// The target.
    pub to: &'a str,
    /// For whom.
    pub criteria: &'a Criteria,
    /// Hide the target from everyone whom no link leads there.
    pub private: bool,
    /// A running process follows changes.
    pub live: bool,
    /// A remark for people.
    pub note: Option<&'a str>,
}

/// Adds a row behind all others.
pub fn add_link(table: &psl_table::table::Table, row: &Row<'_>) -> String {
    added(table.text(), has_headers(table), row)
}

/// Removes the row with this index, and adds one behind all others.
pub fn exchange_link(table: &psl_table::table::Table, index: usize, row: &Row<'_>) -> String {
    let text = remove_link(table.text(), index);
    added(&text, has_headers(table), row)
}

/// Tells whether rows are certain to have headers of their own; then nobody needs to look at a text to add one.
fn has_headers(table: &psl_table::table::Table) -> bool {
    let header = |row: &LinkRow| table.text()[row.span.clone()].starts_with("[[");
    table.links.first().is_some_and(header)
}

fn added(text: &str, has_headers: bool, row: &Row<'_>) -> String {
    if !has_headers {
        let mut document = parsed(text).into_mut();
        if let Some(Item::Value(Value::Array(rows))) = document.get_mut("link") {
            push(rows, row_of(row).into_inline_table());
            return lines::carried(text, &document.to_string());
        }
    }
    let mut rows = ArrayOfTables::new();
    rows.push(row_of(row));
    let mut only = DocumentMut::new();
    only.insert("link", Item::ArrayOfTables(rows));
    lines::appended(text, &only.to_string())
}

/// Removes the row with this index, counted from 0 in the order of the text.
pub fn remove_link(text: &str, index: usize) -> String {
    let document = parsed(text);
    match document.get("link") {
        Some(Item::ArrayOfTables(rows)) => {
            let row = rows.get(index).expect("the index is that of a parsed row");
            lines::without(text, &tables_in(row))
        }
        _ => {
            let mut document = document.into_mut();
            if let Some(Item::Value(Value::Array(rows))) = document.get_mut("link") {
                rows.remove(index);
            }
            lines::carried(text, &document.to_string())
        }
    }
}

/// Sets attributes of a member; `None` takes one away. A member that is not listed yet is added.
pub fn set_attributes(text: &str, member: &str, attributes: &[(String, Option<Value>)]) -> String {
    let mut document = parsed(text).into_mut();
    let members = document.entry("member").or_insert_with(|| {
        let mut members = Table::new();
        members.set_implicit(true);
        Item::Table(members)
    });
    if let Item::Table(members) = &mut *members {
        list_member(members, member);
    }
    let members = members
        .as_table_like_mut()
        .expect("a valid table's `member` is a table");
    let listed = members
        .entry(member)
        .or_insert(Item::Value(Value::InlineTable(InlineTable::new())));
    let listed = listed
        .as_table_like_mut()
        .expect("a valid table's members are tables");
    for (key, value) in attributes {
        set(listed, key, value.as_ref());
    }
    lines::carried(text, &document.to_string())
}

/// Takes a member's attributes out of the table; its links stay.
pub fn remove_member(text: &str, member: &str) -> String {
    let document = parsed(text);
    let listed = document
        .get("member")
        .and_then(|members| members.get(member));
    if let Some(Item::Table(listed)) = listed
        && !listed.is_dotted()
    {
        return lines::without(text, &tables_in(listed));
    }
    let mut document = document.into_mut();
    if let Some(members) = document.get_mut("member").and_then(Item::as_table_like_mut) {
        members.remove(member);
    }
    lines::carried(text, &document.to_string())
}

/// Makes the list of a member's groups out of `a,b`.
pub fn groups(names: &str) -> Value {
    Value::Array(names.split(',').map(str::trim).collect::<Array>())
}

fn parsed(text: &str) -> Document<&str> {
    Document::parse(text).expect("a text that psl-table has read is TOML")
}

fn row_of(row: &Row<'_>) -> Table {
    let mut table = Table::new();
    table.insert("from", value(row.from));
    table.insert("to", value(row.to));
    if let Some(member) = &row.criteria.member {
        table.insert("member", value(member));
    }
    let when = when_of(row.criteria);
    if !when.is_empty() {
        table.insert("when", value(when));
    }
    if row.private {
        table.insert("private", value(true));
    }
    if row.live {
        table.insert("live", value(true));
    }
    if let Some(note) = row.note {
        table.insert("note", value(note));
    }
    table
}

fn when_of(criteria: &Criteria) -> InlineTable {
    let mut when = InlineTable::new();
    let mut environment = InlineTable::new();
    for (key, value) in criteria.pairs() {
        match key {
            Key::Member => None,
            Key::Env(name) => environment.insert(name, value.into()),
            _ => when.insert(key.to_string(), value.into()),
        };
    }
    if !environment.is_empty() {
        when.insert("env", environment.into());
    }
    when
}

/// Adds an inline row, in a line of its own where the last row has one.
fn push(rows: &mut Array, row: InlineTable) {
    let mut row = Value::InlineTable(row);
    let trailing = rows.trailing().as_str().unwrap_or_default().to_owned();
    if rows.trailing_comma()
        && let Some(comments) = trailing.strip_suffix('\n')
        && let Some(last) = rows.iter().last()
    {
        let prefix = last.decor().prefix().and_then(RawString::as_str);
        let indent = prefix.and_then(|prefix| prefix.rsplit('\n').next());
        let prefix = format!("{comments}\n{}", indent.unwrap_or_default());
        row.decor_mut().set_prefix(prefix);
        rows.push_formatted(row);
        rows.set_trailing("\n");
    } else {
        rows.push(row);
    }
}

/// Gives a member that is not listed its own `[member.NAME]`, behind the last one.
fn list_member(members: &mut Table, member: &str) {
    if members.contains_key(member) || members.is_dotted() {
        return;
    }
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    let tables = members.iter().filter_map(|(_, listed)| listed.as_table());
    table.set_position(tables.filter_map(Table::position).max());
    members.insert(member, Item::Table(table));
}

/// Replaces one value and keeps the space and the comment around it.
fn set(listed: &mut dyn TableLike, key: &str, new: Option<&Value>) {
    let Some(new) = new else {
        listed.remove(key);
        return;
    };
    let mut new = new.clone();
    match listed.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        None => {
            listed.insert(key, Item::Value(new));
        }
    }
}

/// Lists the byte ranges of a table and of the tables below it that have a header of their own.
fn tables_in(table: &Table) -> Vec<std::ops::Range<usize>> {
    let mut ranges = Vec::new();
    let mut end = table.span().map_or(0, |header| header.end);
    let mut dotted = vec![table];
    while let Some(part) = dotted.pop() {
        for (_, item) in part.iter() {
            match item {
                Item::Table(below) if below.is_dotted() => dotted.push(below),
                Item::Table(below) => ranges.extend(tables_in(below)),
                _ => end = end.max(item.span().map_or(0, |value| value.end)),
            }
        }
    }
    if let Some(header) = table.span() {
        ranges.push(header.start..end);
    }
    ranges
}

#[cfg(test)]
mod tests;
