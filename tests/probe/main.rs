//! A program that calls libc as it is told and says what it sees; all else it does by raw system calls.
//!
//! Under the preload library every call here goes through its hooks. Observations must not: they use `rustix`.

use std::os::unix::ffi::OsStrExt;

use play::Changes;

mod play;

mod call;
mod seen;
mod spawning;

mod addresses;
mod child;
mod facts;
mod kept;
mod listing;
mod made_up;
mod pointers;
mod records;

mod asking;
mod churn;
mod detours;
mod early;
mod ending;
mod filter;
mod libc_names;
mod live;
mod strain;
mod tool;
mod trees;
mod turns;

fn main() {
    // A copy of this file is the program that the tests of exec(3) start, by whatever arguments.
    let program = rustix::fs::readlink("/proc/self/exe", []).expect("procfs is there");
    if !program.to_bytes().ends_with(b"/probe") {
        return tool::describe(std::ffi::OsStr::from_bytes(program.to_bytes()));
    }
    let arguments: Vec<String> = std::env::args().collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [_, "play", root, occupant, user @ ..] => {
            play::play(root, occupant, id(user), Changes::Mended);
        }
        [_, "sequence", root, occupant, user @ ..] => {
            rustix::process::chdir(*root).expect("the tree is there");
            play::play(root, occupant, id(user), Changes::Kept);
        }
        [_, "strain", how, root] => strain::strain(how, root),
        [_, "shells"] => libc_names::shells(),
        [_, "shared memory"] => libc_names::shared_memory(),
        [_, "early", root] => early::early(root),
        [_, "watch", root] => early::watch(root),
        [_, "live", "threads", path] => live::threads(path),
        [_, "live", "asked", path] => live::asked(path),
        [_, "live", "busily", path, milliseconds] => live::busily(path, milliseconds),
        [_, "live", "handled", path] => live::handled(path),
        [_, "live", "filtered", path] => live::filtered(path),
        other => panic!("a probe does not know {other:?}"),
    }
}

/// A user's number, if one is given.
fn id(user: &[&str]) -> Option<u32> {
    let parsed = user.first()?.parse();
    Some(parsed.expect("a user id"))
}
