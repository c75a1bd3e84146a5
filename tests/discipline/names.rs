//! Links at and above the files that libc names itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use psl_tests::host::Host;
use psl_tests::instance::Instance;

const MEMBER: &str = "erp1";

#[test]
fn the_shell_behind_a_link_is_what_libc_and_the_kernel_start() {
    let host = Host::new(&[MEMBER]);
    let shell = fs::canonicalize("/bin/sh").expect("there is a shell");
    host.copy(&shell, "own/shell");
    host.link(MEMBER, "/bin/sh", "own/shell");
    let own = format!("{}\n", host.path("own/shell").display());

    let output = host
        .run(MEMBER, env!("CARGO_BIN_EXE_probe"))
        .arg("shells")
        .output();
    let output = output.expect("an instance runs");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), own.repeat(4));

    host.write("script", "#!/bin/sh\nreadlink /proc/$$/exe\necho $0 $*\n");
    host.allow_to_execute("script");
    let script = host.path("script");
    let output = host.run(MEMBER, &script).args(["a", "b"]).output();
    let output = output.expect("an instance runs");
    let expected = format!("{own}{} a b\n", script.display());
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

#[test]
fn shared_memory_and_semaphores_lie_behind_the_link() {
    let host = Host::new(&[MEMBER]);
    fs::create_dir(host.path("memory")).expect("it is not there");
    fs::set_permissions(host.path("memory"), fs::Permissions::from_mode(0o1777)).expect("ours");
    host.link(MEMBER, "/dev/shm", "memory");
    let mut command = host.run(MEMBER, env!("CARGO_BIN_EXE_probe"));
    command.arg("shared memory");
    let mut instance = Instance::start(command);
    assert_eq!(instance.next_line(), "made");
    let mut names: Vec<_> = fs::read_dir(host.path("memory"))
        .expect("it is there")
        .map(|entry| entry.expect("it can be read").file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["psl-memory", "sem.psl-semaphore"]);
    for name in names {
        assert!(
            !Path::new("/dev/shm").join(name).exists(),
            "it is the member's alone"
        );
    }
    instance.tell("go on");
    let (status, said) = instance.end();
    assert!(
        status.success() && said == ["removed"],
        "{status}: {said:#?}"
    );
    let left = fs::read_dir(host.path("memory"))
        .expect("it is there")
        .count();
    assert_eq!(left, 0, "nothing is left");
}
