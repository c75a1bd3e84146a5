//! Calls about mounts, whose names are looked up before the kernel refuses what is asked: none changes this host.

use libc::{AT_SYMLINK_NOFOLLOW, MS_BIND, Q_GETFMT, UMOUNT_NOFOLLOW, USRQUOTA};

use super::row::Given::{Dir, Fixed, Int, Numbers, Path, Room, Text};
use super::row::{CWD, DIRECTORY, Row, int, rows};
use super::spellings::Names;

/// The rows.
pub fn rows() -> Vec<Row> {
    let (no_kind, no_data) = (Text("no such file system"), Int(0));
    let nofollow = int(AT_SYMLINK_NOFOLLOW);
    // MOVE_MOUNT_F_SYMLINKS and MOVE_MOUNT_T_SYMLINKS.
    let (from_followed, to_followed) = (Int(0x1), Int(0x10));
    // What no mount has is taken away.
    let attributes = Numbers(&[0, 0x20_0000, 0, 0]);
    rows! {
        mount (Text("none"), Path, no_kind, Int(0), no_data) "number";
        mount (Path, Fixed("missing"), no_kind, Int(MS_BIND as i64), no_data) "number" .wrong();
        umount (Path) "number" .spares_root();
        umount2 (Path, int(libc::MNT_EXPIRE)) "number" .spares_root();
        umount2 (Path, int(UMOUNT_NOFOLLOW)) "number" .spares_root();
        setns (Int(-1), Int(0)) "number";
        prctl (int(libc::PR_GET_SECCOMP), Int(0), Int(0), Int(0), Int(0)) "number";
        // A filter (SECCOMP_MODE_FILTER) at no address.
        prctl (int(libc::PR_SET_SECCOMP), Int(2), Int(0), Int(0), Int(0)) "number";
        unshare (Int(-1)) "number";
        fchdir (Int(-1)) "number";
        pivot_root (Path, DIRECTORY) "number" .spares_root();
        pivot_root (DIRECTORY, Path) "number" .spares_root();
        swapon (Path, Int(0)) "number" .spares_root();
        swapoff (Path) "number" .spares_root();
        // A regular file would be written to by the kernel from here on.
        acct (Fixed("shared/version")) "number";
        acct (Fixed("shared/version/missing")) "number";
        acct (Fixed("shared/version/which/x")) "number";
        quotactl (int(libc::QCMD(Q_GETFMT, USRQUOTA)), Path, Int(0), Room(8)) "number" .spares_root();
        open_tree (Dir, Path, Int(0)) "descriptor";
        open_tree (Dir, Path, nofollow) "descriptor" .differs(Names::Link, "descriptor -", "-1 ELOOP");
        move_mount (Dir, Path, CWD, DIRECTORY, from_followed) "number" .spares_root();
        move_mount (Dir, Path, CWD, DIRECTORY, Int(0)) "number" .spares_root();
        move_mount (CWD, DIRECTORY, Dir, Path, to_followed) "number" .spares_root();
        fspick (Dir, Path, Int(0)) "number" .spares_root();
        fspick (Dir, Path, Int(2)) "number" .spares_root();
        // Nobody has this descriptor: names do not even matter.
        fsconfig (Int(-1), Int(3), Text("source"), Path, CWD) "number" .wrong();
        mount_setattr (Dir, Path, Int(0), attributes, Int(32)) "number" .spares_root();
        mount_setattr (Dir, Path, nofollow, attributes, Int(32)) "number" .spares_root();
    }
}
