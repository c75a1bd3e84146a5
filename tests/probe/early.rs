//! What is seen before main, and what by a process that has been running for a while.

use std::ffi::CStr;

use crate::call::symbol;

/// Says what a library's constructor saw before main, and checks that main sees the links.
pub fn early(root: &str) {
    let seen = symbol("psl_early");
    assert!(!seen.is_null(), "the library is loaded");
    // SAFETY: the symbol is a buffer with a C string.
    let seen = unsafe { CStr::from_ptr(seen.cast()) };
    let at_link = std::fs::read_to_string(format!("{root}/shared/version/which"));
    println!(
        "{} {}",
        seen.to_string_lossy(),
        at_link.expect("it can be read")
    );
}

/// Says what is at the link, now and for each line that comes in; and what a program sees that is started now.
pub fn watch(root: &str) {
    let version = || std::fs::read_to_string(format!("{root}/shared/version/which"));
    for _ in 0..2 {
        let child = std::process::Command::new("/bin/cat")
            .arg(format!("{root}/shared/version/which"))
            .env_clear()
            .output();
        let child = String::from_utf8_lossy(&child.expect("cat runs").stdout).into_owned();
        println!("{} {child}", version().expect("it can be read"));
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).expect("a line comes");
    }
}
