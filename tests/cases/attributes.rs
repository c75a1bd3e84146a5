//! Calls that change what a file is, not its name.

use libc::AT_SYMLINK_NOFOLLOW;

use super::row::Given::{self, Dir, Int, Numbers, Path, Room, Text};
use super::row::{Row, int, rows};
use super::spellings::Names;

/// Two times, as timespec or timeval.
const TIMES: Given = Numbers(&[1_000_000, 0, 2_000_000, 0]);

/// The rows.
pub fn rows() -> Vec<Row> {
    [modes_and_times(), extended()].concat()
}

fn modes_and_times() -> Vec<Row> {
    // Owners who stay what they are.
    let (user, group) = (Int(-1), Int(-1));
    let nofollow = int(AT_SYMLINK_NOFOLLOW);
    rows! {
        chmod (Path, Int(0o711)) "number" .changes();
        lchmod (Path, Int(0o711)) "number" .changes();
        fchmodat (Dir, Path, Int(0o711), Int(0)) "number" .changes();
        fchmodat (Dir, Path, Int(0o711), nofollow) "number" .changes();
        chown (Path, user, group) "number" .changes();
        lchown (Path, user, group) "number" .not_permitted();
        fchownat (Dir, Path, user, group, Int(0)) "number" .changes();
        fchownat (Dir, Path, user, group, nofollow) "number" .not_permitted();
        truncate | truncate64 (Path, Int(1)) "number" .changes();
        truncate (Path, Int(-1)) "number" .wrong();
        utime (Path, Numbers(&[1_000_000, 2_000_000])) "number" .changes();
        utimes (Path, TIMES) "number" .changes();
        lutimes (Path, TIMES) "number" .not_permitted();
        futimesat (Dir, Path, TIMES) "number" .changes();
        utimensat (Dir, Path, TIMES, Int(0)) "number" .changes();
        utimensat (Dir, Path, TIMES, nofollow) "number" .not_permitted();
        // An entry for who logs in and out, at the end of a file.
        updwtmp (Path, Room(384)) "nothing" .changes();
        updwtmpx (Path, Room(384)) "nothing" .changes();
    }
}

fn extended() -> Vec<Row> {
    let (name, value, size) = (Text("user.psl"), Text("value"), Int(5));
    let missing = Text("user.missing");
    let trusted = Text("trusted.psl");
    rows! {
        setxattr (Path, name, value, size, Int(0)) "number" .changes();
        lsetxattr (Path, name, value, size, Int(0)) "number" .changes();
        // Only root may give a symlink an attribute, and only of this kind.
        lsetxattr (Path, trusted, value, size, Int(0)) "number" .changes() .differs(Names::Link, "0 -", "-1 EPERM");
        getxattr (Path, missing, Room(16), Int(16)) "bytes 2";
        getxattr (Path, name, Room(16), Int(16)) "bytes 2";
        lgetxattr (Path, missing, Room(16), Int(16)) "bytes 2";
        listxattr (Path, Room(16), Int(16)) "bytes 1";
        llistxattr (Path, Room(16), Int(16)) "bytes 1";
        removexattr (Path, missing) "number" .changes();
        lremovexattr (Path, missing) "number" .changes();
    }
}
