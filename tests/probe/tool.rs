//! The program that tests of exec(3) start: it says what it is, what it was given and what it sees.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// Prints the physical program, the arguments, the environment without the engine's part, and the version seen.
pub fn describe(program: &OsStr) {
    let arguments: Vec<_> = std::env::args_os().collect();
    let mut variables: Vec<_> = std::env::vars_os()
        .filter(|(name, _)| name != "LD_PRELOAD" && !name.as_bytes().starts_with(b"PSL_"))
        .map(|(name, value)| {
            let text = [name.into_vec(), value.into_vec()].join(&b'=');
            String::from_utf8_lossy(&text).into_owned()
        })
        .collect();
    variables.sort();
    // `ROOT/shared/VERSION/tool`: what is at the link of that root, by an ordinary call of libc.
    let version = Path::new(program)
        .parent()
        .and_then(Path::parent)
        .map(|shared| shared.join("version/which"))
        .map(std::fs::read_to_string);
    println!("{program:?} {arguments:?} {variables:?} {version:?}");
}
