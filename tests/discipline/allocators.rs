//! Allocators beside the preload library: real ones, and one that makes path calls itself.

use std::process::Command;

use psl_tests::packages;
use psl_tests::run::Library;
use psl_tests::shim;

use crate::strains::assert_stands_with;

/// By their names, which the loader finds: where they lie, every architecture has another directory.
const ALLOCATORS: [(&str, &str); 2] = [
    ("libjemalloc.so.2", "/usr/share/doc/libjemalloc2/copyright"),
    (
        "libtcmalloc.so.4",
        "/usr/share/doc/libgoogle-perftools4/copyright",
    ),
];

/// Threads, children that copy the process and such that share its memory, and programs that those start.
const STRAINS: [&str; 4] = ["many threads", "forks", "vforks", "cleared"];

/// Preloads an allocator alone, or with the preload library before it or behind it.
fn preload(command: &mut Command, library: Library, allocator: &str, is_first: bool) {
    let shim = shim::library().display();
    let list = match (library, is_first) {
        (Library::Absent, _) => allocator.to_owned(),
        (_, true) => format!("{allocator}:{shim}"),
        (_, false) => format!("{shim}:{allocator}"),
    };
    command.env("LD_PRELOAD", list);
}

#[test]
fn real_allocators_before_and_behind_the_library_do_not_matter() {
    for (allocator, file) in ALLOCATORS {
        packages::file(file);
        for is_first in [true, false] {
            for strain in STRAINS {
                assert_stands_with(strain, |command, library| {
                    preload(command, library, allocator, is_first);
                });
            }
        }
    }
}

#[test]
fn an_allocator_that_looks_at_files_sees_links_and_is_not_called_for_it() {
    let allocator = shim::asking_allocator().display().to_string();
    for is_first in [true, false] {
        for strain in ["many threads", "vforks", "cleared"] {
            assert_stands_with(strain, |command, library| {
                preload(command, library, &allocator, is_first);
                let root = command
                    .get_args()
                    .last()
                    .expect("it is the root")
                    .to_owned();
                let file = std::path::Path::new(&root).join("shared/version/which");
                command.env("ASKING_PATH", file);
            });
        }
    }
}
