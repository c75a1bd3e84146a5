//! `members.toml`: how to start, stop and check each member.

mod command;
mod health;
mod start;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

pub use command::Command;
pub use health::{Address, Health};
pub use start::Start;

use crate::document::{Document, Fields};
use crate::duration;
use crate::error::Result;
use crate::name;

/// How long a member may take to stop, unless it says otherwise.
pub const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// The members that can be started, stopped and checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(pub BTreeMap<String, Plan>);

/// How one member is started, stopped and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The host it runs on, for people to read.
    pub host: Option<String>,
    /// How it is started and stopped.
    pub start: Start,
    /// How long it may take to stop.
    pub stop_deadline: Duration,
    /// How its health is checked; without it a member that runs is healthy.
    pub health: Option<Health>,
    /// The line of its header, from 1.
    pub line: usize,
}

impl Members {
    /// Parses and checks the file; `file` is the name that errors give.
    pub fn parse(file: &Path, text: &str) -> Result<Members> {
        let document = Document { file, text };
        let root = document.parse()?;
        let fields = Fields::new(document, "the members file", root.get_ref(), 0..0);
        fields.only(&["member"])?;
        let mut members = BTreeMap::new();
        if let Some(listed) = fields.table("member", "the members")? {
            for (name, plan) in listed.named("member")? {
                name::check_member(name.get_ref()).map_err(|flaw| {
                    let message = format!("member {}", flaw.of(name.get_ref()));
                    document.invalid(name.span(), message)
                })?;
                members.insert((*name.get_ref()).to_owned(), Plan::parse(&plan)?);
            }
        }
        Ok(Members(members))
    }
}

impl Plan {
    fn parse(fields: &Fields<'_>) -> Result<Plan> {
        fields.only(&[
            "command",
            "unit",
            "start",
            "stop",
            "stop_signal",
            "stop_deadline",
            "host",
            "health",
        ])?;
        let host = fields.word("host")?;
        let health = fields.table("health", "`health`")?;
        Ok(Plan {
            host: host.map(|host| host.into_inner().to_owned()),
            start: Start::parse(fields)?,
            stop_deadline: fields
                .parsed("stop_deadline", duration::parse)?
                .unwrap_or(STOP_DEADLINE),
            health: health.as_ref().map(Health::parse).transpose()?,
            line: fields.document.line(fields.span.start),
        })
    }
}
