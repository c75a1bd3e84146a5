//! Every member runs and is healthy before the first one is stopped.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::members::bounded::Until;
use crate::members::detached::Site;
use crate::members::health::PROBE;
use crate::members::trouble::Trouble;
use crate::members::{Member, Running};
use crate::roll::plan::Plan;
use psl_table::members::Members;
use std::thread;

/// Refuses members that do not run, or are not healthy; all are asked at once.
pub fn check(plan: &Plan, members: &Members, site: &Site) -> Result<(), Failure> {
    let asked = thread::scope(|scope| {
        let listed = plan.members().filter_map(|name| {
            let plan = members.0.get(name)?;
            Some(Member { name, plan, site })
        });
        let asked: Vec<_> = listed
            .map(|member| (member.name, scope.spawn(move || ask(&member))))
            .collect();
        let answers = asked.into_iter().filter_map(|(name, thread)| {
            let why = thread
                .join()
                .unwrap_or_else(|_| Err("the check panicked".into()));
            Some(format!("{name}: {}", why.err()?))
        });
        answers.collect::<Vec<_>>()
    });
    if asked.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{} of {} members cannot be upgraded, since they are not healthy: {}",
        asked.len(),
        plan.members.len(),
        asked.join("; ")
    );
    Err(Failure::new(Exit::Refused, message)
        .with_help("mend them or their health checks, or leave them out of --members"))
}

fn ask(member: &Member<'_>) -> Result<(), String> {
    match member.running() {
        Ok(Running::No) => {
            return Err("does not run, or was not started by psl-admin with this store".to_owned());
        }
        Ok(_) => {}
        Err(Trouble::Failed { message, .. }) => return Err(message),
        Err(_) => return Err("could not be asked".to_owned()),
    }
    let never = || false;
    member.probe(&Until::within(PROBE, &never))
}
