//! posix_spawn(3) with file actions and attributes.

use super::row::Given::{self, Actions, Attributes, Fixed, Int, Path, Room, Texts};
use super::row::{Row, rows};
use super::spellings::Names;

const ARGUMENTS: Given = Texts(&["zero"]);
const VARIABLES: Given = Texts(&["A=b"]);
const NONE: Given = Int(0);

/// The rows whose programs are spelt.
pub fn programs() -> Vec<Row> {
    let mut rows = Vec::new();
    for actions in [
        "chdir {}/shared",
        "chdir {}/shared/version2/dir; chdir ../../version; open 5 read which",
        "open 5 read {}/shared/version/missing",
        "open 5 directory {}/shared/version; fchdir 5; close 5; dup2 0 7",
        "dup2 0 9; closefrom 8; foreground 0",
        "close 9",
        "chdir {}/shared/erp2",
    ] {
        rows.extend(rows! {
            posix_spawn (Room(4), Path, Actions(actions), NONE, ARGUMENTS, VARIABLES) "spawned 0";
            posix_spawnp (Room(4), Path, Actions(actions), Attributes("mask"), ARGUMENTS, VARIABLES) "spawned 0";
        });
    }
    for attributes in ["mask; group; vfork", "default; session", "none"] {
        rows.extend(rows! {
            posix_spawn (Room(4), Path, NONE, Attributes(attributes), ARGUMENTS, VARIABLES) "spawned 0";
            posix_spawnp (Room(4), Path, NONE, Attributes(attributes), ARGUMENTS, VARIABLES) "spawned 0";
        });
    }
    rows.extend(rows! {
        posix_spawn (Room(4), Path, NONE, Attributes("ids"), ARGUMENTS, VARIABLES) "spawned lowered 0";
        posix_spawn (Room(4), Path, Actions("chdir {}/shared"), Attributes("ids; mask"), ARGUMENTS, VARIABLES) "spawned lowered 0";
    });
    rows
}

/// The rows that have the names in their actions: `<>` is the one that is spelt.
pub fn actions() -> Vec<Row> {
    const TOOL: Given = Fixed("shared/version2/tool");
    let mut rows = Vec::new();
    for actions in [
        "open 5 read <>",
        "open 5 directory+path <>",
        "chdir <>",
        "chdir <>; open 5 read which; open 6 read ../version/which",
        "open 7 directory <>; fchdir 7; close 7; open 5 read which",
        "open 7 directory <>; dup2 7 9; close 7; fchdir 9; chdir ../version; open 5 read nested/here",
        "chdir <>; chdir missing",
        "open 5 read {}/shared/current; open 5 read+kept <>; closefrom 6",
        "chdir {}/shared/version; open 5 read <>",
    ] {
        rows.extend(rows! {
            posix_spawn (Room(4), TOOL, Actions(actions), NONE, ARGUMENTS, VARIABLES) "spawned 0";
        });
    }
    for actions in ["open 0 create <>; dup2 0 6", "open 5 create+new <>"] {
        rows.extend(rows! {
            posix_spawn (Room(4), TOOL, Actions(actions), NONE, ARGUMENTS, VARIABLES) "spawned 0" .changes();
        });
    }
    // A descriptor on a link is made by this process: a child has no name for it. ELOOP is returned.
    rows.extend(rows! {
        posix_spawn (Room(4), TOOL, Actions("open 5 path+kept <>"), NONE, ARGUMENTS, VARIABLES) "spawned 0"
            .differs(Names::Link, "0 ", "40 ");
    });
    rows
}
