//! The rows of sequences: calls that change what the next ones find, each with two names of its own.

use libc::{O_CREAT, O_DIRECTORY, O_PATH, O_RDWR, RENAME_EXCHANGE, RENAME_NOREPLACE};

use super::row::Given::{Dir, Int, Path, Room};
use super::row::{CWD, Row, int, rows};

/// The rows. Links change through the table only, as those of `entries` say.
pub fn rows() -> Vec<Row> {
    let exchange = Int(i64::from(RENAME_EXCHANGE));
    let noreplace = Int(i64::from(RENAME_NOREPLACE));
    let (directory, path) = (int(O_DIRECTORY), int(O_DIRECTORY | O_PATH));
    rows! {
        chdir (Path) "directory";
        getcwd (Room(4096), Int(4096)) "string";
        mkdir (Path, Int(0o750)) "number" .changes();
        mkdirat (Dir, Path, Int(0o750)) "number" .changes();
        symlink (Path, Path) "number" .changes();
        symlinkat (Path, Dir, Path) "number" .changes();
        link (Path, Path) "number" .changes();
        unlink (Path) "number" .busy("0 -", "-1 ENOTDIR");
        rmdir (Path) "number" .busy("-1 ENOTDIR", "-1 ENOTDIR");
        rename (Path, Path) "number" .busy("0 -", "-1 ENOTDIR");
        renameat (Dir, Path, CWD, Path) "number" .busy("0 -", "-1 ENOTDIR");
        renameat2 (CWD, Path, Dir, Path, exchange) "number" .busy("0 -", "-1 ENOTDIR");
        renameat2 (CWD, Path, Dir, Path, noreplace) "number" .busy("0 -", "-1 EEXIST");
        rename (Path, Path) "number" .busy("0 -", "-1 ENOTDIR");
        open (Path, int(O_RDWR | O_CREAT), Int(0o640)) "descriptor" .changes();
        realpath (Path, Int(0)) "string";
        opendir (Path) "listing 0";
        // Directories stay open by these numbers.
        open (Path, directory, Int(0)) "keep 100";
        open (Path, directory, Int(0)) "keep 101";
        openat (Dir, Path, path, Int(0)) "keep 100";
        openat (Dir, Path, path, Int(0)) "keep 101";
        fchdir (Int(100)) "directory";
        close (Int(100)) "number";
        close (Int(101)) "number";
    }
}
