//! Calls that say what a file is.

use libc::{
    AT_EACCESS, AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW, R_OK, STATX_BASIC_STATS, W_OK, X_OK, stat64,
    statfs64, statvfs64, statx,
};

use super::row::Given::{self, Dir, Int, Path, Room};
use super::row::{Row, int, rows};

const STAT: Given = Room(size_of::<stat64>());
const STATX: Given = Room(size_of::<statx>());
const STATFS: Given = Room(size_of::<statfs64>());
const STATVFS: Given = Room(size_of::<statvfs64>());

/// The rows.
pub fn rows() -> Vec<Row> {
    let version = Int(1);
    let mut rows = rows! {
        stat | stat64 (Path, STAT) "stat 1";
        lstat | lstat64 (Path, STAT) "stat 1";
        stat (Path, Int(0)) "stat 1";
        lstat (Path, Int(0)) "stat 1";
        __xstat | __xstat64 (version, Path, STAT) "stat 2";
        __lxstat | __lxstat64 (version, Path, STAT) "stat 2";
        statfs | statfs64 | __statfs (Path, STATFS) "statfs 1";
        statvfs | statvfs64 (Path, STATVFS) "statvfs 1";
        pathconf (Path, int(libc::_PC_LINK_MAX)) "long";
        pathconf (Path, int(libc::_PC_NAME_MAX)) "long";
        access (Path, Int(8)) "number" .wrong();
        faccessat (Dir, Path, Int(8), int(AT_SYMLINK_NOFOLLOW)) "number" .wrong();
    };
    let basic = Int(i64::from(STATX_BASIC_STATS));
    for flags in [
        0,
        AT_SYMLINK_NOFOLLOW,
        AT_EMPTY_PATH,
        AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW,
    ] {
        rows.extend(rows! {
            fstatat | fstatat64 (Dir, Path, STAT, int(flags)) "stat 2";
            __fxstatat | __fxstatat64 (version, Dir, Path, STAT, int(flags)) "stat 3";
            statx (Dir, Path, int(flags), basic, STATX) "statx 4";
        });
    }
    for mode in [0, R_OK, W_OK, X_OK, R_OK | W_OK | X_OK] {
        rows.extend(rows! {
            access (Path, int(mode)) "number";
            eaccess | euidaccess (Path, int(mode)) "number";
            faccessat (Dir, Path, int(mode), Int(0)) "number";
            faccessat (Dir, Path, int(mode), int(AT_SYMLINK_NOFOLLOW)) "number";
            faccessat (Dir, Path, int(mode), int(AT_EACCESS)) "number";
        });
    }
    rows
}
