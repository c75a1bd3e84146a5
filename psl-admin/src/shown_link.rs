//! A link as JSON prints it: the table's own keys.
use psl_table::criteria::{Criteria, Key};
use psl_table::table::LinkRow;
use serde::Serialize;
use serde_json::{Map, Value};

/// A row of the table.
#[derive(Debug, Serialize)]
pub struct ShownLink<'a> {
    from: &'a str,
    to: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<&'a str>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    when: Map<String, Value>,
    private: bool,
    live: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

impl<'a> ShownLink<'a> {
    /// Takes what a row says.
    pub fn of(link: &'a LinkRow) -> Self {
        Self {
            from: link.from.as_str(),
            to: link.to.as_str(),
            member: link.criteria.member.as_deref(),
            when: when_object(&link.criteria),
            private: link.private,
            live: link.live,
            note: link.note.as_deref(),
        }
    }
}

fn when_object(criteria: &Criteria) -> Map<String, Value> {
    let mut when = Map::new();
    let mut environment = Map::new();
    for (key, value) in criteria.pairs() {
        match key {
            Key::Member => None,
            Key::Env(name) => environment.insert(name.to_owned(), value.into()),
            _ => when.insert(key.to_string(), value.into()),
        };
    }
    if !environment.is_empty() {
        when.insert("env".into(), environment.into());
    }
    when
}
