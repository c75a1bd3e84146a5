//! Links the preload library so that it starts first and needs nothing but libc.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Its constructor runs before those of every other library: they make path calls, too.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,initfirst");
    // dlclose(3) of whoever opened it must not take hooks away that are in use.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libpsl_shim.so");
    link_unwinder();
}

/// Links the unwinder that std refers to from its archive; loading `libgcc_s.so.1` costs more than all the rest.
fn link_unwinder() {
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let asked = Command::new(&compiler)
        .arg("-print-file-name=libgcc_eh.a")
        .output();
    let path = asked
        .ok()
        .and_then(|answer| String::from_utf8(answer.stdout).ok())
        .unwrap_or_default();
    match Path::new(path.trim()).parent() {
        Some(dir) if dir.is_absolute() => {
            println!("cargo::rustc-link-search=native={}", dir.display());
            println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
        }
        _ => println!(
            "cargo::warning={compiler} has no libgcc_eh.a: the library will need libgcc_s.so.1"
        ),
    }
}
