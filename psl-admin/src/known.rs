//! The members that a table knows.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::nearest;
use psl_table::name;
use psl_table::table::Table;
use std::collections::BTreeSet;

/// Lists the members that have attributes or that a link names.
pub fn members(table: &Table) -> BTreeSet<&str> {
    let linked = table
        .links
        .iter()
        .filter_map(|link| link.criteria.member.as_deref());
    table
        .members
        .keys()
        .map(String::as_str)
        .chain(linked)
        .collect()
}

/// Refuses a member that the table does not know, and names those that it knows, the nearest first.
pub fn require(table: &Table, member: &str) -> Result<(), Failure> {
    let known = members(table);
    if known.contains(member) {
        return Ok(());
    }
    let message = format!("the table knows no member {member:?}");
    let help = if known.is_empty() {
        "it knows none at all; `psl-admin add --member` or `psl-admin member set` makes one known"
            .into()
    } else {
        format!(
            "it knows {}",
            nearest::listed(&nearest::sort(member, known))
        )
    };
    Err(Failure::new(Exit::Usage, message).with_help(help))
}

/// Parses a member's name on the command line.
pub fn member(argument: &str) -> Result<String, String> {
    name::check_member(argument).map_err(|flaw| flaw.to_string())?;
    Ok(argument.to_owned())
}
