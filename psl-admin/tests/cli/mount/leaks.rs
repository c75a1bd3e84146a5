//! Nothing of an instance is left on the host, nor seen there while it runs.
use super::{Site, USERS, User};
use std::collections::BTreeSet;
use std::fs;

/// Runs a script in a namespace whose mounts all others would see that are made from it, and compares its mounts.
fn mounts_of_host(site: &Site, user: User, script: &str) -> [String; 2] {
    let change = match user {
        User::Root => "",
        User::Nobody => "setpriv --reuid 65534 --regid 65534 --clear-groups",
    };
    let script = format!(
        "exec unshare --mount --propagation shared sh -c '
            cat /proc/self/mountinfo; echo ---; {change} {script} 2>&1; echo ---; cat /proc/self/mountinfo'"
    );
    let ran = site.run(User::Root, &script);
    assert_eq!(ran.code, 0, "{ran:?}");
    let parts: Vec<_> = ran.stdout.split("---\n").collect();
    let [before, said, after] = parts[..] else {
        panic!("{ran:?}");
    };
    assert!(before.contains(" shared:"), "{before}");
    assert_eq!(before, after);
    [before.to_owned(), said.to_owned()]
}

fn files(site: &Site) -> BTreeSet<String> {
    let listed = fs::read_dir(site.bench.path("")).unwrap();
    let names = listed.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[test]
fn the_host_sees_no_mount_of_a_running_instance() {
    let site = Site::new();
    for user in USERS {
        let script = "$T/psl-admin run --member m --engine mount -- sh -c \"cat /proc/\\$PPID/mountinfo; cat $T/old/which\"";
        let [before, said] = mounts_of_host(&site, user, script);
        assert_eq!(said, format!("{before}new"), "{user:?}");
    }
}

#[test]
fn an_engine_that_is_killed_leaves_nothing() {
    let site = Site::with(
        "[[link]]\nfrom = '$T/old'\nto = '$T/new'\nmember = 'm'\n\
         [[link]]\nfrom = '$T/x'\nto = '$T/new/which'\nprivate = true\nmember = 'other'\n",
    );
    site.compile("within", &[]);
    site.bench.mkdir("cache");
    let before = files(&site);
    for (user, limit) in USERS.into_iter().flat_map(|user| {
        let limits = ["killed-at-bind", "killed-at-umount"];
        limits.map(|limit| (user, limit))
    }) {
        let how =
            format!("$T/within {limit} $T/psl-admin run --member m --engine mount -- echo ran");
        let [_, said] = mounts_of_host(&site, user, &how);
        assert!(said.contains("Bad system call"), "{user:?}: {said}");
        assert_eq!(site.run(user, "cat $T/old/which").stdout, "old");
    }
    assert_eq!(files(&site), before);
}

#[test]
fn nothing_that_the_host_mounts_later_covers_a_link() {
    let site = Site::with("[[link]]\nfrom = '$T/old/sub'\nto = '$T/new/sub'\nmember = 'm'\n");
    site.bench.mkdir("pipes");
    // The instance says that it runs; the host mounts something over the place; the instance looks again.
    let script = "exec unshare --mount --propagation shared sh -c '
        cd $T/pipes; mkfifo up down
        $T/psl-admin run --member m --engine mount -- sh -c \"echo > up; read line < down; cat $T/old/sub/which\" &
        read line < up; mount -t tmpfs tmpfs $T/old; mkdir $T/old/sub; echo later > $T/old/sub/which; echo > down; wait'";
    assert_eq!(site.run(User::Root, script).stdout, "new sub");
}

#[test]
fn a_place_that_the_host_renames_takes_its_mount_along() {
    let site = Site::new();
    site.bench.mkdir("pipes");
    let script = "cd $T/pipes; mkfifo up down
        $T/psl-admin run --member m --engine mount -- sh -c 'echo > up; read line < down; cat $T/old.1/which $T/old/which' &
        read line < up; mv $T/old $T/old.1; ln -s new $T/old; echo > down; wait";
    // What an upgrade puts in the place's stead leads to the target as well.
    assert_eq!(site.run(User::Root, script).stdout, "newnew");
}
