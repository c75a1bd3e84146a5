//! Whether the copy has room, and whether it needs any.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::stage::route::{Route, cannot};
use crate::stage::survey::Survey;
use indicatif::HumanBytes;
use reflink_copy::reflink_file;
use rustix::fs::{Mode, OFlags, fstatvfs, openat};
use std::fs::File;

/// Tells whether the file system can share the tree's data with the copy, by trying on a file without a name.
///
/// Where such files cannot be made the answer is no, and each file is tried for itself.
pub fn is_shared(route: &Route, survey: &Survey) -> bool {
    let Some(sample) = &survey.sample else {
        return false;
    };
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    openat(&route.parent, c".", flags, Mode::RUSR | Mode::WUSR)
        .is_ok_and(|file| reflink_file(sample, &File::from(file)).is_ok())
}

/// Refuses a copy that the file system has no room for.
pub fn check(route: &Route, survey: &Survey) -> Result<(), Failure> {
    let found = fstatvfs(&route.parent).map_err(cannot("examine the storage of", &route.dst))?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let full = |needed: String, free: String| {
        let message = format!(
            "there is no room for {:?}: {needed} needed, {free} free",
            route.dst
        );
        Err(Failure::new(Exit::Storage, message))
    };
    if survey.stored > free {
        return full(
            HumanBytes(survey.stored).to_string(),
            HumanBytes(free).to_string(),
        );
    }
    // File systems that make inodes as they need them have none to count.
    if found.f_files > 0 && survey.inodes > found.f_favail {
        return full(
            format!("{} inodes", survey.inodes),
            format!("{} inodes", found.f_favail),
        );
    }
    Ok(())
}
