//! Calls that make, move and remove entries of a directory.

use libc::{AT_REMOVEDIR, AT_SYMLINK_FOLLOW, RENAME_EXCHANGE, RENAME_NOREPLACE, S_IFIFO, S_IFREG};

use super::row::Given::{Dir, Int, Path, Room, Text};
use super::row::{CWD, DIRECTORY, FILE, NEW, Row, int, rows};

/// The rows.
pub fn rows() -> Vec<Row> {
    let fifo = Int(i64::from(S_IFIFO | 0o620));
    let file = Int(i64::from(S_IFREG | 0o620));
    let device = Int(0);
    let follow = int(AT_SYMLINK_FOLLOW);
    let exchange = Int(i64::from(RENAME_EXCHANGE));
    let noreplace = Int(i64::from(RENAME_NOREPLACE));
    rows! {
        link (Path, NEW) "number" .changes();
        link (FILE, Path) "number" .changes();
        linkat (Dir, Path, CWD, NEW, Int(0)) "number" .changes();
        linkat (Dir, Path, CWD, NEW, follow) "number" .changes();
        linkat (CWD, FILE, Dir, Path, Int(0)) "number" .changes();
        linkat (CWD, FILE, Dir, Path, follow) "number" .changes();
        symlink (Text("anything"), Path) "number" .changes();
        symlinkat (Text("anything"), Dir, Path) "number" .changes();
        mkdir (Path, Int(0o710)) "number" .changes();
        mkdirat (Dir, Path, Int(0o710)) "number" .changes();
        mkfifo (Path, Int(0o620)) "number" .changes();
        mkfifoat (Dir, Path, Int(0o620)) "number" .changes();
        mknod (Path, fifo, device) "number" .changes();
        mknodat (Dir, Path, file, device) "number" .changes();
        __xmknod (Int(0), Path, file, Room(8)) "number" .changes();
        __xmknodat (Int(0), Dir, Path, fifo, Room(8)) "number" .changes();
        unlink (Path) "number" .busy("0 -", "-1 ENOTDIR");
        remove (Path) "number" .busy("0 -", "-1 ENOTDIR");
        unlinkat (Dir, Path, Int(0)) "number" .busy("0 -", "-1 ENOTDIR");
        rmdir (Path) "number" .busy("-1 ENOTDIR", "-1 ENOTDIR");
        unlinkat (Dir, Path, int(AT_REMOVEDIR)) "number" .busy("-1 ENOTDIR", "-1 ENOTDIR");
        rename (Path, NEW) "number" .busy("0 -", "-1 ENOTDIR");
        rename (FILE, Path) "number" .busy("0 -", "-1 ENOTDIR");
        rename (DIRECTORY, Path) "number" .busy("-1 ENOTDIR", "-1 ENOTDIR");
        rename (Path, Path) "number" .busy("0 -", "-1 ENOTDIR");
        renameat (Dir, Path, CWD, NEW) "number" .busy("0 -", "-1 ENOTDIR");
        renameat (CWD, FILE, Dir, Path) "number" .busy("0 -", "-1 ENOTDIR");
        renameat2 (Dir, Path, CWD, NEW, Int(0)) "number" .busy("0 -", "-1 ENOTDIR");
        renameat2 (CWD, FILE, Dir, Path, Int(0)) "number" .busy("0 -", "-1 ENOTDIR");
        renameat2 (Dir, Path, CWD, FILE, exchange) "number" .busy("0 -", "-1 ENOTDIR");
        renameat2 (CWD, DIRECTORY, Dir, Path, exchange) "number" .busy("0 -", "-1 ENOTDIR");
        renameat2 (Dir, Path, CWD, NEW, noreplace) "number" .busy("0 -", "-1 ENOTDIR");
        renameat2 (CWD, FILE, Dir, Path, noreplace) "number" .changes();
    }
}
