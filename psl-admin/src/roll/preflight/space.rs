//! Room for the private copies.
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::roll::copy;
use crate::roll::plan::Plan;
use indicatif::HumanBytes;
use rustix::fs::statvfs;
use std::path::Path;

/// Refuses copies that cannot be made or do not fit; what shares its data always does.
pub fn check(plan: &Plan, console: Console) -> Result<(), Failure> {
    let (Some(tree), Some(turn)) = (&plan.options.copy_from, plan.members.first()) else {
        return Ok(());
    };
    let to = Path::new(&turn.to);
    let one = copy::size(Path::new(tree), to, console)?;
    let needed = one.saturating_mul(plan.members.len() as u64);
    let parent = to.parent().unwrap_or(Path::new("/"));
    let found = statvfs(parent).map_err(|errno| {
        let message = format!("cannot find out how much room {parent:?} has: {errno}");
        Failure::new(Exit::Storage, message)
    })?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    if needed <= free {
        return Ok(());
    }
    let message = format!(
        "{} copies of {tree:?} need {} at {parent:?}, which has {}",
        plan.members.len(),
        HumanBytes(needed),
        HumanBytes(free)
    );
    Err(Failure::new(Exit::Refused, message)
        .with_help("make room, or let the members share one tree"))
}
