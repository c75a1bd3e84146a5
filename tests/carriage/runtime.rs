//! A large program with libraries of its own: a Java runtime behind the link.

use std::process::Command;

use psl_tests::{host, packages, store};

use super::installation::{Installation, Occupant};

/// The runtime that the second version is; it finds its libraries by where its program lies.
const JAVA: &str = "/usr/lib/jvm/java-17-openjdk-amd64/bin/java";

/// What a runtime says of where it lies.
fn home(mut command: Command) -> String {
    let output = command.output().expect("a shell runs");
    assert!(output.status.success(), "{command:?}: {output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    let kept = ["java.home", "sun.boot.library.path", "openjdk version"];
    let is_kept = |line: &&str| kept.iter().any(|kept| line.contains(kept));
    said.lines().filter(is_kept).collect::<Vec<_>>().join("\n")
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_java_runtime_behind_the_link_is_as_behind_a_symlink() {
    let it = Installation::new();
    let java = packages::file(JAVA);
    let runtime = java.ancestors().nth(2).expect("it lies in bin");
    let second = it.root().join("shared/version2");
    std::fs::remove_dir_all(&second).expect("it is ours");
    std::os::unix::fs::symlink(runtime, &second).expect("the name is free");
    let decoy = it.root().join("shared/version1/bin/java");
    std::fs::write(&decoy, "#!/bin/sh\nexit 1\n").expect("it is ours");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&decoy, mode).expect("it is ours");
    let words = "{}/shared/version/bin/java -XshowSettings:properties -version";

    it.occupy(Occupant::Symlink);
    let expected = home(it.bare("", &[], words));
    assert_eq!(expected.lines().count(), 3, "{expected}");
    it.occupy(Occupant::Version1);
    assert_eq!(home(it.outside("", &[], words)), expected);
    assert_eq!(home(it.inside("", &[], words)), expected);
    let mut run = Command::new(host::admin());
    run.env_clear()
        .arg("--store")
        .arg(it.root().join("store"))
        .args(["run", "--member", store::MEMBER, "--"])
        .args(it.spell(words).split(' '));
    assert_eq!(home(run), expected);
}
