//! Instances that nobody recorded: `psl-admin run` was typed for them.
use crate::members::detached::process::{Identity, Place, stats};
use crate::running;
use procfs::process::{Process, Stat};
use psl_table::store::Trust;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Finds the first processes of the member's instances, by what an instance passes on in its environment, and by their
/// registrations: servers that write their title over their environment (nginx, redis) tell nothing.
pub fn instances((store, trust): (&Path, Trust), member: &str) -> Vec<Identity> {
    let place = Place::here();
    let own = std::process::id().cast_signed();
    let stats = stats();
    let registered = running::alive((store, trust), member);
    let is_instance = |stat: &&Stat| {
        stat.pid != own
            && (registered.contains(&place.identity(stat)) || is_part(stat.pid, store, member))
    };
    let parts: Vec<_> = stats.iter().filter(is_instance).collect();
    let is_first = |parent: i32| !parts.iter().any(|part| part.pid == parent);
    let first = parts.iter().filter(|part| is_first(part.ppid));
    first.map(|part| place.identity(part)).collect()
}

/// A process of another user cannot be looked into, and is none of this administrator's.
fn is_part(pid: i32, store: &Path, member: &str) -> bool {
    let Ok(environment) = Process::new(pid).and_then(|process| process.environ()) else {
        return false;
    };
    let value = |name| environment.get(OsStr::new(name));
    if value("PSL_MEMBER").is_none_or(|found| found.as_bytes() != member.as_bytes()) {
        return false;
    }
    // One store may have several names.
    let physical = |path: &Path| path.canonicalize().ok();
    value("PSL_STORE").is_some_and(|found| {
        let found = Path::new(found);
        found == store || physical(found).is_some_and(|found| Some(found) == physical(store))
    })
}
