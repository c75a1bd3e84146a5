//! Programs that have more rights than their callers (`AT_SECURE`): nothing that the callers say counts.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use psl_tests::host::Host;
use psl_tests::shim;

use crate::bench::{self, MEMBER, by_other, output, told};

/// Makes a program that has the library among its own, so that the loader loads it without being asked to.
fn program(host: &Host) {
    // Where the other user may enter.
    let library = host.path("libpsl_shim.so");
    fs::copy(shim::library(), &library).expect("it can be copied");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/c/secure.c");
    let compiled = Command::new("cc")
        .args([source, "-o"])
        .arg(host.path("secure"))
        .arg(&library)
        .arg(format!(
            "-Wl,--no-as-needed,-rpath,{}",
            host.path("").display()
        ))
        .output();
    let compiled = compiled.expect("there is a compiler");
    assert!(compiled.status.success(), "{}", told(&compiled));
}

/// Returns a command that asks the library for everything it can be asked for.
fn asked(host: &Host) -> Command {
    let mut command = host.command(host.path("secure"));
    command
        .arg(host.path("binaries/version/file"))
        .env("PSL_STORE", host.path("store"))
        .env("PSL_MEMBER", MEMBER)
        .env("PSL_LOG", "debug")
        .env("PSL_LOG_FILE", host.path("open/log"));
    command
}

#[test]
fn a_set_user_id_program_acts_on_no_variable_of_its_callers() {
    let host = bench::host();
    program(&host);
    fs::create_dir(host.path("open")).expect("it is free");
    let mode = |name: &str, mode| {
        let mode = Permissions::from_mode(mode);
        fs::set_permissions(host.path(name), mode).expect("root may");
    };
    mode("open", 0o777);

    // Without more rights it is a part of the instance, and says so.
    for mut command in [asked(&host), by_other(&asked(&host))] {
        let output = output(&mut command);
        let told = told(&output);
        assert!(told.contains("secure 0, version2\n"), "{told}");
        assert!(told.contains("PSL_SNAPSHOT="), "{told}");
        fs::remove_file(host.path("open/log")).expect("it has said so");
    }

    for more in [0o4755, 0o2755] {
        mode("secure", more);
        let mut command = by_other(asked(&host).env("PSL_RESTARTED", "1"));
        let output = output(&mut command);
        let told = told(&output);
        assert!(output.status.success(), "mode {more:o}: {told}");
        assert!(
            told.contains("secure 1, version\n"),
            "mode {more:o}: {told}"
        );
        assert!(!told.contains("PSL_SNAPSHOT="), "mode {more:o}: {told}");
        assert!(told.contains("PSL_MEMBER=erp1\n"), "mode {more:o}: {told}");
        assert!(!host.path("open/log").exists(), "mode {more:o}: {told}");

        let mut broken = asked(&host);
        broken
            .env("PSL_CONFIG", host.path("missing"))
            .env("PSL_STORE", "/nonexistent")
            .env("PSL_SNAPSHOT", "1;g7;erp2;garbage");
        let output = bench::output(&mut by_other(&broken));
        assert!(
            output.status.success(),
            "mode {more:o}: {}",
            bench::told(&output)
        );
    }
}
