//! An engine carries what psl-admin starts itself.
use crate::doctor;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::members::bounded::{self, End, Leftovers, Until};
use crate::members::detached::Site;
use crate::roll::plan::Plan;
use crate::roll::preflight::targets;
use crate::view;
use psl_table::config::HostConfig;
use psl_table::members::{Command, Members, Start};
use psl_table::table::Table;
use std::ffi::OsStr;
use std::path::Path;
use std::process;
use std::time::Duration;

/// How long the launch of a program may take that does nothing.
const LIMIT: Duration = Duration::from_secs(10);

/// Refuses a member whose instances could not be started: on either version.
pub fn check(
    plan: &Plan,
    table: &Table,
    members: &Members,
    site: &Site,
    host: &HostConfig,
) -> Result<(), Failure> {
    let linked = targets::with_links(&as_copied(plan), table)?;
    for name in plan.members() {
        let Some(Start::Command { command, .. }) = members.0.get(name).map(|listed| &listed.start)
        else {
            continue;
        };
        if !table.members.contains_key(name) {
            let message = format!(
                "the table has no attributes of member {name:?}: without its link it would be unknown"
            );
            return Err(Failure::new(Exit::Refused, message).with_help(format!(
                "`psl-admin member set {name} app=...` makes it known"
            )));
        }
        if let Command::List(argv) = command {
            executable(table, name, &argv[0], &plan.from)?;
            executable(&linked, name, &argv[0], &plan.to)?;
            carried(&linked, name, &argv[0], host)?;
        }
        trial(site, name)?;
    }
    Ok(())
}

/// Returns a plan whose copies are their source: one that is not made yet has the programs of that.
fn as_copied(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    if let Some(tree) = &plan.options.copy_from {
        plan.members
            .iter_mut()
            .for_each(|turn| turn.to.clone_from(tree));
    }
    plan
}

/// Refuses a program of the target that no engine would carry.
fn carried(table: &Table, member: &str, program: &str, host: &HostConfig) -> Result<(), Failure> {
    let verdict = doctor::judge(host, table, member, OsStr::new(program))?;
    if verdict.exit() == Exit::Done {
        return Ok(());
    }
    let why = verdict.why;
    let message =
        format!("no engine carries {program:?} of the target for member {member:?}: {why}");
    let failure = Failure::new(Exit::Refused, message);
    Err(match verdict.help {
        Some(help) => failure.with_help(help),
        None => failure,
    })
}

/// Refuses a program that the member would not find, or might not execute.
fn executable(table: &Table, member: &str, program: &str, version: &str) -> Result<(), Failure> {
    if !Path::new(program).is_absolute() {
        return Ok(());
    }
    let view = view::of_member(table, member)?;
    view::executable(&view, OsStr::new(program)).map_err(|error| {
        let message =
            format!("member {member:?} could not execute {program:?} with {version:?}: {error}");
        Failure::new(Exit::Refused, message)
    })
}

/// Launches a program that does nothing, as the member's instances are launched.
fn trial(site: &Site, member: &str) -> Result<(), Failure> {
    let refused = |why: String| {
        let message = format!("no engine can start member {member:?}: {why}");
        Failure::new(Exit::Refused, message)
    };
    let mut run = process::Command::new("/proc/self/exe");
    run.arg("--store").arg(site.store()).current_dir("/");
    run.args(["run", "--engine", "auto", "--member", member, "--", "true"]);
    for name in crate::members::detached::birth::STRANGE {
        run.env_remove(name);
    }
    let never = || false;
    let until = Until::within(LIMIT, &never);
    let file = tempfile::tempfile().map_err(|error| refused(error.to_string()))?;
    match bounded::run(run, file, &until, Leftovers::Killed) {
        Ok((End::Exited(status), _)) if status.success() => Ok(()),
        Ok((End::Exited(_), output)) => {
            let said = output.trim();
            Err(refused(
                said.strip_prefix("psl-admin: ").unwrap_or(said).to_owned(),
            ))
        }
        Ok(_) => Err(refused(format!("`true` did not end within {LIMIT:?}"))),
        Err(error) => Err(refused(error.to_string())),
    }
}
