//! Pointers that lead to no name: what libc hands to the kernel untouched, the kernel answers `EFAULT` to.

use super::row::{CWD, Given, Row};

/// What is at the pointer: nothing; a page that may not be read; the beginning of a name, and then such a page.
const KINDS: [&str; 3] = ["unmapped", "unreadable", "torn"];

/// What libc does not look at before the kernel does.
const UNTOUCHED: &[&str] = &[
    "open",
    "open64",
    "__open_2",
    "openat",
    "openat64",
    "creat",
    "fopen",
    "name_to_handle_at",
    "stat",
    "lstat",
    "fstatat",
    "statx",
    "access",
    "faccessat",
    "statfs",
    "chmod",
    "fchmodat",
    "chown",
    "lchown",
    "fchownat",
    "truncate",
    "utimes",
    "lutimes",
    "utimensat",
    "setxattr",
    "getxattr",
    "listxattr",
    "lgetxattr",
    "readlink",
    "readlinkat",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "mkdir",
    "mkdirat",
    "mknod",
    "mkfifo",
    "unlink",
    "unlinkat",
    "rmdir",
    "rename",
    "renameat",
    "renameat2",
    "chdir",
    "inotify_add_watch",
    "syscall",
];

/// Returns the rows of those with such pointers in the place of names.
pub fn rows(functions: &[Row]) -> Vec<Row> {
    let names = |symbol: &&'static str| UNTOUCHED.contains(symbol);
    let wild = |row: &Row, symbol, kind| Row {
        symbols: vec![symbol],
        arguments: row
            .arguments
            .iter()
            .map(|it| exchanged(*it, kind))
            .collect(),
        differs: Vec::new(),
        changes: false,
        ..row.clone()
    };
    let rows = functions.iter().filter(|row| has_name(row));
    rows.flat_map(|row| {
        row.symbols
            .iter()
            .filter(|it| names(it))
            .map(move |it| (row, *it))
    })
    .flat_map(|(row, symbol)| KINDS.map(|kind| wild(row, symbol, kind)))
    .collect()
}

fn has_name(row: &Row) -> bool {
    row.arguments.iter().any(|it| matches!(it, Given::Path))
}

fn exchanged(given: Given, kind: &'static str) -> Given {
    match given {
        Given::Path => Given::Wild(kind),
        Given::Dir => CWD,
        other => other,
    }
}
