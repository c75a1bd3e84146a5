//! A private target is there for the member whose link leads to it, and for no other: programs show it.

use std::path::Path;

use psl_tests::fixture::Occupant;
use psl_tests::run::{Bench, Library};
use psl_tests::store::{MEMBER, OTHER};

/// A command in the root of the tree, and what it prints for the one member and for the other.
const ROWS: &[(&str, &str, &str)] = &[
    ("cat shared/version/which", "two", "decoy"),
    ("cat shared/erp2/which || echo none", "none\n", "decoy"),
    (
        "cd shared/erp2 && pwd -P | grep -o 'shared/.*'",
        "",
        "shared/erp2\n",
    ),
    ("echo shared/er*", "shared/er*\n", "shared/erp2\n"),
    ("ls other", "here\nhouse\n", "here\nhouse\nprivate\n"),
    ("find other -name 'pri*'", "", "other/private\n"),
    ("test -e beside/lair || echo none", "none\n", ""),
    ("test -L beside/lair && echo link", "link\n", "link\n"),
    (
        "mkdir shared/erp2 2>&1 | grep -o '[^:]*$'",
        " No such file or directory\n",
        " File exists\n",
    ),
    (
        "rmdir shared/erp2 2>&1 | grep -o '[^:]*$'",
        " No such file or directory\n",
        " Directory not empty\n",
    ),
    // A link to the directory above a target leads to it no more than none.
    ("ls other/house", "room\n", ""),
    ("cat other/house/room/key || echo none", "key", "none\n"),
];

#[test]
fn a_private_target_is_there_for_its_own_member_alone() {
    let bench = Bench::new(Path::new(env!("CARGO_BIN_EXE_probe")));
    bench.build(Occupant::Directory);
    for (line, one, other) in ROWS {
        for (member, wanted) in [(MEMBER, one), (OTHER, other)] {
            let mut command = bench.command(Path::new("/bin/sh"), Library::Engine);
            command
                .args(["-c", line])
                .env("PATH", "/usr/bin:/bin")
                .env("PSL_MEMBER", member)
                .current_dir(bench.root());
            let output = command.output().expect("a shell runs");
            let said = String::from_utf8_lossy(&output.stdout);
            assert_eq!(said, *wanted, "{line} for {member}: {output:?}");
        }
    }
}
