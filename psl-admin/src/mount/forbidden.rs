//! Why the kernel forbids a namespace or a mount, as far as it can be found out.
use super::refused;
use crate::failure::Failure;
use rustix::io::Errno;
use std::fs;

/// A setting of the host that forbids namespaces, the value that does, and the command that allows them.
const SETTINGS: [(&str, &str, &str, Needs); 4] = [
    (
        "user/max_user_namespaces",
        "0",
        "sysctl user.max_user_namespaces=10000",
        Needs::User,
    ),
    (
        "user/max_mnt_namespaces",
        "0",
        "sysctl user.max_mnt_namespaces=10000",
        Needs::Mount,
    ),
    (
        "kernel/unprivileged_userns_clone",
        "0",
        "sysctl kernel.unprivileged_userns_clone=1",
        Needs::User,
    ),
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "an AppArmor profile for psl-admin with `userns,`",
        Needs::User,
    ),
];

/// The kind of namespace that a setting forbids.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    User,
    Mount,
}

/// What to do where nothing here can be allowed.
const INSTEAD: &str = "start as root, or with `--engine preload`";

/// Says why no namespace could be made; `with_user` when a user namespace was asked for.
pub fn namespace(with_user: bool, errno: Errno) -> Failure {
    let kind = if with_user { "user" } else { "mount" };
    let failed = format!("cannot make a {kind} namespace: {errno}");
    if is_in_chroot() {
        return in_chroot(&failed);
    }
    let otherwise = match errno {
        Errno::NOSPC | Errno::USERS => "the limit of namespaces is reached",
        // Only a process without threads can enter a user namespace, and psl-admin starts none.
        Errno::INVAL => "a library that LD_PRELOAD names may run a thread of its own",
        _ => "a security module of the kernel may forbid it",
    };
    because(&failed, with_user, otherwise)
}

/// Says why something could not be mounted at `place` in a namespace that has been made.
pub fn mounting(place: &str, errno: Errno) -> Failure {
    let failed = format!("cannot mount at {place:?}: {errno}");
    match errno {
        Errno::INVAL if is_in_chroot() => in_chroot(&failed),
        Errno::PERM | Errno::ACCESS => because(
            &failed,
            true,
            "a security module of the kernel may forbid it",
        ),
        _ => refused(failed).with_help("start with `--engine preload`"),
    }
}

/// Looks for a setting or a filter that forbids it; says `otherwise` when there is none.
fn because(failed: &str, with_user: bool, otherwise: &str) -> Failure {
    let found = SETTINGS.into_iter().find(|&(file, value, _, needs)| {
        (with_user || needs == Needs::Mount) && setting(file).as_deref() == Some(value)
    });
    if let Some((file, value, way_out, _)) = found {
        let name = file.replace('/', ".");
        return refused(format!("{failed}: {name} is {value} on this host"))
            .with_help(format!("{way_out}; or {INSTEAD}"));
    }
    if is_filtered() {
        return refused(format!(
            "{failed}: a seccomp filter is in force, as container runtimes and service managers set it"
        ))
        .with_help(format!(
            "allow unshare(2) and mount(2) there (RestrictNamespaces= and SystemCallFilter= in a unit); or {INSTEAD}"
        ));
    }
    refused(failed).with_help(format!("{otherwise}; {INSTEAD}"))
}

fn in_chroot(failed: &str) -> Failure {
    refused(format!(
        "{failed}: the root directory is no mount point, as behind chroot(2)"
    ))
    .with_help("start it outside, or bind-mount the new root on itself before chroot(2)")
}

/// Whether this process's root directory is another one than its mount namespace's.
fn is_in_chroot() -> bool {
    fs::read_to_string("/proc/self/mountinfo").is_ok_and(|mounts| {
        mounts
            .lines()
            .all(|line| line.split(' ').nth(4) != Some("/"))
    })
}

/// Whether a filter judges this process's system calls.
pub fn is_filtered() -> bool {
    fs::read_to_string("/proc/self/status")
        .is_ok_and(|status| status.lines().any(|line| line == "Seccomp:\t2"))
}

fn setting(file: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/sys/{file}")).ok()?;
    Some(text.trim().to_owned())
}
