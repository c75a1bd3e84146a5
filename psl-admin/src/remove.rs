//! `remove`: removes a link.
use crate::add;
use crate::amend;
use crate::change::Change;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::nearest;
use crate::when::{self, When};
use clap::Args;
use psl_table::name::AbsPath;
use psl_table::table::{LinkRow, Table};

const AFTER_HELP: &str = "\
Examples: psl-admin remove --member erp1 /binaries/version
          psl-admin remove --when app=erp --when version='>=2' /binaries/version";

/// Removes the link at FROM whose criteria are exactly those given
///
/// Comment lines directly above the row go with it.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Remove {
    #[command(flatten)]
    when: When,
    /// Where the link lives
    #[arg(value_parser = add::place)]
    from: AbsPath,
    #[command(flatten)]
    change: Change,
}

impl Remove {
    /// Commits the table without the link.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let criteria = self.when.criteria()?;
        let store = context.open()?;
        self.change.commit(context, &store, |table| {
            let meant = |link: &LinkRow| link.from == self.from && link.criteria == criteria;
            match table.links.iter().position(meant) {
                Some(index) => Ok(amend::remove_link(table.text(), index)),
                None => Err(no_such_link(
                    table,
                    &when::named(self.from.as_str(), &criteria),
                )),
            }
        })
    }
}

fn no_such_link(table: &Table, wanted: &str) -> Failure {
    let known: Vec<_> = table.links.iter().map(when::arguments).collect();
    let failure = Failure::new(Exit::No, format!("there is no link `{wanted}`"));
    match nearest::sort(wanted, known.iter().map(String::as_str)).first() {
        Some(nearest) => failure.with_help(format!("the nearest is `psl-admin remove {nearest}`")),
        None => failure.with_help("the table has no links"),
    }
}
