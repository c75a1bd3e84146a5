//! The process that an instance of the mount engine begins with: nothing but its view of names is another one.
use super::{Site, USERS, User};
use crate::bench::pinned;
use psl_table::pinned::Engine;

/// How setpriv(1) changes a process before psl-admin starts.
const PRIVILEGES: [&str; 9] = [
    "--nnp",
    "--bounding-set -net_raw,-sys_time",
    "--bounding-set -net_raw --inh-caps +chown",
    "--securebits +no_setuid_fixup",
    "--reuid 65534 --regid 65534 --clear-groups --nnp",
    "--reuid 65534 --regid 65534 --groups 65534 --bounding-set -net_raw,-sys_time",
    "--reuid 65534 --regid 65534 --clear-groups --bounding-set -net_raw --inh-caps +chown",
    "--reuid 65534 --regid 65534 --clear-groups --pdeathsig HUP",
    "--reuid 65533 --regid 65532 --clear-groups --securebits +no_setuid_fixup",
];

#[test]
fn ids_capabilities_and_masks_are_those_of_the_caller() {
    let site = Site::new();
    site.compile("within", &[]);
    let mounted = "$T/psl-admin run --member m --engine mount --";
    for privileges in PRIVILEGES {
        for (show, told) in [
            ("setpriv --dump", "Capability bounding set: "),
            (
                "grep -E '^(Uid|Gid|Groups|Cap|NoNew|Sig[BIC]|Seccomp|Umask)' /proc/self/status",
                "SigBlk:\t0000000000000200\n",
            ),
        ] {
            let run = |how| {
                let script =
                    format!("exec setpriv {privileges} $T/within usr1-blocked {how} {show}");
                site.run(User::Root, &script)
            };
            let plain = run("");
            assert!(plain.code == 0 && plain.stdout.contains(told), "{plain:?}");
            assert_eq!(run(mounted), plain, "{privileges}");
        }
    }
}

#[test]
fn groups_that_a_user_namespace_cannot_name_count_all_the_same() {
    let site = Site::new();
    site.bench.write("new/group", "for the group");
    let script = "chgrp 65531 $T/new/group; chmod 640 $T/new/group
        exec setpriv --reuid 65534 --regid 65533 --groups 65531 \
        $T/psl-admin run --member m --engine mount -- cat $T/old/group";
    assert_eq!(site.run(User::Root, script).stdout, "for the group");
}

#[test]
fn the_command_becomes_the_process_with_its_arguments_and_status() {
    let site = Site::new();
    for user in USERS {
        let ran = site.run(
            user,
            "echo $$; exec $T/psl-admin run --member m --engine mount -- sh -c 'echo $$ $0 \"$@\"; exit 42' name 'a b' --help ''",
        );
        let (first, second) = ran.stdout.split_once('\n').unwrap();
        assert_eq!(second, format!("{first} name a b --help \n"), "{user:?}");
        assert_eq!((ran.code, ran.stderr.as_str()), (42, ""), "{user:?}");
    }
}

#[test]
fn a_script_without_an_interpreter_is_the_shells() {
    let site = Site::new();
    site.bench.write("script", "echo \"$0 $*\"; cat $1\n");
    site.bench.chmod("script", 0o755);
    assert_eq!(
        site.prints("PATH=$T:$PATH; mounted script $T/old/which"),
        "$T/script $T/old/which\nnew"
    );
}

#[test]
fn the_variables_of_the_instance_are_set_and_the_shim_is_taken_out() {
    let site = Site::new();
    let script = "unset LD_LIBRARY_PATH; export LD_PRELOAD=' /y/libpsl_shim.so:/usr/lib/a.so /opt/psl/libpsl_shim.so /b.so' LD_AUDIT=/x/libpsl_shim.so PSL_MEMBER=n PSL_SNAPSHOT=gx
        mounted sh -c 'env; readlink /proc/self/ns/mnt' 2>/dev/null";
    for user in USERS {
        let ran = site.run(user, script);
        let mut lines: Vec<_> = ran.stdout.lines().collect();
        let namespace = lines.pop().unwrap();
        let number = namespace.trim_start_matches("mnt:[").trim_end_matches(']');
        let snapshot = pinned(2, "m", Engine::Mount(number.parse().unwrap()));
        lines.retain(|line| line.starts_with("PSL_") || line.starts_with("LD_"));
        lines.sort();
        assert_eq!(
            lines,
            [
                "LD_PRELOAD=/usr/lib/a.so:/b.so",
                "PSL_CONFIG=$T/psl.toml",
                "PSL_MEMBER=m",
                &format!("PSL_SNAPSHOT={snapshot}"),
                "PSL_STORE=$T/store",
            ],
            "{user:?}"
        );
    }
    let alone = "LD_PRELOAD=/opt/psl/libpsl_shim.so mounted env | grep -c LD_PRELOAD || true";
    assert_eq!(site.run(User::Root, alone).stdout, "0\n");
}

