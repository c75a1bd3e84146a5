//! Whole trees, and the names that match a pattern.

use super::row::Given::{Function, Int, Path, Paths, Room, Template, Text};
use super::row::{Given, Row, int, rows};

/// ftw.h's flags.
const FTW_PHYS: i32 = 1;
const FTW_MOUNT: i32 = 2;
const FTW_CHDIR: i32 = 4;
const FTW_DEPTH: i32 = 8;

/// fts.h's flags.
const FTS_COMFOLLOW: i32 = 0x1;
const FTS_LOGICAL: i32 = 0x2;
const FTS_NOCHDIR: i32 = 0x4;
const FTS_NOSTAT: i32 = 0x8;
const FTS_PHYSICAL: i32 = 0x10;
const FTS_SEEDOT: i32 = 0x20;
const FTS_XDEV: i32 = 0x40;

/// The structures that glob(3) and wordexp(3) fill in.
const MATCHES: Given = Room(72);
const WORDS: Given = Room(24);
const NONE: Given = Int(0);

/// The rows.
pub fn rows() -> Vec<Row> {
    [walks(), hierarchies(), patterns(), words()].concat()
}

/// In a walk that follows symlinks, which of several names for a directory is met first is the file system's choice.
fn walks() -> Vec<Row> {
    let (walked, met) = (Function("walked"), Function("met"));
    let mut rows = rows! {
        ftw | ftw64 (Path, met, Int(20)) "walk 0" .spares_root();
        ftw (Path, met, Int(1)) "walk 0" .spares_root();
        nftw (Path, walked, Int(20), Int(32)) "walk 0" .spares_root().wrong();
    };
    for flags in [
        FTW_PHYS,
        FTW_PHYS | FTW_CHDIR,
        FTW_PHYS | FTW_DEPTH,
        FTW_PHYS | FTW_MOUNT,
    ] {
        rows.extend(rows! {
            nftw | nftw64 (Path, walked, Int(20), int(flags)) "walk 1" .spares_root();
            nftw (Path, walked, Int(1), int(flags)) "walk 1" .spares_root();
        });
    }
    for flags in [0, FTW_CHDIR, FTW_DEPTH | FTW_CHDIR | FTW_MOUNT] {
        rows.extend(rows! {
            nftw | nftw64 (Path, walked, Int(20), int(flags)) "walk 0" .spares_root();
        });
    }
    rows
}

fn hierarchies() -> Vec<Row> {
    const CALLS: &[&str] = &["fts_read", "fts_children", "fts_close"];
    const CALLS_64: &[&str] = &["fts64_read", "fts64_children", "fts64_close"];
    let by_name = Function("by_name");
    let mut rows = rows! {
        fts_open (Paths, Int(256), by_name) "hierarchy 0" .spares_root().wrong();
    };
    for flags in [
        FTS_PHYSICAL,
        FTS_PHYSICAL | FTS_COMFOLLOW,
        FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV,
        FTS_LOGICAL,
        FTS_LOGICAL | FTS_SEEDOT,
    ] {
        rows.extend(rows! {
            fts_open (Paths, int(flags), by_name) "hierarchy 0" .spares_root().also(CALLS);
            fts_open (Paths, int(flags), by_name) "hierarchy 1" .spares_root();
            fts64_open (Paths, int(flags), by_name) "hierarchy 2" .spares_root().also(CALLS_64);
            // What libc compares the device of a start with that was a symlink, it has not set.
            fts_open (Paths, int(flags & !FTS_XDEV), by_name) "hierarchy 3" .spares_root();
            fts_open (Paths, int(flags | FTS_NOSTAT), by_name) "hierarchy 4" .spares_root();
        });
    }
    rows
}

fn patterns() -> Vec<Row> {
    const PATTERNS: &[&str] = &[
        "shared/*",
        "*/version/*",
        "shared/version*/w*",
        "shared/{version,chain,missing}/*",
        "shared/{dangling,circle,current}",
        "shared/[a-d]*",
        "shared/\\version/\\*",
        "alias*/*/dir/in?er",
        "*/*/*/*",
        "missing*",
        "",
    ];
    let mut rows = Vec::new();
    for flags in [
        0,
        libc::GLOB_MARK,
        libc::GLOB_ONLYDIR,
        libc::GLOB_PERIOD | libc::GLOB_NOCHECK,
    ] {
        rows.extend(rows! {
            glob | glob64 (Template("*"), int(flags), NONE, MATCHES) "matches 3";
            glob (Template("/*"), int(flags), NONE, MATCHES) "matches 3";
        });
        for pattern in PATTERNS {
            let flags = flags | libc::GLOB_BRACE;
            rows.extend(rows! {
                glob | glob64 (Text(pattern), int(flags), NONE, MATCHES) "matches 3";
            });
        }
    }
    rows.extend(rows! {
        glob (Path, NONE, NONE, MATCHES) "matches 3";
        glob (Path, int(libc::GLOB_ERR), NONE, MATCHES) "matches 3";
        glob (Template("/*"), int(libc::GLOB_ERR), NONE, MATCHES) "matches 3";
        glob (Template("*"), Int(1 << 20), NONE, MATCHES) "matches 3" .wrong();
    });
    rows
}

fn words() -> Vec<Row> {
    const TEXTS: &[&str] = &[
        "shared/version/which",
        "shared/v* shared/d*",
        "a=b shared/version/* \"shared/*\" 'shared/*' shared/\\*",
        "$(echo shared/version)/* `echo shared`/v*",
        "sha*/\"version\"/'w'* shared/\"$(echo version)\"/*",
        "${UNSET-shared}/*/dir/*",
        "shared/*/$((1+1))* shared/*$((1+1))",
        "missing* $(echo shared/missing*) shared/c[h-z]*",
        "*$(echo \"a b\")* shared/[v",
        "shared/* |",
        "shared/* \"",
        "shared/*${",
    ];
    const NOCMD: i64 = 1 << 2;
    let mut rows = rows! {
        wordexp (Path, WORDS, NONE) "words 1";
        wordexp (Template("*"), WORDS, NONE) "words 1";
        wordexp (Template("/* x"), WORDS, NONE) "words 1";
    };
    for text in TEXTS {
        rows.extend(rows! {
            wordexp (Text(text), WORDS, NONE) "words 1";
            wordexp (Text(text), WORDS, Int(NOCMD)) "words 1";
        });
    }
    rows
}
