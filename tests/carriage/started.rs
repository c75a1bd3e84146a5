//! Programs that are started from outside of an instance: the kernel resolves their path without the links.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::installation::{Installation, Occupant, said};

fn installation() -> Installation {
    let it = Installation::new();
    it.compile("app.c", "bin/app", &[]);
    it.script(
        "bin/interpreted",
        "#!{}/shared/version/bin/app an argument\n",
    );
    it.script("bin/nested", "#!{}/shared/version/bin/interpreted\n");
    it.script(
        "bin/shell",
        "#!/bin/sh\necho \"$0 $*\"; exec {}/shared/version/bin/app shell\n",
    );
    // A script in one version, and none in the other.
    for (name, elf, script) in [
        ("was-script", "version2", "version1"),
        ("is-script", "version1", "version2"),
    ] {
        let bin = |version| it.root().join("shared").join(version).join("bin");
        std::fs::copy(bin(elf).join("app"), bin(elf).join(name)).expect("it is ours");
        std::fs::copy(bin(script).join("interpreted"), bin(script).join(name)).expect("it is ours");
    }
    it.compile_once(
        "app.c",
        &it.root().join("other/app"),
        &["-DVERSION=\"other\"".into()],
    );
    std::os::unix::fs::symlink(it.root().join("shared"), it.root().join("alias"))
        .expect("it is free");
    it
}

/// Where, and what a shell is told to execute.
const ROWS: &[(&str, &str)] = &[
    ("", "{}/shared/version/bin/app one 'two words' ''"),
    ("", "{}/alias/version/bin/app"),
    ("", "{}/shared/version/../version/bin/./app"),
    ("shared", "version/bin/app relative"),
    ("shared/version2", "../version/bin/app"),
    ("", "{}/shared/version/bin/interpreted one two"),
    ("", "{}/shared/version/bin/nested one"),
    ("shared", "version/bin/interpreted"),
    ("", "{}/shared/version/bin/shell one two"),
    ("", "{}/shared/version/bin/was-script one two"),
    ("shared/version/bin", "./was-script one"),
    ("", "{}/shared/version/bin/is-script one two"),
    ("shared/version/bin", "./is-script one"),
    // Outside of the installation, links have no part in it.
    ("", "{}/other/app"),
    // A working directory in what the link covers is as good as one behind the link.
    ("shared/version/bin", "./app here"),
    ("shared/version/lib", "../bin/interpreted here"),
    ("shared/version/bin", "./shell"),
    ("shared/version/bin", "{}/other/app"),
];

/// The loader, when it is told the program.
const LOADER: &str = if cfg!(target_arch = "aarch64") {
    "/lib/ld-linux-aarch64.so.1"
} else {
    "/lib64/ld-linux-x86-64.so.2"
};

#[test]
fn a_program_started_by_a_shell_outside_is_the_members() {
    let it = installation();
    it.occupy(Occupant::Symlink);
    let expected: Vec<_> = ROWS
        .iter()
        .map(|(directory, row)| said(it.bare(directory, &[], row)))
        .collect();
    it.occupy(Occupant::Version1);
    for ((directory, row), expected) in ROWS.iter().zip(expected) {
        // A shell in what the link covers names its directory as it got there; both names lead to the member's.
        let found = said(it.outside(directory, &[], row));
        let covered = it.spell("variable PWD={}/shared/version/");
        let found = found.replace(&covered, &it.spell("variable PWD={}/shared/version2/"));
        assert_eq!(found, expected, "{row} in {directory}");
    }
}

#[test]
fn a_program_started_once_more_is_given_descriptors_mask_and_umask_as_they_were() {
    let it = installation();
    let with_surroundings = |mut command: Command| {
        // SAFETY: all of it may be called between fork and exec.
        unsafe {
            command.pre_exec(|| {
                let mut blocked = std::mem::zeroed();
                libc::sigemptyset(&raw mut blocked);
                libc::sigaddset(&raw mut blocked, libc::SIGUSR1);
                libc::sigprocmask(libc::SIG_BLOCK, &raw const blocked, std::ptr::null_mut());
                libc::umask(0o27);
                libc::dup2(1, 23);
                Ok(())
            });
        }
        said(command)
    };
    let words = "{}/shared/version/bin/app 23>&1";
    it.occupy(Occupant::Symlink);
    let expected = with_surroundings(it.bare("", &[("A", "b c")], words));
    it.occupy(Occupant::Version1);
    let found = with_surroundings(it.outside("", &[("A", "b c")], words));
    assert_eq!(found, expected);
    for line in [
        "descriptor 23\n",
        "blocked 10\n",
        "umask 27\n",
        "variable A=b c\n",
    ] {
        assert!(expected.contains(line), "{expected}");
    }
}

#[test]
fn a_program_that_the_member_lacks_does_not_run_in_another_version() {
    let it = installation();
    it.occupy(Occupant::Version1);
    let gone = it.root().join("shared/version2/bin/app");
    std::fs::remove_file(&gone).expect("it is ours");
    let output = it.outside("", &[], "{}/shared/version/bin/app").output();
    let output = output.expect("a shell runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{errors}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let shared = it.root().join("shared/version/bin/app");
    for part in [format!("{shared:?}"), format!("{gone:?}")] {
        assert!(errors.contains(&part), "{errors} lacks {part}");
    }
}

#[test]
fn a_working_directory_that_the_member_lacks_is_no_place_to_start_from() {
    let it = installation();
    it.occupy(Occupant::Version1);
    let only_shared = it.root().join("shared/version/only-here");
    std::fs::create_dir(&only_shared).expect("it is ours");
    let output = it
        .outside("shared/version/only-here", &[], "{}/other/app")
        .output();
    let output = output.expect("a shell runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{errors}");
    assert!(errors.contains(&format!("{only_shared:?}")), "{errors}");
}

#[test]
fn a_program_that_the_loader_was_told_is_the_members() {
    let it = installation();
    it.occupy(Occupant::Version1);
    let words = format!("{LOADER} {{}}/shared/version/bin/app told");
    let found = said(it.outside("", &[], &words));
    assert!(
        found.starts_with("program 2,") && found.contains("argument told\n"),
        "{found}"
    );
}

#[test]
fn a_mark_that_somebody_left_in_the_environment_changes_nothing() {
    let it = installation();
    it.occupy(Occupant::Version1);
    let marks = [("PSL_RESTARTED", "1")];
    let found = said(it.outside("", &marks, "{}/shared/version/bin/app"));
    assert!(found.starts_with("program 2,"), "{found}");
}
