//! Which file system the store is on, and what that means for its locks.
use super::super::finding::Finding;
use std::path::Path;

/// What a file system does for programs of other hosts.
#[derive(Clone, Copy)]
enum Reach {
    /// It is this host's own.
    Local,
    /// It is lost at the next start of the host.
    Memory,
    /// Other hosts see it, locks included.
    Shared,
    /// A program decides.
    Fuse,
    /// The kernel reads it, and nobody writes it.
    ReadOnly,
    /// Nobody knows.
    Unknown,
}

/// Names and numbers (`f_type` of statfs(2); linux/magic.h).
const KNOWN: &[(u32, &str, Reach)] = &[
    (0xEF53, "ext2/ext3/ext4", Reach::Local),
    (0x5846_5342, "XFS", Reach::Local),
    (0x9123_683E, "Btrfs", Reach::Local),
    (0x2FC1_2FC1, "ZFS", Reach::Local),
    (0xCA45_1A4E, "bcachefs", Reach::Local),
    (0xF2F5_2010, "F2FS", Reach::Local),
    (0x3153_464A, "JFS", Reach::Local),
    (0x794C_7630, "overlay", Reach::Local),
    (0x4D44, "FAT", Reach::Local),
    (0x0102_1994, "tmpfs", Reach::Memory),
    (0x8584_58F6, "ramfs", Reach::Memory),
    (0x6969, "NFS", Reach::Shared),
    (0xFF53_4D42, "CIFS/SMB", Reach::Shared),
    (0xFE53_4D42, "SMB2", Reach::Shared),
    (0x00C3_6400, "CephFS", Reach::Shared),
    (0x7461_636F, "OCFS2", Reach::Shared),
    (0x0116_1970, "GFS2", Reach::Shared),
    (0x0BD0_0BD0, "Lustre", Reach::Shared),
    (0x4750_4653, "GPFS", Reach::Shared),
    (0x0102_1997, "9P", Reach::Shared),
    (0x5346_414F, "AFS", Reach::Shared),
    (0x6573_5546, "FUSE", Reach::Fuse),
    (0x7371_7368, "SquashFS", Reach::ReadOnly),
    (0xE0F5_E1E2, "EROFS", Reach::ReadOnly),
    (0x9660, "ISO 9660", Reach::ReadOnly),
];

/// Names the file system of a directory.
pub fn of(dir: &Path) -> Finding {
    const NAME: &str = "file system";
    let magic = match rustix::fs::statfs(dir) {
        // The numbers are of 32 bits, whatever the kernel's word is.
        Ok(stat) => stat.f_type as u32,
        Err(errno) => {
            return Finding::warn(
                NAME,
                format!("cannot be told of {dir:?}: {errno}"),
                "see statfs(2)",
            );
        }
    };
    let known = KNOWN.iter().find(|(number, ..)| *number == magic);
    let unknown = format!("an unknown one (0x{magic:X})");
    let (name, reach) = known.map_or((&*unknown, Reach::Unknown), |&(_, name, reach)| {
        (name, reach)
    });
    let warn = |means: &str, advice| Finding::warn(NAME, format!("{name}: {means}"), advice);
    match reach {
        Reach::Local => Finding::ok(
            NAME,
            format!("{name}, of this host alone: locks hold between its processes"),
        ),
        Reach::Shared => Finding::ok(
            NAME,
            format!(
                "{name}, shared: record locks hold between hosts unless it is mounted without (`nolock`, `local_lock`, `nobrl`)"
            ),
        ),
        Reach::Memory => warn(
            "lost when the host stops",
            "keep the store on storage that lasts",
        ),
        Reach::Fuse => warn(
            "its program decides whether record locks hold between hosts",
            "nothing is lost where they do not: of two commits one is told of the other, and starts again",
        ),
        Reach::ReadOnly => warn("nothing can be committed", "commit where it can be written"),
        Reach::Unknown => warn(
            "whether record locks hold between hosts is not known",
            "nothing is lost where they do not: of two commits one is told of the other, and starts again",
        ),
    }
}
