//! `list`: the links, in precedence order.
use crate::columns;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::known;
use crate::shown_link::ShownLink;
use clap::Args;
use psl_table::criteria::{Criteria, Key, Verdict};
use psl_table::select::by_precedence;
use psl_table::subject::Subject;
use psl_table::table::{LinkRow, Table};

/// Lists the links, place by place, the one that wins first
///
/// For one place a link of a member beats all others, then more criteria beat fewer, then the earlier row wins.
#[derive(Args, Debug)]
#[command(after_help = "Example: psl-admin list --member erp1")]
pub struct List {
    /// Only the links that an instance of this member can have, on this or another host
    #[arg(long, value_name = "M", value_parser = known::member)]
    member: Option<String>,
}

impl List {
    /// Prints them.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let table = context.open()?.read()?;
        if let Some(member) = &self.member {
            known::require(&table, member)?;
        }
        let links = self.links(&table);
        if context.console.json {
            let shown: Vec<_> = links.into_iter().map(ShownLink::of).collect();
            context.console.print_json(&shown)?;
        } else {
            let header = ["FROM", "TO", "MEMBER", "WHEN", "FLAGS", "NOTE"];
            context
                .console
                .print(columns::aligned(header, links.into_iter().map(cells)))?;
        }
        Ok(Exit::Done)
    }

    fn links<'t>(&self, table: &'t Table) -> Vec<&'t LinkRow> {
        let mut links = by_precedence(table);
        if let Some(member) = &self.member {
            let subject = Subject::of_member(table, Some(member));
            links.retain(|link| can_hold(&link.criteria, &subject));
        }
        links
    }
}

/// Tells whether criteria hold as far as the member decides it; host, user, program and environment may differ.
fn can_hold(criteria: &Criteria, subject: &Subject) -> bool {
    !matches!(
        criteria.holds(subject),
        Verdict::Fails(Key::Member | Key::Group | Key::App | Key::Version)
    )
}

fn cells(link: &LinkRow) -> [String; 6] {
    let others = link
        .criteria
        .pairs()
        .into_iter()
        .filter(|(key, _)| *key != Key::Member);
    let when: Vec<_> = others
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let flags = [(link.private, "private"), (link.live, "live")];
    let flags: Vec<_> = flags
        .iter()
        .filter(|(on, _)| *on)
        .map(|(_, name)| *name)
        .collect();
    [
        link.from.to_string(),
        link.to.to_string(),
        link.criteria.member.clone().unwrap_or_default(),
        when.join(" "),
        flags.join(","),
        link.note.clone().unwrap_or_default(),
    ]
}
