//! Whether this user can make a file again as it is.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::tour::Step;
use rustix::fs::FileType;
use rustix::process::{getegid, geteuid, getgroups};
use rustix::thread::{CapabilitySet, capabilities};
use std::path::PathBuf;

/// What this process may do to files of others.
#[derive(Debug)]
pub struct Rights {
    user: u32,
    groups: Vec<u32>,
    may_give: bool,
    may_make_devices: bool,
}

impl Rights {
    /// Reads this process's own.
    pub fn own() -> Self {
        let held = capabilities(None).map_or(CapabilitySet::empty(), |sets| sets.effective);
        let groups = getgroups().unwrap_or_default();
        let groups = groups.into_iter().chain([getegid()]);
        Self {
            user: geteuid().as_raw(),
            groups: groups.map(|group| group.as_raw()).collect(),
            may_give: held.contains(CapabilitySet::CHOWN),
            may_make_devices: held.contains(CapabilitySet::MKNOD),
        }
    }

    /// Refuses a file of an owner that its copy could not be given to, or a device that could not be made.
    pub fn check(&self, step: &Step<'_>, path: impl Fn() -> PathBuf) -> Result<(), Failure> {
        let (user, group) = (step.stat.st_uid, step.stat.st_gid);
        let refused = |why: String| {
            Err(Failure::new(Exit::Refused, why)
                .with_help("run `stage` as root, or as the owner of the tree"))
        };
        let is_own = user == self.user && self.groups.contains(&group);
        if !self.may_give && !is_own {
            let owner = format!("{user}:{group}");
            return refused(format!(
                "{:?} belongs to {owner}, whom user {} cannot give a copy to",
                path(),
                self.user
            ));
        }
        let is_device = matches!(
            step.kind(),
            FileType::BlockDevice | FileType::CharacterDevice
        );
        if is_device && !self.may_make_devices {
            return refused(format!(
                "{:?} is a device, which only root can make",
                path()
            ));
        }
        Ok(())
    }
}
