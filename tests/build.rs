//! Builds the small C libraries that tests load beside the preload library.

use std::path::Path;

fn main() {
    let out = std::env::var_os("OUT_DIR").expect("cargo sets it");
    for (source, name, flags) in [
        ("counting", "counting", &[] as &[&str]),
        ("asking", "asking", &[]),
        ("early", "early", &[]),
        // It starts before everything else, the preload library included.
        ("early", "earliest", &["-Wl,-z,initfirst"]),
    ] {
        let source = format!("c/{source}.c");
        println!("cargo::rerun-if-changed={source}");
        let library = Path::new(&out).join(format!("lib{name}.so"));
        let compiler = cc::Build::new().get_compiler();
        let done = compiler
            .to_command()
            .args(["-shared", "-fPIC", "-O1"])
            .args(flags)
            .arg(&source)
            .arg("-o")
            .arg(&library)
            .status();
        assert!(
            done.is_ok_and(|status| status.success()),
            "{source} does not compile"
        );
        println!(
            "cargo::rustc-env=PSL_{}={}",
            name.to_uppercase(),
            library.display()
        );
    }
}
