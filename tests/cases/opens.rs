//! Calls that open a descriptor or a stream.

use libc::{
    AT_SYMLINK_FOLLOW, O_APPEND, O_CLOEXEC, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK,
    O_PATH, O_RDWR, O_TMPFILE, O_TRUNC, O_WRONLY,
};

use super::row::Given::{Dir, Int, Numbers, Path, Room, Stream, Template, Text, Watch};
use super::row::{CWD, Row, int, rows};
use super::spellings::Names;

/// The rows.
pub fn rows() -> Vec<Row> {
    [descriptors(), streams(), made_up(), others()].concat()
}

fn descriptors() -> Vec<Row> {
    let mut rows = Vec::new();
    for flags in [0, O_NOFOLLOW, O_DIRECTORY | O_CLOEXEC] {
        rows.extend(rows! {
            __open_2 | __open64_2 (Path, int(flags)) "descriptor";
            __openat_2 | __openat64_2 (Dir, Path, int(flags)) "descriptor";
        });
    }
    for flags in [
        0,
        O_CLOEXEC | O_NONBLOCK,
        O_DIRECTORY,
        O_NOFOLLOW,
        O_NOFOLLOW | O_DIRECTORY,
        O_PATH,
        O_PATH | O_DIRECTORY,
        O_PATH | O_NOFOLLOW | O_DIRECTORY,
    ] {
        rows.extend(rows! {
            open | open64 | __open | __open64 (Path, int(flags), Int(0)) "descriptor";
            openat | openat64 (Dir, Path, int(flags), Int(0)) "descriptor";
        });
    }
    for flags in [
        O_WRONLY | O_TRUNC,
        O_WRONLY | O_APPEND,
        O_RDWR | O_CREAT,
        O_RDWR | O_CREAT | O_EXCL,
        O_RDWR | O_CREAT | O_NOFOLLOW,
        O_TMPFILE | O_RDWR,
    ] {
        rows.extend(rows! {
            open | open64 | __open | __open64 (Path, int(flags), Int(0o640)) "descriptor" .changes();
            openat | openat64 (Dir, Path, int(flags), Int(0o640)) "descriptor" .changes();
        });
    }
    let itself = int(O_PATH | O_NOFOLLOW);
    // Linux 6.4 and later know that this makes no sense.
    let nonsense = int(O_CREAT | O_DIRECTORY);
    rows.extend(rows! {
        creat | creat64 (Path, Int(0o604)) "descriptor" .changes();
        open | open64 (Path, nonsense, Int(0o640)) "descriptor" .changes() .wrong();
        open | open64 (Path, itself, Int(0)) "itself";
        openat | openat64 (Dir, Path, itself, Int(0)) "itself";
    });
    // Flags, mode, and what a symlink on the way may not do.
    const HOW: [&[i64]; 5] = [
        &[0, 0, 0],
        &[0, 0, libc::RESOLVE_NO_XDEV as i64],
        &[0, 0, libc::RESOLVE_NO_MAGICLINKS as i64],
        &[0, 0, libc::RESOLVE_NO_SYMLINKS as i64],
        &[0, 0, libc::RESOLVE_BENEATH as i64],
    ];
    for how in HOW {
        rows.extend(rows! { openat2 (Dir, Path, Numbers(how), Int(24)) "descriptor"; });
    }
    rows
}

fn streams() -> Vec<Row> {
    let mut rows = Vec::new();
    for mode in ["r", "re"] {
        rows.extend(rows! {
            fopen | fopen64 | _IO_fopen (Path, Text(mode)) "stream";
            freopen | freopen64 (Path, Text(mode), Stream) "stream";
            setmntent | __setmntent (Path, Text(mode)) "stream";
        });
    }
    for mode in ["w", "a", "r+", "wx", "w+xe"] {
        rows.extend(rows! {
            fopen | fopen64 | _IO_fopen (Path, Text(mode)) "stream" .changes();
            freopen | freopen64 (Path, Text(mode), Stream) "stream" .changes();
        });
    }
    rows
}

/// Names of which libc makes the last letters up.
fn made_up() -> Vec<Row> {
    let below = Template("/XXXXXX");
    let beside = Template("XXXXXX");
    let (suffixed, suffix) = (Template("/XXXXXX.txt"), Int(4));
    rows! {
        mkstemp | mkstemp64 (below) "made up" .changes();
        mkstemp | mkstemp64 (beside) "made up" .changes();
        mkstemp (Path) "made up" .wrong();
        mkostemp | mkostemp64 (below, int(O_CLOEXEC)) "made up" .changes();
        mkstemps | mkstemps64 (suffixed, suffix) "made up" .changes();
        mkstemps (suffixed, Int(1)) "made up" .wrong();
        mkostemps | mkostemps64 (suffixed, suffix, int(O_APPEND)) "made up" .changes();
        mkdtemp (below) "made up directory" .changes();
        mkdtemp (beside) "made up directory" .changes();
        mktemp (below) "made up name";
        mktemp (beside) "made up name";
        tempnam (Path, Text("pre")) "made up string";
    }
}

fn others() -> Vec<Row> {
    // Without room for a handle, the answer is how much it takes, for whatever is there.
    let (handle, mount) = (Room(8), Room(4));
    let follow = int(AT_SYMLINK_FOLLOW);
    let modified = Int(i64::from(libc::IN_MODIFY));
    let itself = Int(i64::from(libc::IN_MODIFY | libc::IN_DONT_FOLLOW));
    let directory = Int(i64::from(libc::IN_MODIFY | libc::IN_ONLYDIR));
    rows! {
        catopen (Path, Int(0)) "catalog";
        name_to_handle_at (Dir, Path, handle, mount, follow) "number";
        name_to_handle_at (Dir, Path, handle, mount, Int(0)) "number"
            .differs(Names::Link, "-1 EOVERFLOW", "-1 EOPNOTSUPP");
        inotify_add_watch (Watch, Path, modified) "number";
        inotify_add_watch (Watch, Path, directory) "number";
        inotify_add_watch (Watch, Path, itself) "number";
        // Nobody has this descriptor: names do not even matter.
        fanotify_mark (Int(-1), Int(1), Int(2), CWD, Path) "number" .wrong();
        ftok (Path, Int(7)) "key";
    }
}
