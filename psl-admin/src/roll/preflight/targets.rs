//! The place and the targets: there, and reached by the members once they have their links.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::roll::link;
use crate::roll::plan::{Plan, Turn};
use crate::view;
use psl_table::select::select;
use psl_table::subject::Subject;
use psl_table::table::Table;
use std::ffi::OsStr;
use std::path::Path;

/// Refuses a place that members do not have, a target that is not there, and a link that another one would beat.
pub fn check(plan: &Plan, table: &Table) -> Result<(), Failure> {
    if let Some(tree) = &plan.options.copy_from {
        directory(Path::new(tree), "--copy-from")?;
    }
    for turn in &plan.members {
        place(plan, table, turn)?;
        target(plan, turn)?;
    }
    let linked = with_links(plan, table)?;
    plan.members
        .iter()
        .try_for_each(|turn| reached(plan, &linked, turn))
}

/// Returns the table as it will be when all members are upgraded.
pub fn with_links(plan: &Plan, table: &Table) -> Result<Table, Failure> {
    let mut linked = table.clone();
    for turn in &plan.members {
        let link = plan.link(turn);
        let text = link::edited(&linked, &plan.from, &turn.member, Some(&link));
        linked = Table::parse(table.file(), &text).map_err(Failure::Edit)?;
    }
    Ok(linked)
}

fn place(plan: &Plan, table: &Table, turn: &Turn) -> Result<(), Failure> {
    let (from, member) = (&plan.from, &turn.member);
    let view = view::of_member(table, member)?;
    let physical = view::physical(&view, OsStr::new(from)).map_err(|error| {
        let message = format!("{from:?} is not there for member {member:?}: {error}");
        Failure::new(Exit::Refused, message)
            .with_help("FROM is the path by which its instances are configured to find the version that they run")
    })?;
    if turn.before.as_ref().is_some_and(|link| link.to == turn.to) {
        let message = format!(
            "member {member:?} has the link {from:?} -> {:?} already",
            turn.to
        );
        return Err(Failure::new(Exit::Refused, message).with_help("leave it out of --members"));
    }
    match physical.is_dir() {
        true => Ok(()),
        false => {
            let message =
                format!("{from:?} is no directory for member {member:?}: it is {physical:?}");
            Err(Failure::new(Exit::Refused, message))
        }
    }
}

fn target(plan: &Plan, turn: &Turn) -> Result<(), Failure> {
    let to = Path::new(&turn.to);
    if plan.options.copy_from.is_none() {
        return directory(to, "TO");
    }
    if to.symlink_metadata().is_ok() {
        let message = format!(
            "{to:?} is there, and was to become the copy for {:?}",
            turn.member
        );
        return Err(Failure::new(Exit::Refused, message)
            .with_help("remove it, or leave out --copy-from to use the trees that are there"));
    }
    directory(
        to.parent().unwrap_or(Path::new("/")),
        "the directory above TO",
    )
}

fn directory(path: &Path, what: &str) -> Result<(), Failure> {
    let found = match path.metadata() {
        Ok(metadata) if metadata.is_dir() => return Ok(()),
        Ok(_) => "it is no directory".to_owned(),
        Err(error) => error.to_string(),
    };
    let message = format!("{what} {path:?} cannot be used: {found}, expected a directory");
    Err(Failure::new(Exit::Refused, message))
}

/// Refuses when the member would see another link there.
fn reached(plan: &Plan, linked: &Table, turn: &Turn) -> Result<(), Failure> {
    let subject = Subject::of_member(linked, Some(&turn.member));
    let selection = select(linked, &subject);
    let winner = selection
        .links
        .iter()
        .find(|row| row.from.as_str() == plan.from);
    match winner {
        Some(row) if row.to.as_str() == turn.to => Ok(()),
        Some(row) => {
            let message = format!(
                "the link of the roll would lose for member {:?}: {:?} would lead to {:?}, because of {}",
                turn.member,
                plan.from,
                row.to.as_str(),
                row.criteria
            );
            Err(Failure::new(Exit::Refused, message)
                .with_help("remove the row that beats it first"))
        }
        None => {
            let message = format!(
                "no link would hold for member {:?} at {:?}",
                turn.member, plan.from
            );
            Err(Failure::new(Exit::Refused, message))
        }
    }
}
