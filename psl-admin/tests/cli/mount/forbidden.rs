//! Where the kernel forbids what the engine needs, the message names what forbids it.
use super::{Site, User};

/// The way to psl-admin through a root that is a directory of a file system like any other.
macro_rules! in_chroot {
    ($user:literal) => {
        concat!(
            "unshare --mount sh -ec '
                mount -t tmpfs tmpfs $T/mnt; mkdir $T/mnt/root; cd $T/mnt/root
                for dir in usr bin sbin lib lib64 proc tmp; do
                    if test -L /$dir; then cp -P /$dir $dir
                    elif test -d /$dir; then mkdir $dir; mount --rbind /$dir $dir; fi
                done
                exec chroot ",
            $user,
            " . \"$@\"' sh"
        )
    };
}

/// What forbids it, who starts, the shell's way to psl-admin, and the parts of the message.
const ROWS: [(&str, User, &str, &[&str]); 9] = [
    (
        "a filter of unshare(2)",
        User::Root,
        "$T/within no-unshare",
        &[
            "cannot make a mount namespace",
            "seccomp filter",
            "RestrictNamespaces=",
        ],
    ),
    (
        "a filter of unshare(2), for a user",
        User::Nobody,
        "$T/within no-unshare",
        &[
            "cannot make a user namespace",
            "seccomp filter",
            "start as root",
        ],
    ),
    (
        "a filter of mount(2)",
        User::Nobody,
        "$T/within no-mount",
        &["cannot mount at \"/\"", "seccomp filter"],
    ),
    (
        "the limit of mount namespaces",
        User::Root,
        "unshare --user --map-root-user sh -c 'echo 0 > /proc/sys/user/max_mnt_namespaces; exec \"$@\"' sh",
        &[
            "cannot make a mount namespace",
            "user.max_mnt_namespaces is 0",
            "sysctl",
        ],
    ),
    (
        "the limit of user namespaces",
        User::Root,
        "unshare --user --map-root-user sh -c 'echo 0 > /proc/sys/user/max_user_namespaces; exec \"$@\"' sh \
         setpriv --bounding-set -all --securebits +noroot",
        &[
            "cannot make a user namespace",
            "user.max_user_namespaces is 0",
            "sysctl",
        ],
    ),
    (
        "capabilities that a user namespace takes away",
        User::Root,
        "setpriv --bounding-set -sys_admin",
        &[
            "would lose its capabilities",
            "CAP_CHOWN",
            "give it CAP_SYS_ADMIN",
        ],
    ),
    (
        "a host without procfs",
        User::Root,
        "unshare --mount sh -c 'mount -t tmpfs none /proc && exec \"$@\"' sh",
        &["\"/proc/self/ns/mnt\"", "mount -t proc"],
    ),
    (
        "a root that is no mount point",
        User::Root,
        in_chroot!(""),
        &[
            "cannot mount at \"/\"",
            "no mount point, as behind chroot(2)",
        ],
    ),
    (
        "a root that is no mount point, for a user",
        User::Root,
        in_chroot!("--userspec=65534:65534"),
        &[
            "cannot make a user namespace",
            "no mount point, as behind chroot(2)",
        ],
    ),
];

#[test]
fn what_forbids_a_namespace_is_named() {
    let site = Site::new();
    site.compile("within", &[]);
    site.bench.mkdir("mnt");
    for (what, user, way, parts) in ROWS {
        let script = format!("exec {way} $T/psl-admin run --member m --engine mount -- echo ran");
        let ran = site.run(user, &script);
        assert_eq!((ran.code, ran.stdout.as_str()), (5, ""), "{what}: {ran:?}");
        for part in parts {
            assert!(
                ran.stderr.contains(part),
                "{what}: {part:?} is not in {}",
                ran.stderr
            );
        }
    }
}
