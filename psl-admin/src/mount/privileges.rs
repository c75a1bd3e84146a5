//! The capabilities of this process: a user namespace gives all of them, and a program has to start with its own.
use super::refused;
use crate::failure::Failure;
use rustix::io::Errno;
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, capabilities, capabilities_secure_bits,
    capability_is_in_bounding_set, remove_capability_from_bounding_set, set_capabilities,
    set_capabilities_secure_bits,
};

/// The capabilities that a process has, and those that it could get.
#[derive(Debug)]
pub struct Privileges {
    sets: CapabilitySets,
    bounding: CapabilitySet,
    secure_bits: CapabilitiesSecureBits,
}

impl Privileges {
    /// Asks the kernel for those of this process.
    pub fn of_this_process() -> Result<Self, Failure> {
        let asked = || -> Result<Self, Errno> {
            Ok(Self {
                sets: capabilities(None)?,
                bounding: bounding(),
                secure_bits: capabilities_secure_bits()?,
            })
        };
        asked()
            .map_err(|errno| refused(format!("cannot read this process's capabilities: {errno}")))
    }

    /// Whether this process had a capability in effect.
    pub fn has(&self, capability: CapabilitySet) -> bool {
        self.sets.effective.contains(capability)
    }

    /// Refuses to go on where a user namespace would take capabilities away: in there they hold over nothing of the host.
    pub fn refuse_loss(&self) -> Result<(), Failure> {
        if self.sets.permitted.is_empty() {
            return Ok(());
        }
        let names = self.sets.permitted.iter_names();
        let names: Vec<_> = names.map(|(name, _)| format!("CAP_{name}")).collect();
        Err(refused(format!(
            "the program would lose its capabilities in a user namespace ({}), and a mount namespace alone needs CAP_SYS_ADMIN",
            names.join(", ")
        ))
        .with_help("give it CAP_SYS_ADMIN as well, or start with `--engine preload`"))
    }

    /// Gives back what a user namespace gave: all sets are as they were.
    pub fn restore(&self) -> Result<(), Failure> {
        let restored = || -> Result<(), Errno> {
            let held = capabilities(None)?;
            if held == self.sets {
                return Ok(());
            }
            // What may be inherited is limited by what can be had, so it comes first; each step needs rights that the
            // last one takes away.
            set_capabilities(
                None,
                CapabilitySets {
                    inheritable: self.sets.inheritable,
                    ..held
                },
            )?;
            let gained = bounding() - self.bounding;
            for capability in each().filter(|&one| gained.contains(one)) {
                remove_capability_from_bounding_set(capability)?;
            }
            set_capabilities_secure_bits(self.secure_bits)?;
            set_capabilities(None, self.sets)
        };
        restored().map_err(|errno| {
            refused(format!(
                "cannot give back the capabilities of a user namespace: {errno}"
            ))
        })
    }
}

fn bounding() -> CapabilitySet {
    // The kernel knows no capability behind the first that it refuses.
    let known = each().map_while(|one| Some((one, capability_is_in_bounding_set(one).ok()?)));
    known.filter_map(|(one, is)| is.then_some(one)).collect()
}

/// Lists all capabilities that a set has room for, one by one.
fn each() -> impl Iterator<Item = CapabilitySet> {
    (0..u64::BITS).map(|bit| CapabilitySet::from_bits_retain(1 << bit))
}
