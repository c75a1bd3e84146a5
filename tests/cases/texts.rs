//! Calls that read a symlink's text, or a name without symlinks; and the working directory.

use super::row::Given::{Dir, Int, Path, Room};
use super::row::{Row, rows};
use super::spellings::Names;

/// The rows.
pub fn rows() -> Vec<Row> {
    let (room, whole) = (Room(4096), Int(4096));
    // libc asks for one component of a name after another, and takes any length.
    let resolved = "pointer EINVAL";
    let mut rows = rows! {
        readlink (Path, Room(8), Int(0)) "bytes 1" .wrong();
        readlink (Path, Int(1), Int(8)) "bytes 1";
        realpath (Path, Int(0)) "string" .differs(Names::TooLong, resolved, "null ENAMETOOLONG");
        realpath (Path, room) "string" .differs(Names::TooLong, resolved, "null ENAMETOOLONG");
        __realpath_chk (Path, room, whole) "string" .differs(Names::TooLong, resolved, "null ENAMETOOLONG");
        canonicalize_file_name (Path) "string" .differs(Names::TooLong, resolved, "null ENAMETOOLONG");
        chdir (Path) "directory";
        chroot (Path) "root";
        get_current_dir_name () "string";
    };
    for size in [1, 10, 4096] {
        rows.extend(rows! {
            readlink (Path, room, Int(size)) "bytes 1";
            readlinkat (Dir, Path, room, Int(size)) "bytes 2";
            __readlink_chk (Path, room, Int(size), whole) "bytes 1";
            __readlinkat_chk (Dir, Path, room, Int(size), whole) "bytes 2";
        });
    }
    rows
}
