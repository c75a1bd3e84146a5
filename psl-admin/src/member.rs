//! `member`: the attributes of the members.
use crate::amend;
use crate::change::Change;
use crate::columns;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{known, nearest};
use clap::{Args, Subcommand};
use psl_table::table::{LinkRow, Member as Listed, Table};
use serde::Serialize;
use toml_edit::Value;

const AFTER_HELP: &str = "\
Examples: psl-admin member set erp1 app=erp version=1 groups=canary,west
          psl-admin member list";

/// Sets, removes and lists the attributes that criteria match on
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Member {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Set(Set),
    Remove(Remove),
    List(List),
}

/// Sets attributes of a member, which is added when it is not listed
#[derive(Args, Debug)]
#[command(after_help = "Example: psl-admin member set erp1 app=erp version=1 groups=canary,west")]
struct Set {
    /// The member
    #[arg(value_name = "M", value_parser = known::member)]
    member: String,
    /// app=TEXT, version=TEXT or groups=A,B; an empty value takes the attribute away
    #[arg(required = true, value_name = "KEY=VALUE", value_parser = attribute)]
    attributes: Vec<(String, Option<Value>)>,
    #[command(flatten)]
    change: Change,
}

/// Takes a member's attributes out of the table; its links stay
#[derive(Args, Debug)]
#[command(after_help = "Example: psl-admin member remove erp1")]
struct Remove {
    /// The member
    #[arg(value_name = "M", value_parser = known::member)]
    member: String,
    /// Removes it though links name it
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    change: Change,
}

/// Lists the members that have attributes or that a link names
#[derive(Args, Debug)]
#[command(after_help = "Example: psl-admin member list --json")]
struct List {}

impl Member {
    /// Does what the second word says.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        match &self.verb {
            Verb::Set(verb) => verb.run(context),
            Verb::Remove(verb) => verb.run(context),
            Verb::List(verb) => verb.run(context),
        }
    }
}

impl Set {
    fn run(&self, context: &Context) -> Result<Exit, Failure> {
        self.change.commit(context, &context.open()?, |table| {
            Ok(amend::set_attributes(
                table.text(),
                &self.member,
                &self.attributes,
            ))
        })
    }
}

impl Remove {
    fn run(&self, context: &Context) -> Result<Exit, Failure> {
        self.change.commit(context, &context.open()?, |table| {
            if !table.members.contains_key(&self.member) {
                return Err(self.not_listed(table));
            }
            let links = links_of(table, &self.member);
            if !links.is_empty() && !self.force {
                let lines: Vec<_> = links
                    .iter()
                    .map(|link| table.line(&link.span).to_string())
                    .collect();
                let message = format!(
                    "links name the member {:?}, at line {}",
                    self.member,
                    lines.join(", ")
                );
                return Err(Failure::new(Exit::Refused, message).with_help(
                    "remove them first, or give --force to keep them without its attributes",
                ));
            }
            Ok(amend::remove_member(table.text(), &self.member))
        })
    }

    fn not_listed(&self, table: &Table) -> Failure {
        let message = format!(
            "the table lists no attributes of a member {:?}",
            self.member
        );
        let names = nearest::sort(&self.member, table.members.keys().map(String::as_str));
        let failure = Failure::new(Exit::No, message);
        if names.is_empty() {
            return failure;
        }
        failure.with_help(format!("it lists {}", nearest::listed(&names)))
    }
}

/// A member as `member list --json` prints it.
#[derive(Serialize)]
struct Shown<'a> {
    member: &'a str,
    app: Option<&'a str>,
    version: Option<&'a str>,
    groups: &'a [String],
    links: usize,
}

impl List {
    fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let table = context.open()?.read()?;
        let known = known::members(&table);
        let shown: Vec<_> = known.iter().map(|member| shown(&table, member)).collect();
        if context.console.json {
            context.console.print_json(&shown)?;
        } else {
            let rows = shown.iter().map(Shown::cells);
            let header = ["MEMBER", "APP", "VERSION", "GROUPS", "LINKS"];
            context.console.print(columns::aligned(header, rows))?;
        }
        Ok(Exit::Done)
    }
}

impl Shown<'_> {
    fn cells(&self) -> [String; 5] {
        [
            self.member.to_owned(),
            self.app.unwrap_or_default().to_owned(),
            self.version.unwrap_or_default().to_owned(),
            self.groups.join(","),
            self.links.to_string(),
        ]
    }
}

fn shown<'a>(table: &'a Table, member: &'a str) -> Shown<'a> {
    let listed: Option<&Listed> = table.members.get(member);
    Shown {
        member,
        app: listed.and_then(|listed| listed.app.as_deref()),
        version: listed.and_then(|listed| listed.version.as_deref()),
        groups: listed.map_or(&[], |listed| &listed.groups),
        links: links_of(table, member).len(),
    }
}

fn links_of<'t>(table: &'t Table, member: &str) -> Vec<&'t LinkRow> {
    let named = |link: &&LinkRow| link.criteria.member.as_deref() == Some(member);
    table.links.iter().filter(named).collect()
}

/// Parses KEY=VALUE of an attribute.
fn attribute(argument: &str) -> Result<(String, Option<Value>), String> {
    let (key, value) = argument
        .split_once('=')
        .ok_or("expected KEY=VALUE, for example app=erp")?;
    let value = match key {
        "app" | "version" | "groups" if value.is_empty() => None,
        "app" | "version" => Some(value.into()),
        "groups" => Some(amend::groups(value)),
        _ => {
            let known = nearest::sort(key, ["app", "version", "groups"]);
            return Err(format!(
                "unknown attribute {key:?}, known are {}",
                nearest::listed(&known)
            ));
        }
    };
    Ok((key.to_owned(), value))
}
