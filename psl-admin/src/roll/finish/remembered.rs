//! How long another host may go on with what had a name before: clients of shared storage remember names.
//!
//! Whoever has no link finds the old version by the place's name for so long.
use procfs::process::{MountInfo, Process};
use rustix::fd::{AsRawFd, BorrowedFd};
use std::fs;
use std::io;
use std::time::Duration;

/// The longest time for which a client of NFS or SMB does so unless it is mounted otherwise, in seconds: `acdirmax` in
/// nfs(5).
const BY_DEFAULT: u64 = 60;

/// That of a client of GlusterFS, and of its kernel, in seconds: `md-cache-timeout` and `entry-timeout`.
const GLUSTER: u64 = 2;

/// The options by which a mount has another limit, in seconds.
const LIMITS: [&str; 2] = ["acdirmax", "actimeo"];

/// Returns the longest time for names in a directory, if other hosts mount its storage as this one does.
pub fn longest(dir: BorrowedFd<'_>) -> io::Result<Duration> {
    let number = mount_of(dir)?;
    let mounts = Process::myself().and_then(|process| process.mountinfo());
    let mounts = mounts.map_err(io::Error::other)?;
    let mount = mounts.into_iter().find(|mount| mount.mnt_id == number);
    // One that was mounted over, or is outside of the root, is as bad as any.
    Ok(Duration::from_secs(
        mount.map_or(BY_DEFAULT, |it| limit(&it)),
    ))
}

/// Returns the number of the mount that a descriptor is on: see proc_pid_fdinfo(5).
fn mount_of(dir: BorrowedFd<'_>) -> io::Result<i32> {
    let text = fs::read_to_string(format!("/proc/self/fdinfo/{}", dir.as_raw_fd()))?;
    let number = text.lines().find_map(|line| line.strip_prefix("mnt_id:"));
    let number = number.and_then(|number| number.trim().parse().ok());
    number.ok_or_else(|| io::Error::other("/proc/self/fdinfo does not name a mount"))
}

fn limit(mount: &MountInfo) -> u64 {
    match mount.fs_type.as_str() {
        "nfs" | "nfs4" | "cifs" | "smb3" => {
            let said = |key| mount.super_options.get(key)?.as_ref()?.parse().ok();
            LIMITS.into_iter().find_map(said).unwrap_or(BY_DEFAULT)
        }
        "fuse.glusterfs" => GLUSTER,
        // Local ones among them, as of containers, are those of one host.
        "fuse.fuse-overlayfs" | "fuse.mergerfs" => 0,
        "afs" | "beegfs" | "lustre" => BY_DEFAULT,
        kind if kind == "fuse" || kind.starts_with("fuse.") => BY_DEFAULT,
        // The others are of this host alone, or keep what their hosts remember coherent.
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn it_is_what_the_mount_says_or_the_default_of_its_kind() {
        let rows = [
            ("ext4 /dev/vda rw", 0),
            ("tmpfs tmpfs rw,inode64", 0),
            ("ceph mon:/ rw", 0),
            ("nfs4 server:/ rw,vers=4.2,hard,proto=tcp", 60),
            ("nfs server:/ rw,acregmin=1,acdirmin=1,acdirmax=7", 7),
            (
                "nfs server:/ rw,noac,acregmin=0,acregmax=0,acdirmin=0,acdirmax=0",
                0,
            ),
            ("cifs //server/x rw,actimeo=1", 1),
            ("fuse.glusterfs a:/v rw,user_id=0", 2),
            ("fuse.sshfs a:/ rw", 60),
        ];
        for (end, expected) in rows {
            let line = format!("30 22 0:40 / /shared rw,relatime shared:1 - {end}");
            let mount = MountInfo::from_line(&line).expect("it is a line of mountinfo");
            assert_eq!(limit(&mount), expected, "{end}");
        }
    }

    #[test]
    fn a_descriptor_says_which_mount_it_is_on() {
        let own = fs::File::open("/proc").expect("it is there");
        let myself = Process::myself().expect("it runs");
        let mut mounts = myself.mountinfo().expect("it has mounts").into_iter();
        let number = mount_of(own.as_fd()).expect("it is open");
        let mount = mounts.find(|mount| mount.mnt_id == number);
        assert!(mount.is_some_and(|mount| mount.fs_type == "proc"));
        let longest = longest(own.as_fd()).expect("it is open");
        assert_eq!(longest, Duration::ZERO);
    }
}