#[test]
fn descriptors_are_inherited_and_directories_among_them_show_the_links() {
    let site = Site::new();
    assert_eq!(
        site.prints("mounted ls /proc/self/fd"),
        site.prints("ls /proc/self/fd")
    );
    let script = "exec 3< $T/old/which 4< $T 5< $T/old/sub 6< $T/old
        mounted sh -c 'cat <&3; cd /proc/self/fd; cat 4/old/which 5/which 6/which; cat 4/old/../new/which'";
    assert_eq!(site.prints(script), "oldnewnew subnewnew");

    let gone = site.refuses("exec 5< $T/old/only-old; mounted true");
    assert!(
        gone.contains("descriptor 5 is the directory \"$T/old/only-old\" as the host sees it")
            && gone.contains("5<&-"),
        "{gone}"
    );
    // What was removed shows nothing to anybody.
    let removed =
        "d=$(mktemp -d); exec 5< $d; rmdir $d; mounted cat /proc/self/fd/5/x 2>&1 || true";
    for user in USERS {
        let said = site.run(user, removed).stdout;
        assert!(said.ends_with("No such file or directory\n"), "{said}");
    }
}

#[test]
fn the_working_directory_is_entered_by_its_path() {
    let site = Site::new();
    for (script, printed) in [
        (
            "cd $T/old; mounted sh -c 'cat which; pwd -P'",
            "new$T/old\n",
        ),
        ("cd $T/old/sub; mounted cat which ../which", "new subnew"),
        ("cd $T/new/sub; mounted cat which ../which", "new subnew"),
        ("cd $T; mounted cat old/which", "new"),
        ("cd /proc; mounted pwd -P", "/proc\n"),
        ("cd /; mounted pwd", "/\n"),
        // The kernel keeps a directory that was removed, and so does the instance.
        (
            "d=$(mktemp -d); cd $d; rmdir $d; mounted cat $T/old/which",
            "new",
        ),
    ] {
        assert_eq!(site.prints(script), printed, "{script}");
    }
    for script in [
        "cd $T/old/only-old; mounted true",
        "cp -r $T/old/sub $T/old/only-old/gone; cd $T/old/only-old/gone; rm -r $T/old/only-old/gone; mounted true",
    ] {
        let ran = site.run(User::Root, script);
        assert_eq!(ran.code, 5, "{ran:?}");
        assert!(
            ran.stderr
                .starts_with("psl-admin: the working directory \"$T/old/only-old"),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains("such as \"/\""), "{}", ran.stderr);
    }
}

#[test]
fn a_command_that_cannot_be_executed_is_told_as_a_shell_does() {
    let site = Site::new();
    site.bench.write("plain", "");
    for (command, code, why) in [
        ("no-such-command", 127, "No such file or directory"),
        ("''", 127, "No such file or directory"),
        ("$T/missing", 127, "No such file or directory"),
        ("$T/old/only-old/file", 127, "No such file or directory"),
        ("$T/plain", 126, "Permission denied"),
        ("$T/old", 126, "Permission denied"),
        ("$T/plain/x", 126, "Not a directory"),
    ] {
        for user in USERS {
            let ran = site.run(user, &format!("mounted {command}"));
            let name = command.trim_matches('\'');
            let said = format!("psl-admin: cannot execute {name:?}: {why} (os error ");
            assert!(
                ran.code == code && ran.stdout.is_empty() && ran.stderr.starts_with(&said),
                "{command}, {user:?}: {ran:?}"
            );
        }
    }
}
