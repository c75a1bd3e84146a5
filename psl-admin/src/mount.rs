//! The mount engine: a private mount namespace, in which each link is a bind mount of its target on its place.
//!
//! Only the kernel is asked for a member's names, by system calls of rustix: psl-admin may itself run in an instance of
//! the preload engine, whose links must have no part in this one's.
mod plan;

mod forbidden;
mod namespace;
mod privileges;

mod mark;
mod mounts;

mod descriptors;
mod working_directory;

mod rehearsal;

use crate::exit::Exit;
use crate::failure::Failure;
use plan::Plan;
use privileges::Privileges;
use psl_table::pinned::{self, Engine, Mark, Pinned};
use psl_table::snapshot::Snapshot;
use std::path::Path;
use working_directory::WorkingDirectory;

pub use forbidden::is_filtered;
pub use mark::{mark_in, refuse_inside};
pub use rehearsal::{rehearse, rehearse_user_namespace};

/// Moves this process, and whatever it becomes, to a mount namespace with these links of a store, and says so in `pinned`.
///
/// User, groups, capabilities, descriptors and working directory stay as they are. What cannot be mounted is refused
/// before anything has been done; whatever was done when something fails later ends with this process.
pub fn enter(view: &Snapshot, store: Option<&Path>, pinned: &mut Pinned) -> Result<(), Failure> {
    require_procfs()?;
    let plan = Plan::of(view)?;
    let directory = WorkingDirectory::of_this_process(&plan)?;
    let privileges = Privileges::of_this_process()?;

    namespace::make(&privileges)?;
    mounts::make(&plan, &Mark::text(pinned, store))?;
    privileges.restore()?;
    directory.enter_again()?;
    descriptors::open_again(&plan)?;
    pinned.engine = Engine::Mount(mount_namespace()?);
    Ok(())
}

/// Refuses to begin where no procfs is mounted: names are resolved, and mounts are made, by its links.
pub fn require_procfs() -> Result<(), Failure> {
    mount_namespace().map(|_| ())
}

fn mount_namespace() -> Result<u64, Failure> {
    pinned::mount_namespace().map_err(|errno| {
        let message = format!("cannot read \"/proc/self/ns/mnt\": {errno}");
        refused(message).with_help("the mount engine needs a procfs: `mount -t proc proc /proc`")
    })
}

fn refused(message: impl Into<String>) -> Failure {
    Failure::new(Exit::Refused, message)
}
