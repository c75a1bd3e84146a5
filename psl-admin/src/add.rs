//! `add`: adds a link.
use crate::amend::{self, Row};
use crate::change::Change;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::{self, Places};
use crate::when::When;
use clap::Args;
use psl_table::name::{AbsPath, Flaw};

const AFTER_HELP: &str = "\
Examples: psl-admin add --member erp1 /binaries/version /binaries/version2
          psl-admin add --when app=erp --when version='>=2' /binaries/version /binaries/version2
          psl-admin add --when exe='*/firefox*' --live /srv/www/index.html /srv/www/index.gecko.html";

/// Adds a link: for those who meet the criteria, FROM is a symbolic link to TO
///
/// Instances that run keep their view until they are started again, except for --live links. A link without criteria
/// holds for every process that uses the table.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Add {
    #[command(flatten)]
    when: When,
    /// Hides TO from everyone whom no link leads there
    #[arg(long)]
    private: bool,
    /// Lets running processes follow changes of this link (meant for data files)
    #[arg(long)]
    live: bool,
    /// Keeps a remark with the link
    #[arg(long, value_name = "T")]
    note: Option<String>,
    /// Does not warn when TO does not exist
    #[arg(long)]
    force: bool,
    /// Where the link lives: an absolute path; what really lies there does not matter
    #[arg(value_parser = place)]
    from: AbsPath,
    /// What the link points to: an absolute path
    #[arg(value_parser = target)]
    to: AbsPath,
    #[command(flatten)]
    change: Change,
}

impl Add {
    /// Warns of a target that does not exist, and commits the link.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let row = Row {
            from: self.from.as_str(),
            to: self.to.as_str(),
            criteria: &self.when.criteria()?,
            private: self.private,
            live: self.live,
            note: self.note.as_deref(),
        };
        let store = context.open()?;
        self.change.commit(context, &store, |table| {
            if !self.force && Places::of(table).is_missing(row.criteria, &self.to) {
                context.console.warn(&self.missing_target());
            }
            Ok(amend::add_link(table, &row))
        })
    }

    fn missing_target(&self) -> String {
        let (from, to) = (self.from.as_str(), self.to.as_str());
        let swapped = if view::is_missing_here(self.from.as_ref()) {
            ""
        } else {
            " but the place does: are FROM and TO swapped? `psl-admin rollback` takes the link back,"
        };
        format!("the target {to:?} of {from:?} does not exist,{swapped} --force silences this")
    }
}

/// Parses FROM.
pub fn place(argument: &str) -> Result<AbsPath, Flaw> {
    match AbsPath::new(argument)? {
        path if path.as_str() == "/" => Err(Flaw::Root),
        path => Ok(path),
    }
}

fn target(argument: &str) -> Result<AbsPath, Flaw> {
    AbsPath::new(argument)
}
