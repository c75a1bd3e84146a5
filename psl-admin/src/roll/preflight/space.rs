//! Room for the private copies.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::roll::plan::Plan;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// File systems whose copies share their blocks: Btrfs, XFS, bcachefs, OCFS2.
const SHARING: [u64; 4] = [0x9123_683e, 0x5846_5342, 0xca45_1a4e, 0x7461_636f];

/// Refuses copies that do not fit; what shares its blocks always does.
pub fn check(plan: &Plan) -> Result<(), Failure> {
    let (Some(tree), Some(turn)) = (&plan.options.copy_from, plan.members.first()) else {
        return Ok(());
    };
    let parent = Path::new(&turn.to).parent().unwrap_or(Path::new("/"));
    let failed = |error: io::Error| {
        let message = format!("cannot find out how large the copies of {tree:?} are: {error}");
        Failure::new(Exit::Storage, message)
    };
    let stat = rustix::fs::statfs(parent).map_err(|errno| failed(errno.into()))?;
    if SHARING.contains(&stat.f_type.cast_unsigned()) {
        return Ok(());
    }
    let one = size(Path::new(tree), &mut BTreeSet::new()).map_err(failed)?;
    let needed = one.saturating_mul(plan.members.len() as u64);
    let free = stat.f_bavail.saturating_mul(stat.f_bsize.unsigned_abs());
    if needed <= free {
        return Ok(());
    }
    let (count, mib) = (plan.members.len(), |bytes: u64| bytes >> 20);
    let message = format!(
        "{count} copies of {tree:?} need {} MiB at {parent:?}, which has {} MiB",
        mib(needed),
        mib(free)
    );
    Err(Failure::new(Exit::Refused, message))
}

/// Returns how much room a tree takes, in bytes; a file with several names once.
fn size(path: &Path, seen: &mut BTreeSet<(u64, u64)>) -> io::Result<u64> {
    let metadata = path.symlink_metadata()?;
    if !seen.insert((metadata.dev(), metadata.ino())) {
        return Ok(0);
    }
    let mut total = metadata.blocks() * 512;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            total += size(&entry?.path(), seen)?;
        }
    }
    Ok(total)
}
