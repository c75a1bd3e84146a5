//! The entries of a directory.

use super::row::Given::{Dir, Function, Int, Path, Room, Taken};
use super::row::{Row, rows};

/// The rows.
pub fn rows() -> Vec<Row> {
    let mut rows = rows! {
        opendir (Path) "listing 0" .also(&["readdir64", "closedir"]);
        opendir (Path) "listing 1" .also(&["readdir"]);
        opendir (Path) "listing 2" .also(&["readdir64_r"]);
        opendir (Path) "listing 3" .also(&["readdir_r"]);
        opendir (Path) "positions" .also(&["telldir", "seekdir", "rewinddir"]);
        fdopendir (Int(-1)) "listing 0";
        fdopendir (Taken("spare/file")) "listing 0";
    };
    for dir in [
        "shared",
        "shared/version2",
        "shared/version2/dir",
        "other",
        "spare",
    ] {
        rows.extend(rows! {
            fdopendir (Taken(dir)) "listing 0";
            fdopendir (Taken(dir)) "positions";
        });
    }
    for (filter, compare) in [
        (Int(0), Function("alphasort")),
        (Function("has_no_a"), Function("versionsort")),
    ] {
        rows.extend(rows! {
            scandir | scandir64 (Path, Room(8), filter, compare) "entries 1";
            scandirat | scandirat64 (Dir, Path, Room(8), filter, compare) "entries 2";
        });
    }
    rows
}
