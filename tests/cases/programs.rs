//! Calls that start programs, or load libraries.

use libc::{AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW};

use super::row::Given::{self, Dir, Int, Path, Program, Room, Text, Texts};
use super::row::{Row, int, rows};
use super::spellings::{Names, Spelling};

const ARGUMENTS: Given = Texts(&["zero", "one", ""]);
const NONE: Given = Texts(&[]);
const VARIABLES: Given = Texts(&["A=b", "PATH=/nowhere"]);

/// The rows.
pub fn rows() -> Vec<Row> {
    let (zero, one, end) = (Text("zero"), Text("one"), Int(0));
    let nofollow = int(AT_SYMLINK_NOFOLLOW);
    let empty = int(AT_EMPTY_PATH);
    let mut rows = rows! {
        execve (Path, ARGUMENTS, VARIABLES) "program";
        execve (Path, ARGUMENTS, NONE) "program";
        execv (Path, ARGUMENTS) "program";
        execvp (Path, ARGUMENTS) "program";
        execvpe (Path, ARGUMENTS, VARIABLES) "program";
        execveat (Dir, Path, ARGUMENTS, VARIABLES, Int(0)) "program";
        execveat (Dir, Path, ARGUMENTS, NONE, nofollow) "program";
        execl (Path, zero, end) "program";
        execl (Path, zero, one, one, one, one, one, one, one, end) "program";
        execle (Path, zero, one, end, VARIABLES) "program";
        execle (Path, zero, one, one, one, one, one, one, end, NONE) "program";
        execlp (Path, zero, end) "program";
        execlp (Path, zero, one, one, one, one, one, one, one, end) "program";
        posix_spawn (Room(4), Path, Int(0), Int(0), ARGUMENTS, VARIABLES) "spawned 0";
        posix_spawn (Room(4), Path, Int(0), Int(0), ARGUMENTS, NONE) "spawned 0";
        posix_spawnp (Room(4), Path, Int(0), Int(0), ARGUMENTS, NONE) "spawned 0";
        dlopen (Path, int(libc::RTLD_NOW)) "library";
        dlmopen (int(0), Path, int(libc::RTLD_NOW)) "library";
        // glibc has these since 2.39.
        pidfd_spawn (Room(4), Path, Int(0), Int(0), ARGUMENTS, NONE) "spawned by descriptor 0";
        pidfd_spawnp (Room(4), Path, Int(0), Int(0), ARGUMENTS, NONE) "spawned by descriptor 0";
    };
    for program in ["tool", "script", "nested-script", "text", "lost"] {
        let program = Program(program);
        rows.extend(rows! {
            fexecve (program, ARGUMENTS, VARIABLES) "program";
            fexecve (program, ARGUMENTS, NONE) "program";
            execveat (program, Text(""), ARGUMENTS, NONE, empty) "program";
        });
    }
    rows
}

/// A start's directory, and a program's name.
const SPELLINGS: &[(&str, &str)] = &[
    ("", "{}/shared/version/tool"),
    ("", "{}/shared/version2/tool"),
    ("", "{}/shared/tool"),
    ("", "{}/alias/version/tool"),
    ("", "{}/shared/version/back/tool"),
    ("", "{}/hops/38/tool"),
    ("", "{}/hops/39/tool"),
    ("shared", "version/tool"),
    ("shared", "./tool"),
    ("shared/version2", "../version/tool"),
    ("shared/version2", "./tool"),
    // Scripts: their interpreters lie behind the link.
    ("", "{}/shared/version/script"),
    ("", "{}/shared/version2/script"),
    ("", "{}/shared/version/nested-script"),
    ("", "{}/shared/version/shell"),
    ("", "{}/shared/version/clean"),
    ("shared", "version/script"),
    ("shared", "version/nested-script"),
    ("shared", "version/relative-script"),
    ("beside", "../shared/version/relative-script"),
    // A library.
    ("", "{}/shared/version/libversion.so"),
    ("", "{}/shared/version2/libversion.so"),
    ("", "{}/alias/version/libversion.so"),
    ("shared", "version/libversion.so"),
    ("", "libversion.so"),
    // No programs.
    ("", "{}/shared/version/text"),
    ("", "{}/shared/version/plain"),
    ("", "{}/shared/version/lost"),
    ("", "{}/shared/version/barred"),
    ("", "{}/shared/version/missing"),
    ("", "{}/shared/version/tool/"),
    ("", "{}/shared/version"),
    ("", "{}/shared/dangling"),
    ("", "{}/shared/circle"),
    // Hidden ones.
    ("", "{}/shared/erp2/tool"),
    ("", "{}/beside/lair/script"),
    ("shared", "erp2/tool"),
    ("", "{}/shared/erp2/libversion.so"),
    // Searched along a PATH that leads through the link.
    ("", "tool"),
    ("", "script"),
    ("", "shell"),
    ("", "text"),
    ("", "plain"),
    ("", "lost"),
    ("", "barred"),
    ("", "missing"),
    ("", "sh"),
    ("", ""),
];

/// Returns every name that programs are started by.
pub fn spellings() -> Vec<Spelling> {
    let spelling = |&(start, text): &(&'static str, &str)| Spelling {
        start,
        text: text.into(),
        names: Names::Other,
    };
    SPELLINGS.iter().map(spelling).collect()
}
