//! What has to be true before the first member is stopped.
pub mod health;
mod launch;
mod space;
pub mod targets;

use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::members::detached::Site;
use crate::nearest;
use crate::roll::directory::Rolls;
use crate::roll::plan::Plan;
use crate::roll::state::State;
use psl_table::config::HostConfig;
use psl_table::members::Members;
use psl_table::table::Table;

/// Refuses a plan that cannot go well: nothing was changed, and the message says what to do.
///
/// `table` is the current one.
pub fn check(
    plan: &Plan,
    table: &Table,
    members: &Members,
    site: &Site,
    (host, console): (&HostConfig, Console),
) -> Result<(), Failure> {
    known(plan, members)?;
    targets::check(plan, table)?;
    space::check(plan, console)?;
    launch::check(plan, table, members, site, host)?;
    health::check(plan, members, site)
}

/// Refuses members that another roll has; only under the store's lock. `own` is the roll that asks.
pub fn claim(rolls: &Rolls<'_>, plan: &Plan, own: &str) -> Result<(), Failure> {
    for other in State::read_all(rolls)? {
        if !other.is_live() || other.plan.roll == own {
            continue;
        }
        let roll = &other.plan.roll;
        if let Some(member) = other
            .plan
            .members()
            .find(|name| plan.members().any(|own| own == *name))
        {
            let message = format!("roll {roll} has member {member:?}");
            return Err(Failure::new(Exit::Conflict, message).with_help(format!(
                "wait for its end; `psl-admin upgrade status {roll}` says where it is, and \
                 `psl-admin upgrade undo {roll}` ends it"
            )));
        }
    }
    Ok(())
}

/// Refuses members that nobody said how to start, stop and check.
fn known(plan: &Plan, members: &Members) -> Result<(), Failure> {
    for name in plan.members() {
        let Some(listed) = members.0.get(name) else {
            let known = members.0.keys().map(String::as_str);
            let known = nearest::sort(name, known);
            let message = format!("members.toml of the store does not list member {name:?}");
            return Err(
                Failure::new(Exit::Usage, message).with_help(match known.is_empty() {
                    true => "it lists none at all".to_owned(),
                    false => format!("it lists {}", nearest::listed(&known)),
                }),
            );
        };
        if listed.health.is_none() {
            let message = format!(
                "members.toml:{}: member {name:?} has no health check, expected one",
                listed.line
            );
            return Err(Failure::new(Exit::Invalid, message)
                .with_help("add `health = { http = ... }`, `{ tcp = ... }` or `{ exec = ... }`"));
        }
    }
    Ok(())
}
