//! `syscall()`: the rows of functions that are system calls, once more by number, and those without a function.

use libc::*;

use super::row::Given::{self, Dir, Int, Numbers, Path, Room, Taken, Text};
use super::row::{Row, int, rows};

/// A system call's number, how many arguments it has, and the function whose rows it is played with.
type Numbered = (c_long, usize, &'static str);

const CALLS: &[Numbered] = &[
    (SYS_openat, 4, "openat"),
    (SYS_openat2, 4, "openat2"),
    (SYS_newfstatat, 4, "fstatat"),
    (SYS_statx, 5, "statx"),
    (SYS_faccessat, 3, "faccessat"),
    (SYS_statfs, 2, "statfs"),
    (SYS_readlinkat, 4, "readlinkat"),
    (SYS_fchmodat, 3, "fchmodat"),
    (SYS_fchownat, 5, "fchownat"),
    (SYS_truncate, 2, "truncate"),
    (SYS_utimensat, 4, "utimensat"),
    (SYS_linkat, 5, "linkat"),
    (SYS_symlinkat, 3, "symlinkat"),
    (SYS_mkdirat, 3, "mkdirat"),
    (SYS_mknodat, 4, "mknodat"),
    (SYS_unlinkat, 3, "unlinkat"),
    (SYS_renameat2, 5, "renameat2"),
    (SYS_chdir, 1, "chdir"),
    (SYS_chroot, 1, "chroot"),
    (SYS_prctl, 5, "prctl"),
    (SYS_setxattr, 5, "setxattr"),
    (SYS_getxattr, 4, "getxattr"),
    (SYS_listxattr, 3, "listxattr"),
    (SYS_removexattr, 2, "removexattr"),
    (SYS_lsetxattr, 5, "lsetxattr"),
    (SYS_lgetxattr, 4, "lgetxattr"),
    (SYS_llistxattr, 3, "llistxattr"),
    (SYS_lremovexattr, 2, "lremovexattr"),
    (SYS_name_to_handle_at, 5, "name_to_handle_at"),
    (SYS_inotify_add_watch, 3, "inotify_add_watch"),
    (SYS_bind, 3, "bind"),
    (SYS_connect, 3, "connect"),
    (SYS_sendto, 6, "sendto"),
    (SYS_umount2, 2, "umount2"),
    (SYS_open_tree, 3, "open_tree"),
    (SYS_mount_setattr, 5, "mount_setattr"),
];

#[cfg(target_arch = "x86_64")]
const OLD_CALLS: &[Numbered] = &[
    (SYS_open, 3, "open"),
    (SYS_creat, 2, "creat"),
    (SYS_stat, 2, "stat"),
    (SYS_lstat, 2, "lstat"),
    (SYS_access, 2, "access"),
    (SYS_readlink, 3, "readlink"),
    (SYS_chmod, 2, "chmod"),
    (SYS_chown, 3, "chown"),
    (SYS_lchown, 3, "lchown"),
    (SYS_utime, 2, "utime"),
    (SYS_utimes, 2, "utimes"),
    (SYS_futimesat, 3, "futimesat"),
    (SYS_link, 2, "link"),
    (SYS_symlink, 2, "symlink"),
    (SYS_mkdir, 2, "mkdir"),
    (SYS_mknod, 3, "mknod"),
    (SYS_unlink, 1, "unlink"),
    (SYS_rmdir, 1, "rmdir"),
    (SYS_rename, 2, "rename"),
    (SYS_renameat, 4, "renameat"),
];
#[cfg(not(target_arch = "x86_64"))]
const OLD_CALLS: &[Numbered] = &[];

/// Their numbers are the same everywhere.
const SETXATTRAT: Given = Int(463);
const GETXATTRAT: Given = Int(464);
const LISTXATTRAT: Given = Int(465);
const REMOVEXATTRAT: Given = Int(466);

/// The rows, made of those of functions.
pub fn rows(functions: &[Row]) -> Vec<Row> {
    let mut rows = twins(&[CALLS, OLD_CALLS].concat(), functions);
    // SECCOMP_GET_ACTION_AVAIL, and a filter that is none.
    let allow = Numbers(&[SECCOMP_RET_ALLOW as i64]);
    rows.extend(rows! {
        syscall (Int(SYS_seccomp), Int(2), Int(0), allow) "number";
        syscall (Int(SYS_seccomp), Int(1), Int(0), Int(0)) "number";
    });
    for flags in [0, AT_SYMLINK_NOFOLLOW] {
        let (name, flags) = (Text("user.psl"), int(flags));
        // No value, of no length.
        let (value, size) = (Numbers(&[0, 0]), Int(16));
        rows.extend(rows! {
            syscall (SETXATTRAT, Dir, Path, flags, name, value, size) "number" .changes();
            syscall (GETXATTRAT, Dir, Path, flags, name, value, size) "number";
            syscall (LISTXATTRAT, Dir, Path, flags, Int(0), Int(0)) "number";
            syscall (REMOVEXATTRAT, Dir, Path, flags, name) "number" .changes();
        });
    }
    for dir in [
        "shared",
        "shared/version2",
        "shared/version2/dir",
        "other",
        "spare",
        "spare/file",
    ] {
        for size in [32768, 512] {
            let (dir, room, size) = (Taken(dir), Room(size), Int(size as i64));
            rows.extend(rows! {
                getdents64 (dir, room, size) "records 0";
                getdirentries | getdirentries64 (dir, room, size, Room(8)) "records 0";
                syscall (Int(SYS_getdents64), dir, room, size) "records 1";
            });
            #[cfg(target_arch = "x86_64")]
            rows.extend(rows! { syscall (Int(SYS_getdents), dir, room, size) "old-records 1"; });
        }
    }
    rows
}

/// The rows of calls that start programs.
pub fn programs(functions: &[Row]) -> Vec<Row> {
    twins(
        &[(SYS_execve, 3, "execve"), (SYS_execveat, 5, "execveat")],
        functions,
    )
}

fn twins(calls: &[Numbered], functions: &[Row]) -> Vec<Row> {
    let of = |symbol| functions.iter().filter(move |row| row.symbols[0] == symbol);
    let twins = calls.iter().flat_map(|&(number, count, symbol)| {
        of(symbol).filter_map(move |row| by_number(number, count, row))
    });
    twins.collect()
}

/// Makes a function's row one of the system call; none if the function is given more than the call takes.
fn by_number(number: c_long, count: usize, function: &Row) -> Option<Row> {
    let (given, more) = function
        .arguments
        .split_at(count.min(function.arguments.len()));
    if !more.iter().all(|it| matches!(it, Int(0))) {
        return None;
    }
    // The numbers of arguments are one higher.
    let shows = match function.shows.rsplit_once(' ') {
        Some((what, argument)) => {
            let argument: usize = argument.parse().expect("an argument's number");
            format!("{what} {}", argument + 1).leak()
        }
        None => function.shows,
    };
    Some(Row {
        symbols: vec!["syscall"],
        arguments: [&[Int(number)], given].concat(),
        shows,
        // Few libcs have openat2(2): by symbol its rows would not be played.
        is_twin: function.symbols[0] != "openat2",
        ..function.clone()
    })
}
