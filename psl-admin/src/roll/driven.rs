//! Whether somebody drives a roll at this moment.
use crate::failure::Failure;
use crate::roll::directory::{Rolls, failed};
use crate::roll::fence::{Owner, beat};

/// Returns who drives it. Of a program on another host its beat tells, which takes a few seconds when it is gone.
pub fn by(rolls: &Rolls<'_>, id: &str) -> Result<Option<Owner>, Failure> {
    let (file, trust) = (rolls.owner(id), rolls.store.trust());
    let owner = Owner::read(&file, trust).map_err(|error| failed("read", &file, &error))?;
    let Some(owner) = owner.filter(|owner| !owner.released) else {
        return Ok(None);
    };
    let drives = match owner.is_here() {
        true => owner.is_alive(),
        false => beat::is_moving(&rolls.beat(id), owner.token, trust)?,
    };
    Ok(drives.then_some(owner))
}
